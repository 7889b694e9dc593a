"""Other correct ways to write causal_mask and padding_mask."""

import numpy as np
import torch


def comparison(seq):
    i = torch.arange(seq)
    return i[:, None] >= i[None, :]


def loops(lengths, seq):
    return torch.tensor([[j < n for j in range(seq)] for n in lengths.tolist()])


def upper_triangle_forbidden(seq, device="cpu"):
    return torch.triu(torch.ones(seq, seq, device=device), diagonal=1) == 0


def cumulative(lengths, seq):
    mask = torch.zeros(len(lengths), seq + 1, dtype=torch.int64)
    mask[torch.arange(len(lengths)), lengths.long()] = 1
    return mask.cumsum(1)[:, :seq] == 0


def numpy_triangle(seq, device=None):
    return torch.from_numpy(np.tri(seq, dtype=bool))


def filled_in_place(lengths, seq):
    mask = torch.full((lengths.shape[0], seq), False)
    for row, n in zip(mask, lengths, strict=True):
        row[:n] = True
    return mask


VARIANTS = [
    (comparison, loops),
    (upper_triangle_forbidden, cumulative),
    (numpy_triangle, filled_in_place),
]
