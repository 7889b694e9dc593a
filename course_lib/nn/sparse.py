"""Patterns of attention to a few positions only, and how far they reach.

A mask is boolean, (query, key), and True where the query may attend.
"""

import torch
from jaxtyping import Bool
from torch import Tensor


def strided_mask(seq: int, stride: int) -> Bool[Tensor, "seq seq"]:
    """The last `stride` positions, and before them each whose distance is a multiple of `stride`:

        key ≤ query,  and  query − key < stride  or  (query − key) mod stride = 0

    The query itself is one of the last `stride`. Two hops reach every earlier position.

    Raises ValueError if stride is below 1. Source: Child et al. (2019), section 4.2: both sets of
    the strided pattern in one head.
    """
    if stride < 1:
        raise ValueError(f"stride must be at least 1, got {stride}")
    position = torch.arange(seq)
    distance = position[:, None] - position  # (query, key); negative for the future
    return (distance >= 0) & ((distance < stride) | (distance % stride == 0))


def fixed_mask(seq: int, stride: int, n_summary: int) -> Bool[Tensor, "seq seq"]:
    """The query's own block of `stride` positions, and the last `n_summary` of each earlier block:

        key ≤ query,  and  ⌊key/stride⌋ = ⌊query/stride⌋  or  key mod stride ≥ stride − n_summary

    Positions count from 0, and a block starts there. Two hops reach every earlier position.

    Raises ValueError if stride is below 1, or unless 1 ≤ n_summary ≤ stride.
    Source: Child et al. (2019), section 4.2: both sets of the fixed pattern in one head.
    """
    if stride < 1:
        raise ValueError(f"stride must be at least 1, got {stride}")
    if not 1 <= n_summary <= stride:
        raise ValueError(f"n_summary must be between 1 and stride ({stride}), got {n_summary}")
    position = torch.arange(seq)
    earlier = position <= position[:, None]  # (query, key), the query itself included
    block = position // stride
    same_block = block[:, None] == block
    summary = position % stride >= stride - n_summary
    return earlier & (same_block | summary)


def sliding_window_mask(seq: int, window: int) -> Bool[Tensor, "seq seq"]:
    """The last `window` positions, the query itself among them: 0 ≤ query − key < window.

    Each hop reaches window − 1 positions further back.

    Raises ValueError if window is below 1. Source: Beltagy et al. (2020), section 3.1; causal
    as in Jiang et al. (2023), section 2.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    position = torch.arange(seq)
    distance = position[:, None] - position  # (query, key); negative for the future
    return (distance >= 0) & (distance < window)


def reachable(mask: Bool[Tensor, "seq seq"], n_hops: int) -> Bool[Tensor, "seq seq"]:
    """True where what stands at the key can be known at the query after `n_hops` layers.

    A layer brings together what its mask allows, and the residual stream keeps what was there
    before: no hops reach the position itself, and one hop more never reaches less.

    Raises ValueError if n_hops is negative.
    """
    if n_hops < 0:
        raise ValueError(f"n_hops must not be negative, got {n_hops}")
    known = torch.eye(len(mask), dtype=torch.bool, device=mask.device)
    for _ in range(n_hops):
        known = known | (mask.float() @ known.float() > 0)
    return known
