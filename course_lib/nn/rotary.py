"""Rotary positions: queries and keys turned by where they stand, so that products see distances."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def rotate(
    x: Float[Tensor, "*batch seq d_head"],
    positions: Int[Tensor, "*#batch seq"],
    base: float = 10_000.0,
) -> Float[Tensor, "*batch seq d_head"]:
    """Turn each pair of entries of a query or key by an angle that grows with its position.

    With θ_i = base^(−2i / d_head), pair i of x at position m is turned by the angle m θ_i:

        y[2i]     = x[2i] cos(m θ_i) − x[2i + 1] sin(m θ_i)
        y[2i + 1] = x[2i] sin(m θ_i) + x[2i + 1] cos(m θ_i)

    Lengths stay, and the product of a rotated query with a rotated key depends on their positions
    by the difference only. `positions`, counted from 0, is broadcast against x without d_head.
    Computed in float32 at least, returned in x's dtype.

    Raises:
        ValueError: if d_head is odd.

    Source: Su et al. (2021), section 3.2.2, equation 15, and section 3.4.2, equation 34.
    """
    d_head = x.shape[-1]
    if d_head % 2:
        raise ValueError(f"d_head, the last axis of x, must be even, got {d_head}")
    dtype = torch.promote_types(x.dtype, torch.float32)
    exponents = torch.arange(0, d_head, 2, dtype=dtype, device=x.device) / d_head
    angles = positions[..., None] * (1 / base**exponents)  # (*batch, seq, d_head / 2)
    cos, sin = angles.cos(), angles.sin()
    even, odd = x[..., 0::2], x[..., 1::2]
    pairs = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    return pairs.flatten(-2).to(x.dtype)  # (*batch, seq, d_head)


class Rotary:
    """`rotate` in the layout of GPT-NeoX's and Llama's weights, with cos and sin computed once.

    Entry i is paired with entry i + d_head / 2, where `rotate` pairs 2i with 2i + 1. The two differ
    by a permutation of the entries: with order = (0, 2, 4, …, 1, 3, 5, …),

        Rotary(positions, d_head)(x[..., order]) = rotate(x, positions)[..., order]

    Reordering queries and keys alike changes no product, so a model may be trained with either;
    its weights then fit that one. Make one instance in each forward pass, for all layers. cos and
    sin are float32; the result has x's dtype.

    Raises:
        ValueError: if d_head is odd.

    Sources: Black et al. (2022), section 2.1.1; Touvron et al. (2023), section 2.2.
    """

    def __init__(self, positions: Int[Tensor, "*batch seq"], d_head: int, base: float = 10_000.0):
        unit_pairs = torch.zeros(*positions.shape, d_head, device=positions.device)
        unit_pairs[..., 0::2] = 1.0
        turned = rotate(unit_pairs, positions, base)  # each pair (1, 0) becomes (cos, sin)
        cos, sin = turned[..., 0::2], turned[..., 1::2]  # (*batch, seq, d_head / 2)
        self.cos = torch.cat((cos, cos), dim=-1)
        self.sin = torch.cat((-sin, sin), dim=-1)

    def __call__(self, x: Float[Tensor, "*batch seq d_head"]) -> Float[Tensor, "*batch seq d_head"]:
        """Turn queries or keys that stand at the positions given at the start."""
        swapped = x.roll(x.shape[-1] // 2, dims=-1)  # the second half, then the first
        return (x * self.cos + swapped * self.sin).to(x.dtype)
