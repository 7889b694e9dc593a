"""What a model cannot work with, refused by name before it does harm."""

import torch
from jaxtyping import Bool
from torch import Tensor


def check_sizes(config: object, *names: str) -> None:
    """Raise TypeError unless each of the named fields is a whole number, ValueError below 1."""
    for name in names:
        size = getattr(config, name)
        if not isinstance(size, int):
            raise TypeError(f"{name} must be a whole number, got {size!r}")
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")


def check_divides(config: object, divisor: str, dividend: str) -> None:
    """Raise ValueError unless one named field divides another."""
    part, whole = getattr(config, divisor), getattr(config, dividend)
    if whole % part:
        raise ValueError(f"{divisor} must divide {dividend} = {whole}, got {part}")


def check_dropout(config: object) -> None:
    """Raise ValueError unless a share is dropped, and not all."""
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
    if token_ids.device.type == "cpu" and not torch.compiler.is_compiling():
        lowest, highest = (bound.item() for bound in token_ids.aminmax())
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


def check_mask(mask: Tensor | None, shape: tuple[int, int, int, int]) -> None:
    """Raise ValueError unless mask is None or boolean and fits (batch, heads, query, key)."""
    if mask is None:
        return
    sizes = zip(reversed(mask.shape), reversed(shape), strict=False)
    fits = mask.ndim <= len(shape) and all(size in (1, whole) for size, whole in sizes)
    if mask.dtype != torch.bool or not fits:
        raise ValueError(
            "mask must be boolean, True where a query may attend, and broadcast against "
            f"(batch, heads, query, key) = {shape}, got {mask.dtype} shaped {tuple(mask.shape)}"
        )
