"""Who may attend to whom: boolean masks, True where a query may attend to a key."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def causal_mask(seq: int, device: torch.device | str | None = None) -> Bool[Tensor, "seq seq"]:
    """Row i is True up to and including column i: a position sees itself and what came before.

    Raises:
        ValueError: if seq is below 1.

    Source: Vaswani et al. (2017), section 3.2.3.
    """
    if seq < 1:
        raise ValueError(f"seq must be at least 1, got {seq}")
    return torch.ones(seq, seq, dtype=torch.bool, device=device).tril()


def padding_mask(lengths: Int[Tensor, "batch"], seq: int) -> Bool[Tensor, "batch {seq}"]:
    """Row b is True for the first lengths[b] positions, the real tokens, and False for padding.

    As keys for every head and query: `padding_mask(lengths, seq)[:, None, None, :]`.

    Raises:
        ValueError: if seq is below 1, or a length is negative or above seq.
    """
    if seq < 1:
        raise ValueError(f"seq must be at least 1, got {seq}")
    if ((lengths < 0) | (lengths > seq)).any():
        raise ValueError(f"lengths must lie between 0 and seq = {seq}, got {lengths.tolist()}")
    return torch.arange(seq, device=lengths.device) < lengths[:, None]
