"""Check of `fit_ridge(features, y, alpha) -> weights`, the constant column unpenalised."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs


def cases(rng: torch.Generator) -> Iterator[Case]:
    """A line through three points by hand, then random problems on both sides of n = p."""
    by_hand = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    line = torch.tensor([1.0, 3.0, 5.0], dtype=torch.float64)
    yield _case("value", by_hand, line, 2.0, "by hand: least squares gives (1, 2), ridge (2, 1)")
    yield _case("value", *_problem(12, 4, rng), 0.5)
    yield _case("value", *_problem(30, 6, rng), 7.0)
    features, y = _problem(15, 3, rng)
    yield _case("constant", features, y + 50, 20.0, "y lies far from zero, alpha is large")
    yield _case("limits", features, y, 0.0, "alpha = 0: least squares")
    yield _case("limits", features, y, 1e11, "a huge alpha: only the mean of y is left")
    yield _case("wide", *_problem(5, 9, rng), 0.3, "more features than points")


def _problem(n: int, p: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    features = 1 + torch.randn(n, p, generator=rng, dtype=torch.float64)
    features[:, 0] = 1
    return features, 2 * torch.randn(n, generator=rng, dtype=torch.float64) - 3


def _case(name: str, features: Tensor, y: Tensor, alpha: float, note: str = "") -> Case:
    return Case(name, {"features": features, "y": y, "alpha": alpha}, note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the centred closed form: slopes from centred data, then the constant."""
    features, y, alpha = case.inputs.values()
    mean = features[:, 1:].mean(dim=0)
    centred = features[:, 1:] - mean
    gram = centred.T @ centred + alpha * torch.eye(len(mean), dtype=y.dtype)
    slopes = torch.linalg.solve(gram, centred.T @ (y - y.mean()))
    expected = torch.cat([(y.mean() - mean @ slopes).reshape(1), slopes])
    return differs(outputs, expected, what="the weights")


def _with_penalty(features: Tensor, y: Tensor, diagonal: Tensor) -> Tensor:
    gram = features.T @ features + torch.diag(diagonal)
    return torch.linalg.lstsq(gram, (features.T @ y).unsqueeze(1), driver="gelsd").solution[:, 0]


def _diagonal(features: Tensor, alpha: float) -> Tensor:
    diagonal = torch.full(features.shape[1:], float(alpha), dtype=features.dtype)
    diagonal[0] = 0
    return diagonal


@bug(
    "The weight of the constant column is penalised too, which pulls every prediction toward zero.",
    hint="Set the first entry of the penalty's diagonal to 0.",
)
def constant_penalised(features: Tensor, y: Tensor, alpha: float) -> Tensor:
    """The textbook formula with alpha on the whole diagonal."""
    return _with_penalty(features, y, torch.full_like(_diagonal(features, alpha), alpha))


@bug(
    "The penalty is n times too strong: the squared error is a sum here, not a mean.",
    hint="Add alpha to the diagonal of featuresᵀ @ features, with no n beside it.",
)
def alpha_times_n(features: Tensor, y: Tensor, alpha: float) -> Tensor:
    """The mean of the squares, and alpha as it is."""
    return _with_penalty(features, y, len(y) * _diagonal(features, alpha))


@bug(
    "The penalty is n times too weak: alpha was divided by the number of points.",
    hint="The objective is ‖features @ w − y‖² + alpha · ‖w[1:]‖²; n appears nowhere.",
)
def alpha_over_n(features: Tensor, y: Tensor, alpha: float) -> Tensor:
    """The penalty as a mean."""
    return _with_penalty(features, y, _diagonal(features, alpha) / len(y))


@bug(
    "These are the weights of ordinary least squares: alpha changes nothing.",
    hint="alpha belongs on the diagonal of featuresᵀ @ features.",
)
def alpha_ignored(features: Tensor, y: Tensor, alpha: float) -> Tensor:
    """Least squares."""
    return torch.linalg.lstsq(features, y.unsqueeze(1), driver="gelsd").solution[:, 0]


@bug(
    "The penalty has the wrong sign, so large weights are rewarded.",
    hint="Add alpha to the diagonal; do not subtract it.",
)
def alpha_subtracted(features: Tensor, y: Tensor, alpha: float) -> Tensor:
    """Minus alpha on the diagonal."""
    return _with_penalty(features, y, -_diagonal(features, alpha))


@bug(
    "The penalty is alpha², not alpha: made-up rows below the data are squared by least squares.",
    hint="Put √alpha into the made-up rows.",
)
def alpha_squared(features: Tensor, y: Tensor, alpha: float) -> Tensor:
    """Rows of alpha below the data."""
    return _with_penalty(features, y, _diagonal(features, alpha).square())


@bug(
    "The last weight goes unpenalised in place of the first.",
    hint="The constant is column 0: increasing powers, so x⁰ comes first.",
)
def last_unpenalised(features: Tensor, y: Tensor, alpha: float) -> Tensor:
    """The zero at the wrong end of the diagonal."""
    return _with_penalty(features, y, _diagonal(features, alpha).flip(0))


@bug(
    "The constant is set to the mean of y, which is right only where every feature has mean 0.",
    hint="Subtract the mean features times the slopes: mean(y) − mean(features[:, 1:]) @ slopes.",
)
def constant_is_mean_of_y(features: Tensor, y: Tensor, alpha: float) -> Tensor:
    """Slopes from centred data, but the constant is not moved back."""
    centred = features[:, 1:] - features[:, 1:].mean(dim=0)
    diagonal = torch.full(centred.shape[1:], float(alpha), dtype=y.dtype)
    slopes = _with_penalty(centred, y - y.mean(), diagonal)
    return torch.cat([y.mean().reshape(1), slopes])


CHECK = Check(
    id="ex1_overfitting/ridge",
    title="Ridge regression",
    references=("course_lib.overfitting.regularization.fit_ridge",),
    properties=(
        Property("value", 2, "the minimiser of the penalised squared error"),
        Property("constant", 1, "the constant column is not penalised"),
        Property("limits", 1, "least squares at alpha = 0, the mean of y at a huge alpha"),
        Property("wide", 1, "more features than points"),
    ),
    cases=cases,
    judge=judge,
    bugs=(
        constant_penalised,
        alpha_times_n,
        alpha_over_n,
        alpha_ignored,
        alpha_subtracted,
        alpha_squared,
        last_unpenalised,
        constant_is_mean_of_y,
    ),
    takeaway=(
        "With the constant left free, adding 50 to every y adds 50 to every prediction and changes "
        "no other weight: a unit of measurement should not decide how much is regularised."
    ),
)
