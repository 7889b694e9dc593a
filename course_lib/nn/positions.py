"""Where a token stands, as a vector that is added to its embedding.

Attention treats keys as a set: without positions, the order of the words would make no difference.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


def sinusoidal_positions(
    context_length: int, d_model: int
) -> Float[Tensor, "{context_length} {d_model}"]:
    """One fixed vector for each position, made of sines and cosines of many wavelengths.

        P[m, 2i]     = sin(m / 10000^(2i / d_model))
        P[m, 2i + 1] = cos(m / 10000^(2i / d_model))

    The wavelengths grow along the vector, from 2π up to nearly 10000 · 2π. Going n positions on
    turns each pair by an angle that depends on n alone. Computed in float64, returned in float32.

    Raises:
        ValueError: if context_length is below 1, or d_model is not even and positive.

    Source: Vaswani et al. (2017), section 3.5.
    """
    if context_length < 1:
        raise ValueError(f"context_length must be at least 1, got {context_length}")
    if d_model < 2 or d_model % 2:
        raise ValueError(f"d_model must be even and positive, got {d_model}")
    exponents = torch.arange(0, d_model, 2, dtype=torch.float64) / d_model  # (d_model / 2,)
    angles = torch.arange(context_length)[:, None] / 10_000**exponents  # (seq, d_model / 2)
    pairs = torch.stack((angles.sin(), angles.cos()), dim=-1)  # (seq, d_model / 2, 2)
    return pairs.flatten(1).float()


class LearnedPositions(nn.Module):
    """One learned vector for each position.

    Raises:
        ValueError: if context_length or d_model is below 1.

    Sources: Gehring et al. (2017), section 3.1; Radford et al. (2018), section 4.1.
    """

    def __init__(self, context_length: int, d_model: int):
        super().__init__()
        if min(context_length, d_model) < 1:
            raise ValueError(
                f"context_length and d_model must be at least 1, got {context_length} and {d_model}"
            )
        self.table = nn.Parameter(torch.empty(context_length, d_model))
        nn.init.normal_(self.table, std=0.02)

    def forward(self, positions: Int[Tensor, "*batch seq"]) -> Float[Tensor, "*batch seq d_model"]:
        """The vectors of these positions, counted from 0.

        Raises:
            ValueError: if there are more positions than context_length.
        """
        n_positions, context_length = positions.shape[-1], len(self.table)
        if n_positions > context_length:
            raise ValueError(
                f"positions must be at most context_length = {context_length} numbers, "
                f"got {n_positions}"
            )
        return F.embedding(positions, self.table)
