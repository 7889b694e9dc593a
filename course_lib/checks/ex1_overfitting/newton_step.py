"""Check of `newton_step(weights, gradient, hessian) -> weights`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One dimension by hand, couplings between dimensions, then Hessians that are not positive."""
    yield _case("step", [2.0], [8.0], [[4.0]], "by hand: 2 − 8 / 4 = 0")
    yield _case("step", [1.0, 1.0], [2.0, 40.0], [[2.0, 0.0], [0.0, 10.0]], "uncoupled")
    yield _case("coupled", [0.0, 0.0], [3.0, 3.0], [[2.0, 1.0], [1.0, 2.0]], "by hand: (−1, −1)")
    for d in (3, 8):
        root = torch.randn(d, d, generator=rng, dtype=torch.float64)
        hessian = root @ root.T + torch.eye(d, dtype=torch.float64)
        start, target = torch.randn(2, d, generator=rng, dtype=torch.float64)
        note = "a random quadratic bowl: one step reaches its minimum"
        yield _case("coupled", start, hessian @ (start - target), hessian, note)
    yield _case("indefinite", [0.5], [-0.5], [[-1.0]], "a hill: Newton's step climbs to the top")
    saddle = [[2.0, 1.0], [1.0, -3.0]]
    yield _case("indefinite", [1.0, 2.0], [4.0, -5.0], saddle, "a saddle: the step goes into it")


def _case(prop: str, weights: Plain, gradient: Plain, hessian: Plain, note: str) -> Case:
    named = {"weights": weights, "gradient": gradient, "hessian": hessian}
    return Case(
        prop, {key: torch.as_tensor(v, dtype=torch.float64) for key, v in named.items()}, note
    )


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the step through the Hessian's eigenvectors."""
    weights, gradient, hessian = case.inputs.values()
    curvatures, directions = torch.linalg.eigh(hessian)
    step = directions @ ((directions.T @ gradient) / curvatures)
    return differs(outputs, weights - step, rtol=1e-5, atol=1e-6)


@bug(
    "The step is added, so it leads away from the stationary point.",
    hint="w − H⁻¹ g: at the new point the model's gradient g + H (new − w) must be zero.",
)
def added(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """A sign."""
    return weights + torch.linalg.solve(hessian, gradient)


@bug(
    "The gradient is divided by the Hessian entry by entry; the result is a matrix.",
    hint="H⁻¹ g is a vector: solve the linear system H s = g.",
)
def divided_elementwise(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """Broadcast division, d × d."""
    return weights - gradient / hessian


@bug(
    "Only the diagonal of the Hessian is used, so couplings between the weights are lost.",
    hint="Solve with the whole matrix: `torch.linalg.solve(hessian, gradient)`.",
)
def diagonal_only(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """Divided by the diagonal."""
    return weights - gradient / hessian.diagonal()


@bug(
    "The gradient is multiplied by the Hessian; it must be multiplied by its inverse.",
    hint="Steep directions need short steps: solve H s = g.",
)
def multiplied(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """H g for H⁻¹ g."""
    return weights - hessian @ gradient


@bug(
    "Each entry of the Hessian is inverted on its own; that is not the inverse matrix.",
    hint="Use `torch.linalg.solve(hessian, gradient)`, not `1 / hessian`.",
)
def entries_inverted(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """1 / H for H⁻¹."""
    return weights - (1 / hessian) @ gradient


@bug(
    "The Hessian is not used: this is a step of gradient descent.",
    hint="Solve H s = g for the step s, then subtract s.",
)
def hessian_ignored(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """w − g."""
    return weights - gradient


@bug(
    "The step itself comes back; asked are the weights after it.",
    hint="Subtract the step from `weights`.",
)
def step_only(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """H⁻¹ g."""
    return torch.linalg.solve(hessian, gradient)


@bug(
    "Half a step is taken; Newton's full step has no learning rate.",
    hint="Drop the factor: the ½ of the quadratic model is already gone from its gradient.",
)
def half_step(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """Damped."""
    return weights - 0.5 * torch.linalg.solve(hessian, gradient)


@bug(
    "Cholesky needs a positive definite matrix, and a Hessian is not always one.",
    hint="`torch.linalg.solve` takes any invertible matrix.",
)
def cholesky(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """Fails at a saddle."""
    factor = torch.linalg.cholesky(hessian)
    return weights - torch.cholesky_solve(gradient[:, None], factor)[:, 0]


@bug(
    "Negative curvatures are made positive: a useful trick at saddles, but not Newton's step.",
    hint="Use the Hessian as it is, whatever the signs of its eigenvalues.",
)
def absolute_curvature(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """The saddle-free step."""
    curvatures, directions = torch.linalg.eigh(hessian)
    return weights - directions @ ((directions.T @ gradient) / curvatures.abs())


@bug(
    "`weights` is changed in place: `-=` writes into the caller's tensor.",
    hint="Write `weights - ...`, which makes a new tensor.",
)
def in_place(weights: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """Right numbers, changed argument."""
    weights -= torch.linalg.solve(hessian, gradient)
    return weights


CHECK = Check(
    id="ex1_overfitting/newton-step",
    title="Newton's step",
    references=("course_lib.gradients.optimizers.newton_step",),
    properties=(
        Property("step", 1, "the right step when the weights are uncoupled"),
        Property("coupled", 2, "the minimum of a coupled quadratic, in one step"),
        Property("indefinite", 1, "the same formula where the curvature is negative"),
    ),
    cases=cases,
    judge=judge,
    bugs=(
        added,
        divided_elementwise,
        diagonal_only,
        multiplied,
        entries_inverted,
        hessian_ignored,
        step_only,
        half_step,
        cholesky,
        absolute_curvature,
        in_place,
    ),
    takeaway="One linear solve replaces thousands of small steps, and pays for it with a d × d "
    "matrix; and it walks into saddles as gladly as into minima.",
)
