"""The lottery ticket experiment: prune what training left small, rewind, train again.

A network's parameters are handled as one vector θ of length d, in the order of
`model.parameters()`. A mask is a vector of the same length: 1 keeps a parameter, 0 removes it.
Only weights with two or more dimensions are pruned; biases stay.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters


def prune_lowest(
    model: nn.Module, mask: Float[Tensor, "d"], scores: Float[Tensor, "d"], fraction: float
) -> Float[Tensor, "d"]:
    """A mask that removes, in each layer, the `fraction` of the remaining weights scored lowest.

    With |θ| as scores this is magnitude pruning; with random scores it is random pruning, which
    keeps as many weights in every layer. Raises ValueError unless 0 ≤ fraction ≤ 1.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must be between 0 and 1, got {fraction}")
    pruned, start = mask.clone(), 0
    for parameter in model.parameters():
        stop = start + parameter.numel()
        if parameter.ndim >= 2:
            remaining = mask[start:stop].nonzero().flatten()
            n_removed = round(fraction * len(remaining))
            lowest = scores[start:stop][remaining].argsort()[:n_removed]
            pruned[start + remaining[lowest]] = 0
        start = stop
    return pruned


def find_tickets(
    model: nn.Module,
    train: Callable[[nn.Module, Float[Tensor, "d"]], object],
    n_rounds: int,
    fraction: float = 0.2,
) -> list[Float[Tensor, "d"]]:
    """Iterative magnitude pruning with rewinding: the masks before, and after each, of the rounds.

    Each round trains the masked network with `train(model, mask)`, removes the `fraction` of the
    remaining weights that ended smallest, and puts the rest back to their first values. At the end
    the model has all its first values again.

    Source: Frankle and Carbin (2019), section 1, "Identifying winning tickets".
    """
    initial = parameters_to_vector(model.parameters()).detach().clone()
    masks = [torch.ones_like(initial)]
    for _ in range(n_rounds):
        vector_to_parameters(initial * masks[-1], model.parameters())
        train(model, masks[-1])
        trained = parameters_to_vector(model.parameters()).detach()
        masks.append(prune_lowest(model, masks[-1], trained.abs(), fraction))
    vector_to_parameters(initial.clone(), model.parameters())
    return masks


def random_masks(
    model: nn.Module, masks: list[Float[Tensor, "d"]], generator: torch.Generator
) -> list[Float[Tensor, "d"]]:
    """The control: masks that keep as many weights of each layer as `masks` do, chosen by lot."""
    scores = torch.rand(masks[0].shape, generator=generator, dtype=masks[0].dtype)
    ones, start = torch.ones_like(masks[0]), 0
    drawn = [ones.clone() for _ in masks]
    for parameter in model.parameters():
        here = slice(start, start + parameter.numel())
        order = scores[here].argsort()
        for mask, lot in zip(masks, drawn, strict=True):
            n_removed = int((mask[here] == 0).sum())
            lot[start + order[:n_removed]] = 0
        start += parameter.numel()
    return drawn


def share_kept(model: nn.Module, mask: Float[Tensor, "d"]) -> float:
    """The share of prunable weights that a mask keeps."""
    prunable = torch.cat([torch.full((p.numel(),), p.ndim >= 2) for p in model.parameters()])
    return mask[prunable].mean().item()
