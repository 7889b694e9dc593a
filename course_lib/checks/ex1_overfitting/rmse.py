"""Check of `rmse(predicted, observed) -> scalar`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Hand-worked numbers first, then random ones, then the shapes that invite broadcasting."""
    yield _case("value", [1.0, 2.0], [1.0, 4.0], "by hand: √((0² + 2²) / 2) = √2")
    yield _case("value", [2.0], [5.0], "one point")
    yield _case("value", [0.0, 0.0, 0.0, 0.0], [1.0, -1.0, 3.0, -3.0])
    yield _case("value", *torch.randn(2, 30, generator=rng, dtype=torch.float64))
    yield _case("zero", [1.5, -2.0, 7.0], [1.5, -2.0, 7.0], "a perfect prediction")
    perfect = torch.randn(9, generator=rng, dtype=torch.float64)
    yield _case("zero", perfect, perfect.clone())
    column = torch.randn(5, 1, generator=rng, dtype=torch.float64)
    observed = torch.randn(5, generator=rng, dtype=torch.float64)
    yield _case("column", column, observed, "predicted as a column, shape (n, 1)")


def _case(name: str, predicted: Plain, observed: Plain, note: str = "") -> Case:
    tensors = [torch.as_tensor(values, dtype=torch.float64) for values in (predicted, observed)]
    return Case(name, dict(zip(("predicted", "observed"), tensors, strict=True)), note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch's own mean squared error of the flattened values."""
    predicted, observed = (case.inputs[name].flatten() for name in ("predicted", "observed"))
    return differs(outputs, torch.nn.functional.mse_loss(predicted, observed).sqrt())


@bug(
    "The mean of the squares is returned without its square root.",
    hint="Take the root at the end: the error then has the unit of y.",
)
def no_root(predicted: Tensor, observed: Tensor) -> Tensor:
    """Mean squared error."""
    return (predicted.flatten() - observed.flatten()).square().mean()


@bug(
    "A column of shape (n, 1) minus a row of shape (n,) broadcasts to n × n differences.",
    hint="Flatten both before you subtract, and look at the shape of the difference.",
)
def broadcast(predicted: Tensor, observed: Tensor) -> Tensor:
    """The right formula on the wrong shape."""
    return (predicted - observed).square().mean().sqrt()


@bug(
    "This is the mean of the absolute differences; large errors should weigh more.",
    hint="Square the differences, take their mean, then the root.",
)
def mean_absolute(predicted: Tensor, observed: Tensor) -> Tensor:
    """Mean absolute error."""
    return (predicted.flatten() - observed.flatten()).abs().mean()


@bug(
    "The squares are summed, so the error grows with the number of points.",
    hint="Divide the sum of squares by n before taking the root.",
)
def summed(predicted: Tensor, observed: Tensor) -> Tensor:
    """Root of the sum of squares."""
    return (predicted.flatten() - observed.flatten()).square().sum().sqrt()


@bug(
    "The root of the sum is divided by n, so the error shrinks as points are added.",
    hint="Divide by n inside the root: sqrt(sum / n).",
)
def root_of_sum_over_n(predicted: Tensor, observed: Tensor) -> Tensor:
    """Root of the sum, then divided by n."""
    difference = predicted.flatten() - observed.flatten()
    return difference.square().sum().sqrt() / difference.numel()


@bug(
    "The differences are averaged before they are squared, so errors of opposite sign cancel.",
    hint="Square first, average second.",
)
def mean_before_square(predicted: Tensor, observed: Tensor) -> Tensor:
    """Absolute value of the mean difference."""
    return (predicted.flatten() - observed.flatten()).mean().square().sqrt()


CHECK = Check(
    id="ex1_overfitting/rmse",
    title="Root-mean-square error",
    references=("course_lib.overfitting.polynomial.rmse",),
    properties=(
        Property("value", 2, "the root of the mean squared difference"),
        Property("zero", 1, "zero for a perfect prediction"),
        Property("column", 1, "the same for predictions given as a column"),
    ),
    cases=cases,
    judge=judge,
    bugs=(
        no_root,
        mean_absolute,
        summed,
        root_of_sum_over_n,
        mean_before_square,
        broadcast,
    ),
    takeaway="An error in the unit of y can be laid beside the data: 0.3 here means 0.3 there.",
)
