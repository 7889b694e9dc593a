"""What the two widgets that fit polynomials share: the true curve, the cut-off, the precision."""

import inspect

import torch

from course_lib.overfitting.polynomial import fit_least_squares, parabola, polynomial_features

RCOND: float = inspect.signature(fit_least_squares).parameters["rcond"].default


def float64(values: list[float]) -> torch.Tensor:
    """A list of numbers as a tensor in the course's precision."""
    return torch.tensor(values, dtype=torch.float64)


def _coefficients_of_parabola() -> tuple[float, ...]:
    places = float64([-1.0, 0.0, 1.0])  # three points fix a parabola
    return tuple(torch.linalg.solve(polynomial_features(places, 2), parabola(places)).tolist())


PARABOLA = _coefficients_of_parabola()
"""`parabola` by its coefficients, in increasing powers of x."""
