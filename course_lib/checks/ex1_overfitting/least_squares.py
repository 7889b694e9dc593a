"""Check of `fit_least_squares(features, y, rcond=1e-10) -> weights`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import scipy.linalg
import torch
from torch import Tensor

from course_lib.checks.base import Bug, Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs, kind_of

DEFAULT = 1e-10  # rcond where the caller names none
WIDE = 0.5  # an rcond which leaves nothing to rounding
HUGE = 1e3  # times the right length: rounding errors were inverted


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One solution, several solutions, columns that are nearly alike, and the rank rule itself."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    yield _case("unique", [[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0], "the line 1 + 2x")
    yield _case("unique", [[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [0.0, 2.0, 1.0], "by hand: ½ + ½x")
    yield _case("unique", normal(30, 4), normal(30))
    yield _case("minimum-norm", [[1.0, 1.0]], [2.0], "one equation: the shortest is 1, 1")
    yield _case("minimum-norm", [[3.0, 4.0], [6.0, 8.0]], [5.0, 10.0], "one column repeats another")
    yield _case("minimum-norm", normal(5, 12), normal(5), "fewer points than weights")
    twice = normal(8, 3)
    yield _case("minimum-norm", torch.cat([twice, twice], dim=1), normal(8), "every column twice")
    x = torch.linspace(0, 1, 30, dtype=torch.float64)
    known = 1.0 + torch.rand(10, generator=rng, dtype=torch.float64)
    powers = torch.vander(x, N=10, increasing=True)
    yield _case("accuracy", powers, powers @ known, "degree 9, and y lies on the curve exactly")
    left, right = (torch.linalg.qr(normal(size, 3)).Q for size in (6, 4))
    singular = torch.tensor([1.0, 0.1, 1e-12], dtype=torch.float64)
    small = left * singular @ right.T
    note = "singular values 1, 0.1 and 1e-12"
    yield _case("rank-rule", small, normal(6), note)
    yield _case("rank-rule", small, normal(6), note + "; called without rcond", rcond=None)
    yield _case("rank-rule", small, normal(6), note, rcond=WIDE)
    yield _case("rank-rule", normal(6, 3) * 1e-11, normal(6), "small numbers, none negligible")
    sine = torch.sin(6 * x) + 0.2 * normal(30)
    degree_30 = torch.vander(x, N=31, increasing=True)
    yield _case("rank-rule", degree_30, sine, "degree 30 through 30 points: compared by its curve")


def _case(
    name: str, features: Plain, y: Plain, note: str = "", rcond: float | None = DEFAULT
) -> Case:
    features, y = (torch.as_tensor(values, dtype=torch.float64) for values in (features, y))
    inputs = {"features": features, "y": y}
    return Case(name, inputs if rcond is None else {**inputs, "rcond": rcond}, note)


def _problem(case: Case) -> tuple[Tensor, Tensor, float]:
    """The features, the y, and the rcond that holds where none is passed."""
    return case.inputs["features"], case.inputs["y"], case.inputs.get("rcond", DEFAULT)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare weights with the truncated singular value decomposition; at degree 30, the curves."""
    features, y, rcond = _problem(case)
    expected = _truncated(features, y, lambda values: rcond * values.max())
    if case.property == "accuracy":  # condition number 10⁷: half of the 16 digits must survive
        return differs(outputs, expected, rtol=1e-5, what="the weights")
    if features.shape[1] < 31:
        return differs(outputs, expected, what="the weights")
    if not isinstance(outputs, Tensor) or outputs.shape != expected.shape:
        return f"expected a tensor of shape {tuple(expected.shape)}, got {kind_of(outputs)}"
    return differs(
        features @ outputs.double(), features @ expected, atol=1e-5, what="the fitted curve"
    )


def symptoms(case: Case, outputs: Plain) -> Plain:
    """The weights where the inputs decide them; sizes alone where rounding does."""
    if judge(case, outputs) is None:
        return "right"
    features, y, rcond = _problem(case)
    expected = _truncated(features, y, lambda values: rcond * values.max())
    if not isinstance(outputs, Tensor) or outputs.shape != expected.shape:
        return outputs
    outputs = outputs.double()
    ratio = (outputs.norm() / expected.norm()).item()
    if not ratio < HUGE:
        return "nothing but rounding error"
    if rcond == WIDE and _lies_along_a_column(features.T @ features, outputs):
        return "one column of the features in place of a singular vector"
    if case.property in ("unique", "minimum-norm") or rcond == WIDE:
        return outputs
    return "far too long" if ratio > 30 else "wrong"


def _lies_along_a_column(matrix: Tensor, weights: Tensor) -> bool:
    cosines = weights @ matrix / (weights.norm() * matrix.norm(dim=0))
    return bool((cosines.abs() > 1 - 1e-12).any())


def _truncated(features: Tensor, y: Tensor, cutoff: Callable[[Tensor], Tensor | float]) -> Tensor:
    left, values, right = torch.linalg.svd(features, full_matrices=False)
    inverse = torch.where(values > cutoff(values), 1 / values, 0.0)
    return right.T @ (inverse * (left.T @ y))


@bug(
    "ΦᵀΦ is inverted, which has no inverse when columns are alike or too many.",
    hint="Use torch.linalg.lstsq with driver='gelsd', or torch.linalg.pinv, on the features.",
)
def normal_equations_inverted(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """(ΦᵀΦ)⁻¹ Φᵀy"""
    return torch.linalg.inv(features.T @ features) @ features.T @ y


@bug(
    "The normal equations are solved: ΦᵀΦ squares the singular values, which costs half the "
    "digits, and has no inverse when columns are alike or too many.",
    hint="Hand the features themselves to torch.linalg.lstsq with driver='gelsd'.",
)
def normal_equations_solved(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """Solves ΦᵀΦ w = Φᵀy."""
    return torch.linalg.solve(features.T @ features, features.T @ y)


@bug(
    "The pseudo-inverse is taken of ΦᵀΦ; its singular values are squared, half the digits lost.",
    hint="Take it of the features: torch.linalg.pinv(features, rtol=rcond) @ y.",
)
def pseudo_inverse_of_the_square(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """(ΦᵀΦ)⁺ Φᵀy"""
    return torch.linalg.pinv(features.T @ features) @ features.T @ y


@bug(
    "rcond is not used, so singular values that are only rounding error are inverted as well.",
    hint="Hand it on: lstsq takes rcond=rcond, pinv takes rtol=rcond.",
)
def rcond_ignored(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """Cuts off at the machine's precision."""
    return torch.linalg.lstsq(features, y.unsqueeze(-1), driver="gelsd").solution.squeeze(-1)


@bug(
    "lstsq runs with its default driver, which judges the rank by a QR factorisation: near the "
    "threshold it keeps other directions than the singular values do.",
    hint='Pass `driver="gelsd"`: that one works through the singular values.',
)
def default_driver(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """The driver gelsy, from scipy: torch's own starts from pivots that differ from run to run."""
    fit = scipy.linalg.lstsq(features.numpy(), y.numpy(), cond=rcond, lapack_driver="gelsy")
    return torch.from_numpy(fit[0])


@bug(
    "The fit is computed in float32, whose 7 digits cannot tell a small singular value from zero.",
    hint="Leave the tensors in float64 from the features to the weights.",
)
def float32_inside(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """Half the digits."""
    return (torch.linalg.pinv(features.float(), rtol=rcond) @ y.float()).to(y.dtype)


@bug(
    "Every singular value is inverted, zeros and rounding error included.",
    hint="Invert those above rcond times the largest, and put 0 in place of the others.",
)
def every_singular_value_inverted(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """No cut-off at all."""
    left, values, right = torch.linalg.svd(features, full_matrices=False)
    return right.T @ (left.T @ y / values)


@bug(
    "rcond is used as an absolute threshold, so features in small units are taken for nothing.",
    hint="Compare the singular values with rcond times the largest of them.",
)
def rcond_absolute(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """Cuts off at rcond itself."""
    return _truncated(features, y, lambda values: rcond)


@bug(
    "Of the many solutions this takes one with zeros for the surplus weights, not the shortest.",
    hint="The pseudo-inverse gives the shortest: torch.linalg.pinv, or lstsq with 'gelsd'.",
)
def surplus_weights_zero(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """A basic solution: independent columns, from the left."""
    chosen: list[int] = []
    for k in range(features.shape[1]):
        if torch.linalg.matrix_rank(features[:, [*chosen, k]], rtol=rcond) > len(chosen):
            chosen.append(k)
    weights = torch.zeros(features.shape[1], dtype=features.dtype)
    weights[chosen] = torch.linalg.pinv(features[:, chosen]) @ y
    return weights


def _ridge(name: str, strength: float, about: str) -> Bug:
    def ridge(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
        p = features.shape[1]
        gram = features.T @ features + strength * torch.eye(p, dtype=features.dtype)
        return torch.linalg.solve(gram, features.T @ y)

    return Bug(
        name,
        f"A multiple of the identity, about {about}, is added to ΦᵀΦ: that is ridge "
        "regression, which shrinks the weights.",
        "Leave the matrix as it is; the pseudo-inverse needs no help to exist.",
        ridge,
    )


@bug(
    "The weights come back as a column of shape (p, 1).",
    hint="lstsq wants y as a column; take the column off again with .squeeze(-1).",
)
def column(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """Shape (p, 1)."""
    return torch.linalg.pinv(features, rtol=rcond) @ y.unsqueeze(-1)


@bug(
    "The fitted values come back instead of the weights.",
    hint="Return the weights; multiplying by the features is the caller's business.",
)
def fitted_values(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """Features times weights."""
    return features @ (torch.linalg.pinv(features, rtol=rcond) @ y)


@bug(
    "Φᵀy alone is right only for columns of length 1 at right angles to each other.",
    hint="Multiply y by the pseudo-inverse of the features, not by their transpose.",
)
def transpose_only(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """Φᵀy"""
    return features.T @ y


@bug(
    "A column of ones is added; the features have their constant column already.",
    hint="Fit the features as they come.",
)
def constant_added(features: Tensor, y: Tensor, rcond: float = 1e-10) -> Tensor:
    """One weight too many."""
    ones = torch.ones(len(features), 1, dtype=features.dtype)
    return torch.linalg.pinv(torch.cat([ones, features], dim=1), rtol=rcond) @ y


CHECK = Check(
    id="ex1_overfitting/least-squares",
    title="Least squares",
    references=("course_lib.overfitting.polynomial.fit_least_squares",),
    properties=(
        Property("unique", 2, "the best weights where there is one answer"),
        Property("minimum-norm", 2, "the shortest of many answers"),
        Property("accuracy", 1, "right to half the digits on nearly parallel columns"),
        Property("rank-rule", 1, "singular values below rcond times the largest count as zero"),
    ),
    cases=cases,
    judge=judge,
    symptoms=symptoms,
    bugs=(
        normal_equations_inverted,
        normal_equations_solved,
        pseudo_inverse_of_the_square,
        surplus_weights_zero,
        rcond_ignored,
        default_driver,
        float32_inside,
        every_singular_value_inverted,
        rcond_absolute,
        _ridge("ridge-left-in", 1e-3, "0.001"),
        _ridge("tiny-ridge-left-in", 1e-8, "10⁻⁸"),
        column,
        fitted_values,
        transpose_only,
        constant_added,
    ),
    takeaway=(
        "One function now fits 2 weights to 30 points, and 31 weights to 30 points: where the data "
        "leave a choice, it takes the shortest. Double descent begins there."
    ),
)
