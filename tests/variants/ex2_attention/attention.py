"""Other correct ways to write scaled_dot_product_attention."""

import math

import numpy as np
import torch


def einsum(q, k, v, mask=None):
    d = q.size(-1)
    scores = torch.einsum("...qd,...kd->...qk", q.float() * d**-0.5, k.float())
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    weights = weights.masked_fill(weights.isnan(), 0)
    return torch.einsum("...qk,...kd->...qd", weights, v.float()).to(v.dtype)


def large_negative_then_zero(q, k, v, mask=None):
    scores = torch.matmul(q.double(), k.double().mT) / math.sqrt(k.shape[-1])
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    weights = torch.where(mask, scores, -1e30).softmax(-1) * mask
    return (weights @ v.double()).type_as(v)


def both_sides_scaled(q, k, v, mask=None):
    root = q.shape[-1] ** 0.25
    bias = 0.0 if mask is None else torch.zeros(mask.shape).masked_fill_(~mask, -math.inf)
    scores = (q.float() / root) @ (k.float() / root).transpose(-1, -2) + bias
    return torch.nan_to_num(scores.softmax(-1)).matmul(v.float()).to(v.dtype)


def one_pass_over_the_keys(q, k, v, mask=None):
    """Online softmax: a running maximum, sum and mean, as in FlashAttention."""
    q32, k32, v32 = q.double(), k.double(), v.double()
    shape = torch.broadcast_shapes(q.shape[:-2], k.shape[:-2])
    n_queries, n_keys = q.shape[-2], k.shape[-2]
    if mask is None:
        mask = torch.ones(n_queries, n_keys, dtype=torch.bool)
    mask = mask.expand(*shape, n_queries, n_keys)
    largest = torch.full((*shape, n_queries, 1), -1e300, dtype=torch.float64)
    total = torch.zeros_like(largest)
    outputs = torch.zeros(*shape, n_queries, v.shape[-1], dtype=torch.float64)
    for j in range(n_keys):
        score = (q32 * k32[..., j : j + 1, :]).sum(-1, keepdim=True) / math.sqrt(q.shape[-1])
        score = score.where(mask[..., j : j + 1], torch.tensor(-math.inf, dtype=torch.float64))
        new = torch.maximum(largest, score)
        kept, added = (largest - new).exp(), (score - new).exp()
        total = total * kept + added
        outputs = outputs * kept + added * v32[..., j : j + 1, :]
        largest = new
    return (outputs / total.clamp(min=1e-300)).to(v.dtype)


def numpy_loops(q, k, v, mask=None):
    batch = q.shape[:-2]
    n_queries, n_keys, d_value = q.shape[-2], k.shape[-2], v.shape[-1]
    allowed = np.ones((*batch, n_queries, n_keys), dtype=bool)
    if mask is not None:
        allowed = np.broadcast_to(mask.numpy(), allowed.shape)
    qs, ks, vs = (x.double().numpy() for x in (q, k, v))
    result = np.zeros((*batch, n_queries, d_value))
    for place in np.ndindex(*batch, n_queries):
        lead = place[:-1]
        seen = allowed[place]
        if seen.any():
            scores = ks[lead][seen] @ qs[place] / np.sqrt(q.shape[-1])
            e = np.exp(scores - scores.max())
            result[place] = e @ vs[lead][seen] / e.sum()
    return torch.from_numpy(result).to(v.dtype)


VARIANTS = [
    einsum,
    large_negative_then_zero,
    both_sides_scaled,
    one_pass_over_the_keys,
    numpy_loops,
]
