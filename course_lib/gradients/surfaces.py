"""Surfaces in the plane on which optimizers race, each with one difficulty of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


def rosenbrock(point: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch"]:
    """A curved valley, easy to find and slow to follow: (1 − x)² + 100 (y − x²)².

    Source: Rosenbrock (1960).
    """
    x, y = point.unbind(-1)
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def ravine(point: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch"]:
    """A quadratic 100 times steeper across than along: (x² + 100 y²) / 2."""
    x, y = point.unbind(-1)
    return (x**2 + 100 * y**2) / 2


def saddle(point: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch"]:
    """A saddle at the origin between two minima at (±1, 0): x⁴/4 − x²/2 + y²/2."""
    x, y = point.unbind(-1)
    return x**4 / 4 - x**2 / 2 + y**2 / 2


@dataclass(frozen=True)
class Surface:
    """A function of the plane, with where a race starts and where it should end."""

    name: str  # short, as shown to the reader
    function: Callable[[Tensor], Tensor]  # maps points (*batch, 2) to heights (*batch,)
    start: tuple[float, float]  # where every optimizer starts
    minima: tuple[tuple[float, float], ...]  # every global minimum
    x_range: tuple[float, float]  # part of the x axis worth drawing
    y_range: tuple[float, float]  # part of the y axis worth drawing
    formula: str = ""
    """The function as a reader writes it, where a figure shows it."""

    def gradient(self, point: Float[Tensor, "2"]) -> Float[Tensor, "2"]:
        """The gradient at a point, by torch's autograd."""
        return torch.func.grad(self.function)(point)

    def hessian(self, point: Float[Tensor, "2"]) -> Float[Tensor, "2 2"]:
        """The Hessian at a point, by torch's autograd."""
        return torch.func.jacrev(torch.func.grad(self.function))(point)


SURFACES = (
    Surface(
        "ravine",
        ravine,
        start=(-4.0, 1.0),
        minima=((0.0, 0.0),),
        x_range=(-4.5, 1.5),
        y_range=(-1.5, 1.5),
        formula="(x² + 100y²) / 2",
    ),
    Surface(
        "Rosenbrock",
        rosenbrock,
        start=(-1.2, 1.0),
        minima=((1.0, 1.0),),
        x_range=(-1.8, 1.8),
        y_range=(-0.8, 2.0),
        formula="(1 − x)² + 100(y − x²)²",
    ),
    Surface(
        "saddle",
        saddle,
        start=(0.01, 1.2),
        minima=((-1.0, 0.0), (1.0, 0.0)),
        x_range=(-1.8, 1.8),
        y_range=(-1.4, 1.4),
        formula="x⁴/4 − x²/2 + y²/2",
    ),
)
