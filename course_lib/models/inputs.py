"""What may be given to a model, and what is refused with a reason."""

import torch
from jaxtyping import Int
from torch import Tensor


def check_token_ids(
    token_ids: Int[Tensor, "batch seq"], vocab_size: int, context_length: int, n_cached: int = 0
) -> None:
    """Raise ValueError if there are too many tokens, none, or one that is not in the vocabulary.

    The ids themselves are looked at on the CPU only: elsewhere the program would have to wait for
    the device before it could go on. `n_cached` tokens came before these.
    """
    seq = token_ids.shape[1]
    if not 1 <= seq <= context_length - n_cached:
        raise ValueError(
            f"token_ids must be between 1 and context_length − cached = {context_length} − "
            f"{n_cached} tokens long, got {seq}"
        )
    if token_ids.device.type == "cpu" and not torch.compiler.is_compiling():
        unknown = token_ids[(token_ids < 0) | (token_ids >= vocab_size)]
        if len(unknown):
            raise ValueError(
                f"token_ids must lie between 0 and vocab_size − 1 = {vocab_size - 1}, "
                f"got {unknown[0].item()}"
            )


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
