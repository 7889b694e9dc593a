"""Fitting a polynomial to noisy points by least squares, and measuring how well it predicts."""

import torch
from jaxtyping import Float
from torch import Tensor


def parabola(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The curve behind the data, 2x² + 1, which a student of real data never sees."""
    return 2 * x**2 + 1


def noisy_parabola(
    n: int, noise: float, generator: torch.Generator
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """Points around the parabola: x uniform on [0, 1], y = 2x² + 1 + noise · N(0, 1)."""
    x = torch.rand(n, generator=generator, dtype=torch.float64)
    epsilon = torch.randn(n, generator=generator, dtype=torch.float64)
    return x, parabola(x) + noise * epsilon


def polynomial_features(x: Float[Tensor, "*n"], degree: int) -> Float[Tensor, "*n p"]:
    """The powers of each x, increasing: 1, x, x², …, x^degree, as the last axis.

    Args:
        x: inputs, shape (n,).
        degree: highest power, 0 or more.

    Returns:
        The design matrix, shape (n, degree + 1): entry [i, k] is x[i] ** k, and 0⁰ is 1.

    Raises:
        ValueError: degree is negative.
    """
    if degree < 0:
        raise ValueError(f"degree must be 0 or more, got {degree}")
    return x.unsqueeze(-1) ** torch.arange(degree + 1, device=x.device)


def fit_least_squares(
    features: Float[Tensor, "*batch n p"],
    y: Float[Tensor, "*batch n"],
    rcond: float = 1e-10,
) -> Float[Tensor, "*batch p"]:
    """The weights with the smallest ‖features · w − y‖; of several, the shortest.

    Args:
        features: design matrix, shape (n, p).
        y: observed values, shape (n,).
        rcond: singular values below `rcond` times the largest one count as zero.

    Returns:
        The weights, shape (p,): features⁺ · y, the pseudo-inverse of Penrose (1955).

    The solver, LAPACK's gelsd, runs on the CPU only, so the tensors must be there.
    """
    column = y.unsqueeze(-1)
    fit = torch.linalg.lstsq(features, column, rcond=rcond, driver="gelsd")
    return fit.solution.squeeze(-1)


def rmse(
    predicted: Float[Tensor, "n"] | Float[Tensor, "n 1"], observed: Float[Tensor, "n"]
) -> Float[Tensor, ""]:
    """Root-mean-square error, √(mean of (predicted − observed)²), in observed's units.

    Args:
        predicted: what a model says, shape (n,), or (n, 1) from a product with a column.
        observed: what was measured, shape (n,).

    Raises:
        ValueError: there are not as many predictions as observations.
    """
    if predicted.numel() != observed.numel():
        counts = f"{predicted.numel()} and {observed.numel()}"
        raise ValueError(f"predicted and observed differ in number: {counts}")
    difference = predicted.flatten() - observed.flatten()
    return difference.square().mean().sqrt()


def train_validation_split(
    x: Float[Tensor, "n"],
    y: Float[Tensor, "n"],
    validation_fraction: float,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "n_train"],
    Float[Tensor, "n_train"],
    Float[Tensor, "n_validation"],
    Float[Tensor, "n_validation"],
]:
    """Split the points at random into those to fit and those to judge the fit by.

    Args:
        x: inputs, shape (n,).
        y: observed values, shape (n,); `y[i]` belongs to `x[i]`.
        validation_fraction: share held back, rounded to a whole number of points.
        generator: the only source of randomness.

    Returns:
        x_train, y_train, x_validation, y_validation.

    Raises:
        ValueError: x and y differ in number, or validation_fraction is not in [0, 1].
    """
    if len(x) != len(y):
        raise ValueError(f"x and y differ in number: {len(x)} and {len(y)}")
    if not 0 <= validation_fraction <= 1:
        raise ValueError(f"validation_fraction must be in [0, 1], got {validation_fraction}")
    n_validation = round(validation_fraction * len(x))
    order = torch.randperm(len(x), generator=generator)
    validation, train = order[:n_validation], order[n_validation:]
    return x[train], y[train], x[validation], y[validation]
