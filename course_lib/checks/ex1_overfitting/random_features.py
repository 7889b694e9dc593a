"""Check of `random_relu_features(x, directions)` and `min_norm_fit(features, y)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.base import Bug, Case, Check, Plain, Property
from course_lib.checks.compare import differs

Pair = tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Features by hand, then fits on both sides of n = p, then the two together."""
    x = _tensor([[1, 2], [-1, 1]])
    yield _features(x, _tensor([[1, 0, -1], [1, -1, 1]]), "by hand: [[3, 0, 1], [0, 0, 2]]")
    yield _features(_random(6, 4, rng), _random(4, 9, rng))
    line, target = _tensor([[3, 4, 0]]), _tensor([5])
    yield _fit("wide", line, target, "by hand: one point, so w = (0.6, 0.8, 0)")
    wide = _tensor([[1, 0, 1, 2], [0, 1, 1, 0]])
    yield _fit("wide", wide, _tensor([1, 2]), "two points, four features")
    weak = _tensor([[1, 0, 0], [0, 0.001, 0]])
    yield _fit("wide", weak, _tensor([1, 1]), "a weak feature: w = (1, 1000, 0)")
    yield _fit("wide", 3 * _random(8, 20, rng), _random(8, 1, rng).flatten())
    yield _fit(
        "tall", _tensor([[1, 0], [0, 1], [1, 1]]), _tensor([1, 2, 4]), "more points than features"
    )
    yield _fit("tall", 3 * _random(20, 6, rng), _random(20, 1, rng).flatten())
    yield _fit("targets", 2 * _random(5, 12, rng), _random(5, 3, rng), "three columns of targets")
    yield _fit("dependent", _tensor([[1, 1, 0], [2, 2, 0], [0, 0, 0]]), _tensor([1, 2, 0]),
               "two equal features, one that never fires")  # fmt: skip
    yield _fit("dependent", _tensor([[1, 2, 0], [1, 2, 0]]), _tensor([1, 3]), "two equal rows")


def _tensor(values: list) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _random(n: int, p: int, rng: torch.Generator) -> Tensor:
    return torch.randn(n, p, generator=rng, dtype=torch.float64)


def _features(x: Tensor, directions: Tensor, note: str = "") -> Case:
    return Case("features", {"x": x, "directions": directions}, note)


def _fit(name: str, features: Tensor, y: Tensor, note: str = "") -> Case:
    return Case(name, {"features": features, "y": y}, note)


def run(implementation: Pair, case: Case) -> Plain:
    """Call the function that the case is about."""
    random_relu_features, min_norm_fit = implementation
    called = random_relu_features if case.property == "features" else min_norm_fit
    return called(*case.inputs.values())


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with numpy: the formula for the features, LAPACK's gelsd for the fit."""
    one, other = (value.numpy() for value in case.inputs.values())
    if case.property == "features":
        return differs(outputs, torch.from_numpy(np.maximum(one @ other, 0)), what="the features")
    expected = torch.from_numpy(np.linalg.lstsq(one, other, rcond=None)[0])
    return differs(outputs, expected, what="the weights")


def _relu(x: Tensor, directions: Tensor) -> Tensor:
    return (x @ directions).relu()


def _pinv(features: Tensor, y: Tensor) -> Tensor:
    return torch.linalg.pinv(features) @ y


def _gram(features: Tensor, ridge: float = 0.0) -> Tensor:
    return features.T @ features + ridge * torch.eye(features.shape[1], dtype=features.dtype)


def _kernel_side(features: Tensor, y: Tensor) -> Tensor:
    return features.T @ torch.linalg.solve(features @ features.T, y)


def _basic_solution(features: Tensor, y: Tensor) -> Tensor:
    n, p = features.shape
    if p <= n:
        return _pinv(features, y)
    first = torch.linalg.solve(features[:, :n], y)
    return torch.cat([first, first.new_zeros(p - n, *y.shape[1:])])


def _each_row_alone(features: Tensor, y: Tensor) -> Tensor:
    return features.T @ (y.T / features.square().sum(dim=1)).T


def _wrong_features(name: str, wrong: Callable, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (wrong, _pinv))


def _wrong_fit(name: str, wrong: Callable, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (_relu, wrong))


BUGS = (
    _wrong_features(
        "no-relu",
        lambda x, directions: x @ directions,
        "Negative values are left: without the ReLU these features are linear in x.",
        "Set negative entries of x @ directions to 0.",
    ),
    _wrong_features(
        "absolute-value",
        lambda x, directions: (x @ directions).abs(),
        "Negative values are mirrored, not set to zero.",
        "relu(z) = max(0, z).",
    ),
    _wrong_features(
        "step-function",
        lambda x, directions: (x @ directions > 0).to(x.dtype),
        "Each feature says only whether x @ direction is positive, not how large it is.",
        "Keep x @ directions where it is positive; a comparison alone gives 0 and 1.",
    ),
    _wrong_features(
        "scaled-by-root-p",
        lambda x, directions: _relu(x, directions) / directions.shape[1] ** 0.5,
        "The features are divided by √p; asked is relu(x @ directions) as it is.",
        "Leave out the scale: it would make the weights of two models hard to compare.",
    ),
    _wrong_features(
        "constant-column",
        lambda x, directions: torch.cat([torch.ones_like(x[:, :1]), _relu(x, directions)], dim=1),
        "A column of ones has been added, so there are p + 1 features.",
        "Return exactly one column for each direction.",
    ),
    _wrong_fit(
        "ridge-left-in",
        lambda features, y: torch.linalg.solve(_gram(features, 1e-3), features.T @ y),
        "A small ridge penalty is left in: the weights are too short and no point is fitted.",
        "Use the pseudo-inverse, the limit of ridge as alpha goes to 0.",
    ),
    _wrong_fit(
        "wrong-side-inverted",
        lambda features, y: torch.linalg.inv(_gram(features)) @ features.T @ y,
        "featuresᵀ @ features is inverted, but with fewer points than features it has no inverse.",
        "Take the pseudo-inverse of the features themselves: torch.linalg.pinv(features) @ y.",
    ),
    _wrong_fit(
        "wrong-side-solved",
        lambda features, y: torch.linalg.solve(_gram(features), features.T @ y),
        "The normal equations are solved, but with fewer points than features they are singular.",
        "Ask for the shortest exact fit: torch.linalg.pinv(features) @ y, on both sides of n = p.",
    ),
    _wrong_fit(
        "kernel-side-only",
        _kernel_side,
        "The solve uses features @ featuresᵀ, singular when there are more points than features.",
        "With n > p least squares is asked: torch.linalg.pinv(features) @ y does it for every n.",
    ),
    _wrong_fit(
        "not-the-shortest",
        _basic_solution,
        "The data are fitted, but with the first n features only: shorter weights fit as well.",
        "Of all exact fits take the one of least norm: features⁺ @ y.",
    ),
    _wrong_fit(
        "weak-directions-cut",
        lambda features, y: torch.linalg.pinv(features, rtol=1e-2) @ y,
        "Directions in which the features are a hundred times weaker are left out of the fit.",
        "Leave the pseudo-inverse its own tolerance: only what is 0 up to rounding may go.",
    ),
    _wrong_fit(
        "rows-fitted-one-by-one",
        _each_row_alone,
        "Each point is fitted as if it were the only one, and the weights are added up.",
        "The points share the weights: divide by features @ featuresᵀ as a matrix.",
    ),
)

CHECK = Check(
    id="ex1_overfitting/random-features",
    title="Random features and the minimum-norm fit",
    references=(
        "course_lib.overfitting.double_descent.random_relu_features",
        "course_lib.overfitting.double_descent.min_norm_fit",
    ),
    properties=(
        Property("features", 1, "relu(x @ directions), nothing added or rescaled"),
        Property("wide", 2, "more features than points: the shortest exact fit"),
        Property("tall", 1, "more points than features: least squares"),
        Property("targets", 1, "several targets at once"),
        Property("dependent", 1, "features or points that depend on each other"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "One formula on both sides of n = p, and nothing in it says which of the exact fits is a "
        "good one: that the shortest often is, is the surprise of this chapter."
    ),
)
