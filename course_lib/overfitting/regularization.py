"""Four ways to hold a flexible model back: ridge, lasso, early stopping and dropout."""

import torch
from jaxtyping import Float
from torch import Tensor


def fit_ridge(
    features: Float[Tensor, "n p"], y: Float[Tensor, "n *targets"], alpha: float
) -> Float[Tensor, "p *targets"]:
    """The weights that fit y while staying small: ridge regression.

    Minimises ‖features @ w − y‖² + alpha · ‖w[1:]‖². Column 0 of `features` is the constant;
    its weight is not penalised. alpha = 0 is ordinary least squares. `y` is (n,), or (n, k)
    for k fits at once.

    Raises ValueError if alpha is negative. Source: Hoerl and Kennard (1970).
    """
    if alpha < 0:
        raise ValueError(f"alpha must not be negative, got {alpha}")
    # Each penalised weight is one made-up observation, "√alpha · w_j is 0", below the data.
    n_penalised = features.shape[1] - 1
    penalty = features.new_zeros(n_penalised, 1 + n_penalised)
    penalty[:, 1:].fill_diagonal_(alpha**0.5)
    wanted = y.new_zeros(n_penalised, *y.shape[1:])
    longer, observed = torch.cat([features, penalty]), torch.cat([y, wanted])
    return torch.linalg.lstsq(longer, observed).solution


def fit_lasso(
    features: Float[Tensor, "n p"],
    y: Float[Tensor, "n *targets"],
    alpha: float,
    n_steps: int,
) -> Float[Tensor, "p *targets"]:
    """The weights that fit y with many exactly zero: the lasso, by proximal gradient.

    Approaches the minimum of 1/(2n) · ‖features @ w − y‖² + alpha · Σ_{j ≥ 1} |w_j| from
    w = 0 in `n_steps` steps of size s = 1/L, L the largest eigenvalue of
    featuresᵀ features / n:
        w ← w − s · featuresᵀ (features @ w − y) / n,  then for j ≥ 1
        w_j ← sign(w_j) · max(|w_j| − s · alpha, 0).
    `y` is (n,), or (n, k) for k fits at once. Raises ValueError if alpha is negative.

    Source: Tibshirani (1996); the algorithm is ISTA, see Beck and Teboulle (2009).
    """
    if alpha < 0:
        raise ValueError(f"alpha must not be negative, got {alpha}")
    n = len(y)
    step_size = n / torch.linalg.matrix_norm(features, ord=2) ** 2
    weights = features.new_zeros(features.shape[1], *y.shape[1:])
    for _ in range(n_steps):
        weights = weights - step_size * features.T @ (features @ weights - y) / n
        shrunk = (weights[1:].abs() - step_size * alpha).clamp(min=0)
        weights[1:] = weights[1:].sign() * shrunk
    return weights


def early_stopping_step(validation_losses: Float[Tensor, "n_steps"], patience: int) -> int:
    """The step whose weights early stopping keeps: the best before patience ran out.

    Reads the losses from step 0. A step is an improvement if its loss is strictly below
    every earlier one. Reading stops once `patience` steps in a row were no improvement;
    nothing after that is looked at. Returns the last improvement, which is the best loss
    read and, among equal losses, the earliest.

    Raises ValueError if there is no loss or patience is below 1.
    Source: Prechelt (1998).
    """
    if len(validation_losses) == 0 or patience < 1:
        raise ValueError(
            "validation_losses must not be empty and patience at least 1, "
            f"got {len(validation_losses)} losses and patience {patience}"
        )
    best = 0
    for step, loss in enumerate(validation_losses):
        if loss < validation_losses[best]:
            best = step
        elif step - best >= patience:
            break
    return best


def dropout(
    x: Float[Tensor, "*shape"], p: float, training: bool, generator: torch.Generator
) -> Float[Tensor, "*shape"]:
    """x with each entry set to zero with probability p, the others divided by 1 − p.

    Each entry is dropped or kept independently of all others. The division keeps every
    entry's expected value at x, so nothing has to be rescaled later: with training=False,
    x comes back as it is. All randomness is drawn from `generator`.

    Raises ValueError unless 0 ≤ p < 1. Source: Srivastava et al. (2014), section 10
    (the "inverted" form).
    """
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p}")
    if not training:
        return x
    draws = torch.rand(x.shape, generator=generator, device=generator.device)
    return x * (draws.to(x.device) >= p) / (1 - p)
