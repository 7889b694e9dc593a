"""Gradient descent on linear features in closed form, and features learned at two speeds."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from course_lib.overfitting.double_descent import random_directions


def gradient_descent_path(
    features: Float[Tensor, "n p"], y: Float[Tensor, "n *targets"], steps: Sequence[int]
) -> list[Float[Tensor, "p *targets"]]:
    """The weights of gradient descent from zero after each number of steps, without taking them.

    The loss is ½ ‖features @ w − y‖², the step size 1/s₁², with s₁ the largest singular value. In
    the basis of the singular vectors every coordinate moves alone: with features = U S Vᵀ, after t
    steps w = V · (1 − (1 − S²/s₁²)^t) / S · Uᵀ y, so a direction is learned after about (s₁/s)²
    steps, and t → ∞ gives the minimum-norm solution. Source: Yao, Rosasco and Caponnetto (2007).
    """
    u, s, vt = torch.linalg.svd(features, full_matrices=False)
    kept = s > s[0] * max(features.shape) * torch.finfo(s.dtype).eps
    u, s, vt = u[:, kept], s[kept], vt[kept]
    below_one = 1 - torch.finfo(s.dtype).eps
    remaining = torch.log1p(-((s / s[0]) ** 2).clamp(max=below_one))  # log of the factor of a step
    return [vt.mT @ ((-torch.expm1(t * remaining) / s).diag() @ (u.mT @ y)) for t in steps]


def two_speed_directions(
    n_fast: int, n_slow: int, slowness: float, n_columns: int, generator: torch.Generator
) -> Float[Tensor, "64 p"]:
    """Random directions that see two parts of a digit at two speeds.

    The first `n_fast` look only at the leftmost `n_columns` of the 8 × 8 pixels; the others
    look only at the rest and are `slowness` times as long. A feature's speed under gradient
    descent goes with its square. Source of the idea: Heckel and Yilmaz (2021).
    """
    left = (torch.arange(64, device=generator.device) % 8 < n_columns).double()[:, None]
    fast = random_directions(64, n_fast, generator) * left
    slow = random_directions(64, n_slow, generator) * (1 - left) * slowness
    return torch.cat([fast, slow], dim=1)
