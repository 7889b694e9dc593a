"""Check of `fit_lasso(features, y, alpha, n_steps) -> weights` by proximal gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs

N_LIMIT = 300  # steps to arrive at 12 digits and more, with these features


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One step by hand, a few steps on random problems, then the limit."""
    by_hand = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    y = torch.tensor([1.0, 4.0], dtype=torch.float64)
    yield _case("steps", by_hand, y, 0.5, 1, "by hand: L = 1, the step gives (2.5, 1.5 − 0.5)")
    for n_steps in (1, 2, 7):
        yield _case("steps", *_problem(20, 5, rng), 0.4, n_steps)
    yield _case("start", *_problem(8, 3, rng), 0.3, 0, "no step: the weights it starts from")
    features, y = _problem(30, 4, rng)
    yield _case("constant", features, y + 20, 0.6, 25, "y lies far from zero")
    yield _case("limit", features, y, 0.3, N_LIMIT, "enough steps to arrive")
    yield _case("limit", features, y, 1e3, N_LIMIT, "a huge alpha: only the constant is left")


def _problem(n: int, p: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    features = torch.randn(n, p, generator=rng, dtype=torch.float64)
    features[:, 0] = 1
    weights = torch.tensor([2.0, -3.0, 0.1, 1.5, 0.0], dtype=torch.float64)[:p]
    noise = torch.randn(n, generator=rng, dtype=torch.float64)
    return features, features @ weights + 0.5 * noise


def _case(
    name: str, features: Tensor, y: Tensor, alpha: float, n_steps: int, note: str = ""
) -> Case:
    return Case(name, {"features": features, "y": y, "alpha": alpha, "n_steps": n_steps}, note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with scikit-learn in the limit, and with the steps written in numpy before it."""
    features, y, alpha, n_steps = case.inputs.values()
    if case.property == "limit":
        from sklearn.linear_model import Lasso  # two seconds, which only the judge has to spend

        fit = Lasso(alpha=alpha, tol=1e-14, max_iter=100_000).fit(
            features[:, 1:].numpy(), y.numpy()
        )
        expected = torch.tensor([fit.intercept_, *fit.coef_], dtype=torch.float64)
        if problem := differs(outputs, expected, atol=1e-6, what="the weights"):
            return problem
        alive = int(((outputs != 0) & (expected == 0)).sum())
        return f"{alive} weights that should be exactly 0 are only near it" if alive else None
    expected = torch.from_numpy(_steps(features.numpy(), y.numpy(), alpha, n_steps))
    return differs(outputs, expected, what="the weights")


def _steps(features: np.ndarray, y: np.ndarray, alpha: float, n_steps: int) -> np.ndarray:
    gram, target = features.T @ features / len(y), features.T @ y / len(y)
    step = 1 / np.linalg.eigvalsh(gram)[-1]
    weights = np.zeros(len(target))
    for _ in range(n_steps):
        moved = weights + step * (target - gram @ weights)
        weights = np.maximum(moved - step * alpha, 0) + np.minimum(moved + step * alpha, 0)
        weights[0] = moved[0]
    return weights


def _iterate(features: Tensor, y: Tensor, n_steps: int, shrink) -> Tensor:
    """Gradient steps, each followed by `shrink(moved, step)` of the penalised weights."""
    step = len(y) / torch.linalg.matrix_norm(features, ord=2) ** 2
    weights = torch.zeros(features.shape[1], dtype=features.dtype)
    for _ in range(n_steps):
        weights = weights - step * features.T @ (features @ weights - y) / len(y)
        weights = torch.cat([weights[:1], shrink(weights[1:], step)])
    return weights


def _soft(values: Tensor, threshold: float) -> Tensor:
    return values.sign() * (values.abs() - threshold).clamp(min=0)


@bug(
    "No weight is ever shrunk or set to zero: this is gradient descent for least squares.",
    hint="After each gradient step, move w[1:] toward zero by step · alpha, stopping at zero.",
)
def no_soft_threshold(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """The gradient step alone."""
    return _iterate(features, y, n_steps, lambda moved, step: moved)


@bug(
    "The constant's weight is shrunk as well, which pulls every prediction toward zero.",
    hint="Apply the soft threshold to w[1:] only.",
)
def constant_penalised(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """The threshold applied to all weights."""
    step = len(y) / torch.linalg.matrix_norm(features, ord=2) ** 2
    weights = torch.zeros(features.shape[1], dtype=features.dtype)
    for _ in range(n_steps):
        moved = weights - step * features.T @ (features @ weights - y) / len(y)
        weights = _soft(moved, step * alpha)
    return weights


@bug(
    "Each step shrinks by alpha itself, so the result depends on the step size.",
    hint="A step of length s moves by s times everything: the threshold is s · alpha.",
)
def threshold_without_step(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """Threshold alpha in place of alpha / L."""
    return _iterate(features, y, n_steps, lambda moved, step: _soft(moved, alpha))


@bug(
    "The squared error is a sum here, not a mean, so the penalty is n times too weak.",
    hint="Divide featuresᵀ @ (features @ w − y) by n, and take L from featuresᵀ @ features / n.",
)
def sum_of_squares(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """Gradient and L both without 1/n."""
    shrink = lambda moved, step: _soft(moved, step * alpha / len(y))  # noqa: E731
    return _iterate(features, y, n_steps, shrink)


@bug(
    "Small weights are cut to zero, but the others keep their size: a hard threshold.",
    hint="Weights beyond the threshold also move toward zero by step · alpha.",
)
def hard_threshold(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """Zero below the threshold, unchanged above."""
    shrink = lambda moved, step: moved * (moved.abs() > step * alpha)  # noqa: E731
    return _iterate(features, y, n_steps, shrink)


@bug(
    "The threshold is right for positive weights only: all negative ones are set to zero.",
    hint="sign(w) · max(|w| − step · alpha, 0) treats both sides alike.",
)
def negatives_lost(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """max(w − threshold, 0)."""
    shrink = lambda moved, step: (moved - step * alpha).clamp(min=0)  # noqa: E731
    return _iterate(features, y, n_steps, shrink)


@bug(
    "alpha · sign(w) is taken as a gradient, so weights jump over zero and never rest on it.",
    hint="Make the gradient step for the squared error alone; the soft threshold does the rest.",
)
def subgradient(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """Subgradient descent."""
    step = len(y) / torch.linalg.matrix_norm(features, ord=2) ** 2
    weights = torch.zeros(features.shape[1], dtype=features.dtype)
    for _ in range(n_steps):
        pull = alpha * weights.sign()
        pull[0] = 0
        weights = weights - step * (features.T @ (features @ weights - y) / len(y) + pull)
    return weights


@bug(
    "The weights are shrunk before the gradient step, so the ones returned are not thresholded.",
    hint="Gradient step first, soft threshold after it.",
)
def threshold_first(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """The two halves of a step in the other order."""
    step = len(y) / torch.linalg.matrix_norm(features, ord=2) ** 2
    weights = torch.zeros(features.shape[1], dtype=features.dtype)
    for _ in range(n_steps):
        weights = torch.cat([weights[:1], _soft(weights[1:], step * alpha)])
        weights = weights - step * features.T @ (features @ weights - y) / len(y)
    return weights


@bug(
    "One step too few is made.",
    hint="range(n_steps) makes n_steps steps; range(1, n_steps) makes one less.",
)
def one_step_short(features: Tensor, y: Tensor, alpha: float, n_steps: int) -> Tensor:
    """The right step, n_steps − 1 times."""
    return _iterate(features, y, n_steps - 1, lambda moved, step: _soft(moved, step * alpha))


CHECK = Check(
    id="ex1_overfitting/lasso",
    title="The lasso by proximal gradient",
    references=("course_lib.overfitting.regularization.fit_lasso",),
    properties=(
        Property("steps", 2, "each step: a gradient step, then the soft threshold"),
        Property("start", 1, "starts from zero"),
        Property("constant", 1, "the constant column is not penalised"),
        Property("limit", 2, "arrives at the lasso's weights, zeros exact"),
    ),
    cases=cases,
    judge=judge,
    bugs=(
        no_soft_threshold,
        constant_penalised,
        threshold_without_step,
        sum_of_squares,
        hard_threshold,
        negatives_lost,
        subgradient,
        threshold_first,
        one_step_short,
    ),
    takeaway=(
        "The zeros are exact, not small: a weight stays at zero until its gradient exceeds alpha. "
        "That corner in |w| is why the lasso selects features and ridge does not."
    ),
)
