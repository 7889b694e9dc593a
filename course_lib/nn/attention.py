"""Attention: each query gets a mean of the values, weighted by how well their keys match it."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from course_lib.nn.softmax import softmax


def scaled_dot_product_attention(
    q: Float[Tensor, "*batch query d_head"],
    k: Float[Tensor, "*batch key d_head"],
    v: Float[Tensor, "*batch key d_value"],
    mask: Bool[Tensor, "... #query #key"] | None = None,
) -> Float[Tensor, "*batch query d_value"]:
    """For each query, the mean of the values, weighted by how well each key matches the query.

        attention(Q, K, V) = softmax(Q Kᵀ / √d_head) V

    The softmax runs over the keys. A query attends only where `mask`, broadcast against
    (*batch, query, key), is True; a query that may attend to nothing gets zeros. Scores, softmax
    and mean are computed in float32 at least, whatever the inputs, and returned in v's dtype.

    Source: Vaswani et al. (2017), section 3.2.1, equation 1.
    """
    dtype = torch.promote_types(q.dtype, torch.float32)
    scores = q.to(dtype) @ k.to(dtype).transpose(-2, -1)  # (*batch, query, key)
    scores = scores / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = torch.where(mask, scores, -math.inf)
    weights = softmax(scores, dim=-1)
    return (weights @ v.to(dtype)).to(v.dtype)


def attention_weights(
    q: Float[Tensor, "*batch query d_head"],
    k: Float[Tensor, "*batch key d_head"],
    mask: Bool[Tensor, "... #query #key"] | None = None,
) -> Float[Tensor, "*batch query key"]:
    """How much each query attends to each key: softmax(Q Kᵀ / √d_head).

    Where value j is the j-th unit vector, the weighted mean of the values is the weights.
    """
    n_keys = k.shape[-2]
    units = torch.eye(n_keys, dtype=k.dtype, device=k.device).expand(*k.shape[:-1], n_keys)
    return scaled_dot_product_attention(q, k, units, mask)


def fused_attention(
    q: Float[Tensor, "*batch query d_head"],
    k: Float[Tensor, "*batch key d_head"],
    v: Float[Tensor, "*batch key d_value"],
    mask: Bool[Tensor, "... #query #key"] | None = None,
    score_bias: Float[Tensor, "... #query #key"] | None = None,
) -> Float[Tensor, "*batch query d_value"]:
    """`scaled_dot_product_attention` in one kernel, which need not store (query, key) scores.

    `score_bias`, broadcast like the mask, is added to Q Kᵀ / √d_head before the softmax.

    Source: Dao et al. (2022), algorithm 1.
    """
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=score_bias)
    attends = mask.any(dim=-1, keepdim=True)
    mask = mask | ~attends  # who may attend to nothing attends to all, and is set to zero below
    if score_bias is not None:
        mask = torch.where(mask, score_bias, -math.inf)
    return torch.where(attends, F.scaled_dot_product_attention(q, k, v, attn_mask=mask), 0.0)


def causal_attention(
    q: Float[Tensor, "*batch query d_head"],
    k: Float[Tensor, "*batch key d_head"],
    v: Float[Tensor, "*batch key d_value"],
    mask: Bool[Tensor, "... #query #key"] | None = None,
    score_bias: Float[Tensor, "... #query #key"] | None = None,
) -> Float[Tensor, "*batch query d_value"]:
    """`fused_attention` of a decoder: each query attends to its own position and those before.

    The queries are the newest of the keys' positions, so that query i of n stands at key
    n_keys − n + i; with a cache there are fewer queries than keys. `mask` can only forbid more.
    """
    n_queries, n_keys = q.shape[-2], k.shape[-2]
    if mask is None and score_bias is None and n_queries == n_keys:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    if n_queries > 1:  # a single query is the newest position, and sees all
        causal = torch.ones(n_queries, n_keys, dtype=torch.bool, device=q.device)
        causal = causal.tril(n_keys - n_queries)
        mask = causal if mask is None else mask & causal
    return fused_attention(q, k, v, mask, score_bias)
