"""What a model cannot work with, refused by name before it does harm."""

import torch
from jaxtyping import Bool
from torch import Tensor


def check_sizes(config: object, *names: str) -> None:
    """Refuse a configuration whose named sizes cannot be: dropout and heads are looked at as well.

    Raises:
        ValueError: if a named field is below 1, n_heads does not divide d_model, or dropout is
            outside [0, 1).
    """
    for name in names:
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {getattr(config, name)}")
    if config.d_model % config.n_heads:
        raise ValueError(f"n_heads must divide d_model = {config.d_model}, got {config.n_heads}")
    if not 0 <= config.dropout < 1:
        raise ValueError(f"dropout must lie in [0, 1), got {config.dropout}")


def check_token_ids(
    name: str, token_ids: Tensor, n_kinds: int, longest: int | None = None, start: int = 0
) -> None:
    """Refuse what is not (batch, seq) whole numbers from 0 to n_kinds − 1.

    Values are looked at on the CPU only: elsewhere that would stop the program until the device
    has caught up, and the look-up in the embedding fails by itself.

    Args:
        name: what the caller calls `token_ids`.
        longest: the number of positions there are, if that is limited.
        start: how many of them earlier tokens have taken.

    Raises:
        ValueError: naming the argument, what it is and what it should be.
    """
    if token_ids.dtype not in (torch.int32, torch.int64):
        raise ValueError(f"{name} must be int64 or int32, got {token_ids.dtype}")
    if token_ids.ndim != 2 or token_ids.numel() == 0:
        raise ValueError(
            f"{name} must be shaped (batch, seq), both at least 1, got {tuple(token_ids.shape)}"
        )
    seq = token_ids.shape[1]
    if longest is not None and start + seq > longest:
        raise ValueError(
            f"{name} must be at most {longest - start} tokens long, got {seq} "
            f"(context_length is {longest}, {start} are taken)"
        )
    if token_ids.device.type == "cpu":
        lowest, highest = token_ids.min().item(), token_ids.max().item()
        if lowest < 0 or highest >= n_kinds:
            wrong = lowest if lowest < 0 else highest
            raise ValueError(f"{name} must lie between 0 and {n_kinds - 1}, got {wrong}")


def key_mask(
    name: str, mask: Tensor | None, shape: tuple[int, int]
) -> Bool[Tensor, "batch 1 1 key"] | None:
    """A mask of real tokens, (batch, key), ready to be broadcast over heads and queries.

    Raises:
        ValueError: if the mask is not boolean or not of this shape.
    """
    if mask is None:
        return None
    if mask.dtype != torch.bool:
        raise ValueError(f"{name} must be boolean, True for real tokens, got {mask.dtype}")
    if mask.shape != shape:
        raise ValueError(f"{name} must be shaped {shape}, got {tuple(mask.shape)}")
    return mask[:, None, None, :]
