"""Check of `bias_variance(predictions, true_mean) -> (bias_squared, variance)`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs, kind_of


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Hand-worked numbers, errors that cancel, a single data set, and random fits."""
    by_hand = [[1.0, 2.0], [3.0, 4.0]], [1.0, 5.0]
    cancelling = [[2.0, 0.0, 3.0], [4.0, 0.0, 1.0]], [2.0, 1.0, 2.0]
    shape = (40, 12)
    fits = torch.randn(shape, generator=rng, dtype=torch.float64).cumsum(dim=1)
    truth = torch.randn(shape[1], generator=rng, dtype=torch.float64)
    for name in ("bias-squared", "variance"):
        yield _case(name, *by_hand, "by hand: the average fit is 2, 3; bias² 2.5, variance 1")
        yield _case(name, *cancelling, "biases of opposite sign: +1, −1 and 0")
        yield _case(name, fits, truth)
        yield _case(name, fits[:12] + 3.0, truth, "as many data sets as points")
    yield _case("one-data-set", [[1.0, 4.0]], [0.0, 2.0], "one fit does not vary")


def _case(name: str, predictions: Plain, true_mean: Plain, note: str = "") -> Case:
    tensors = [torch.as_tensor(values, dtype=torch.float64) for values in (predictions, true_mean)]
    return Case(name, dict(zip(("predictions", "true_mean"), tensors, strict=True)), note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare the part that the property is about with a sum over single numbers."""
    if isinstance(outputs, Tensor) and outputs.shape == (2,):  # unpacks like a pair
        outputs = list(outputs)
    if not isinstance(outputs, list | tuple) or len(outputs) != 2:
        return f"expected two numbers, bias_squared and variance, got {kind_of(outputs)}"
    expected = _by_definition(*(tensor.tolist() for tensor in case.inputs.values()))
    for name, got, value in zip(("bias-squared", "variance"), outputs, expected, strict=True):
        asked = case.property in (name, "one-data-set")
        if asked and (problem := differs(got, value, what=name.replace("-", "_"))):
            return problem
    return None


def _by_definition(predictions: list[list[float]], true_mean: list[float]) -> tuple[float, float]:
    n, bias_squared, variance = len(true_mean), 0.0, 0.0
    for column, truth in zip(zip(*predictions, strict=True), true_mean, strict=True):
        average = sum(column) / len(column)
        bias_squared += (average - truth) ** 2 / n
        variance += sum((value - average) ** 2 for value in column) / len(column) / n
    return bias_squared, variance


def _bias_squared(predictions: Tensor, true_mean: Tensor) -> Tensor:
    return (predictions.mean(dim=0) - true_mean).square().mean()


def _variance(predictions: Tensor) -> Tensor:
    return predictions.var(dim=0, correction=0).mean()


@bug(
    "The bias is averaged unsquared: a fit too high here and too low there looks unbiased.",
    hint="Square the bias of each point before you average over the points.",
)
def bias_not_squared(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Mean bias, with its sign."""
    return (predictions.mean(dim=0) - true_mean).mean(), _variance(predictions)


@bug(
    "The bias enters by its absolute value instead of its square, so the terms no longer add up.",
    hint="Use .square(): the decomposition is one of squared error.",
)
def bias_absolute(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Mean absolute bias."""
    return (predictions.mean(dim=0) - true_mean).abs().mean(), _variance(predictions)


@bug(
    "The bias is averaged over the points before it is squared, so opposite signs cancel.",
    hint="Square first, then average over the points.",
)
def bias_averaged_before_squaring(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Square of the mean bias."""
    return (predictions.mean(dim=0) - true_mean).mean().square(), _variance(predictions)


@bug(
    "Each fit's error is squared before the fits are averaged: that is bias² and variance in one.",
    hint="Average the predictions over the data sets first, then compare with the truth.",
)
def whole_error_as_bias(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Mean squared error in place of bias²."""
    return (predictions - true_mean).square().mean(), _variance(predictions)


@bug(
    "The variance is taken along each fit, over the points: it measures how much the curve bends.",
    hint="Axis 0 counts data sets: use dim=0 for the variance, then average over the points.",
)
def variance_over_points(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Variance over the wrong axis."""
    return _bias_squared(predictions, true_mean), predictions.var(dim=1, correction=0).mean()


@bug(
    "The variance is that of all predictions thrown together, over points and data sets at once.",
    hint="Take the variance over the data sets (dim=0) at each point, then average.",
)
def variance_of_everything(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Variance over both axes."""
    return _bias_squared(predictions, true_mean), predictions.var(correction=0)


@bug(
    "The variance divides by datasets − 1 (torch's default), so bias² + variance misses the error.",
    hint="Pass correction=0 to .var, or average the squared differences yourself.",
)
def divided_by_one_less(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Sample variance."""
    return _bias_squared(predictions, true_mean), predictions.var(dim=0).mean()


@bug(
    "This is the standard deviation; the decomposition needs its square.",
    hint="Use .var, or square what .std gives, before averaging over the points.",
)
def standard_deviation(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Mean standard deviation."""
    return _bias_squared(predictions, true_mean), predictions.std(dim=0, correction=0).mean()


@bug(
    "The spread is measured around the truth, so the variance contains the bias as well.",
    hint="Subtract the average prediction of the fits, not true_mean.",
)
def variance_around_the_truth(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Mean squared error in place of variance."""
    return _bias_squared(predictions, true_mean), (predictions - true_mean).square().mean()


@bug(
    "The two results come back in the wrong order.",
    hint="Return bias_squared first, variance second.",
)
def exchanged(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Variance first."""
    return _variance(predictions), _bias_squared(predictions, true_mean)


@bug(
    "The points are summed up, so both numbers grow with the number of points.",
    hint="Use .mean() over the points instead of .sum().",
)
def summed_over_points(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Sums where means are asked for."""
    bias = predictions.mean(dim=0) - true_mean
    return bias.square().sum(), predictions.var(dim=0, correction=0).sum()


@bug(
    "One value per point comes back; the average over the points is missing.",
    hint="Finish with .mean() for both.",
)
def one_value_per_point(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Tensors of shape (n,)."""
    bias = predictions.mean(dim=0) - true_mean
    return bias.square(), predictions.var(dim=0, correction=0)


@bug(
    "The average fit is taken over the points (dim=1) instead of over the data sets.",
    hint="predictions[d, i] belongs to data set d and point i: average over dim=0.",
)
def averaged_over_points(predictions: Tensor, true_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Both over the wrong axis."""
    bias = predictions.mean(dim=1) - true_mean
    return bias.square().mean(), predictions.var(dim=1, correction=0).mean()


CHECK = Check(
    id="ex1_overfitting/bias-variance",
    title="Bias and variance",
    references=("course_lib.overfitting.bias_variance.bias_variance",),
    properties=(
        Property("bias-squared", 2, "squared distance of the average fit from the truth"),
        Property("variance", 2, "spread of the fits around their average"),
        Property("one-data-set", 1, "a single data set has no variance"),
    ),
    cases=cases,
    judge=judge,
    bugs=(
        bias_not_squared,
        bias_absolute,
        bias_averaged_before_squaring,
        whole_error_as_bias,
        variance_over_points,
        variance_of_everything,
        divided_by_one_less,
        standard_deviation,
        variance_around_the_truth,
        exchanged,
        summed_over_points,
        one_value_per_point,
        averaged_over_points,
    ),
    takeaway=(
        "Because you divide by the number of data sets, bias² + variance equals the mean squared "
        "distance to the truth exactly, for any fits whatever."
    ),
)
