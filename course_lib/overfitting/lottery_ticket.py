"""The lottery ticket experiment: prune what training left small, rewind, train again.

A network's parameters are handled as one vector θ of length d, in the order of
`model.parameters()`. A mask is a boolean vector of the same length: False removes a parameter.
Only weights with two or more dimensions are pruned; biases stay.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters


def prune_lowest(
    model: nn.Module, mask: Bool[Tensor, "d"], scores: Float[Tensor, "d"], fraction: float
) -> Bool[Tensor, "d"]:
    """A mask that removes, in each layer, the lowest `fraction` of the weights still kept.

    With |θ| as scores this is magnitude pruning; with random scores it is random pruning,
    which keeps as many weights in every layer. Raises ValueError unless 0 ≤ fraction ≤ 1.
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
            pruned[start + remaining[lowest]] = False
        start = stop
    return pruned


def find_tickets(
    model: nn.Module,
    train: Callable[[nn.Module, Bool[Tensor, "d"]], object],
    n_rounds: int,
    fraction: float = 0.2,
) -> list[Bool[Tensor, "d"]]:
    """Iterative magnitude pruning with rewinding: the masks before and after each round.

    Each round trains the masked network with `train(model, mask)`, removes the `fraction`
    of the remaining weights that ended smallest, and puts the rest back to their first
    values. At the end the model has all its first parameters again.

    Source: Frankle and Carbin (2019), section 1, "Identifying winning tickets".
    """
    initial = parameters_to_vector(model.parameters()).detach()
    masks = [torch.ones_like(initial, dtype=torch.bool)]
    for _ in range(n_rounds):
        vector_to_parameters(initial * masks[-1], model.parameters())
        train(model, masks[-1])
        trained = parameters_to_vector(model.parameters()).detach()
        masks.append(prune_lowest(model, masks[-1], trained.abs(), fraction))
    vector_to_parameters(initial, model.parameters())
    return masks


def random_masks(
    model: nn.Module, masks: list[Bool[Tensor, "d"]], generator: torch.Generator
) -> list[Bool[Tensor, "d"]]:
    """The control: masks that keep as many weights of each layer as `masks` do, chosen by lot."""
    draws = torch.rand(masks[0].shape, generator=generator, device=generator.device)
    scores = draws.to(masks[0].device)
    start, drawn = 0, [torch.ones_like(mask) for mask in masks]
    for parameter in model.parameters():
        here = slice(start, start + parameter.numel())
        order = scores[here].argsort()
        for mask, lot in zip(masks, drawn, strict=True):
            lot[start + order[: (~mask[here]).sum()]] = False
        start += parameter.numel()
    return drawn


def share_kept(model: nn.Module, mask: Bool[Tensor, "d"]) -> float:
    """The share of prunable weights that a mask keeps."""
    parts = mask.split([parameter.numel() for parameter in model.parameters()])
    pairs = zip(parts, model.parameters(), strict=True)
    prunable = torch.cat([part for part, parameter in pairs if parameter.ndim >= 2])
    return prunable.sum().item() / len(prunable)
