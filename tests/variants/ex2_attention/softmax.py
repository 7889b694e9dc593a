"""Other correct ways to write softmax."""

import math

import numpy as np
import torch


def through_logarithms(x, dim):
    shares = (x - torch.logsumexp(x, dim, keepdim=True)).exp()
    return shares.nan_to_num(nan=0.0)


def in_place_on_a_copy(x, dim):
    e = x.clone()
    e -= e.max(dim, keepdim=True).values.clamp(min=torch.finfo(x.dtype).min)
    e.exp_()
    e /= e.sum(dim, keepdim=True)
    e[e.isnan()] = 0
    return e


def loops(x, dim):
    rows = x.double().movedim(dim, -1)
    shape = rows.shape
    result = []
    for row in rows.reshape(-1, shape[-1]).tolist():
        largest = max(row)
        if largest == -math.inf:
            result.append([0.0] * len(row))
            continue
        e = [math.exp(score - largest) for score in row]
        result.append([value / sum(e) for value in e])
    return torch.tensor(result, dtype=x.dtype).reshape(shape).movedim(-1, dim)


def numpy_float32(x, dim):
    scores = x.float().numpy()
    largest = scores.max(axis=dim, keepdims=True)
    e = np.exp(scores - np.where(np.isneginf(largest), 0, largest))
    return torch.from_numpy(e / np.maximum(e.sum(axis=dim, keepdims=True), 1e-38)).to(x.dtype)


def sigmoids_of_differences(x, dim):
    """share_i = 1 / Σ_j exp(x_j − x_i): no maximum is needed where ∞ is a number like others."""
    scores = x.double().movedim(dim, -1)
    differences = scores[..., None, :] - scores[..., :, None]
    shares = 1 / differences.exp().sum(-1)
    return torch.where(scores == -math.inf, 0.0, shares).movedim(-1, dim)


VARIANTS = [
    through_logarithms,
    in_place_on_a_copy,
    loops,
    numpy_float32,
    sigmoids_of_differences,
]
