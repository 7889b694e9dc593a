"""Multi-head attention in steps, so that a bug can do one of them in its own way."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """Project, split, share, attend, join, mix."""

    def __init__(self, d_model: int, n_heads: int, n_kv_heads: int | None = None):
        super().__init__()
        self.n_heads, self.d_head = n_heads, d_model // n_heads
        self.n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        self.q_proj, self.out_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, self.n_kv_heads * self.d_head)
        self.v_proj = nn.Linear(d_model, self.n_kv_heads * self.d_head)

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """One step after the other."""
        q, k, v = self.project(x, x if context is None else context)
        q, k, v = self.split(q), self.share(self.split(k)), self.share(self.split(v))
        return self.mix(self.join(self.attend(q, k, v, mask)), x)

    def project(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries of x, keys and values of the context."""
        return self.q_proj(x), self.k_proj(context), self.v_proj(context)

    def split(self, h: Tensor) -> Tensor:
        """(batch, seq, width) to (batch, heads, seq, d_head)."""
        return h.unflatten(-1, (-1, self.d_head)).transpose(1, 2)

    def share(self, h: Tensor) -> Tensor:
        """One key or value head for each query head."""
        return h.repeat_interleave(self.n_heads // self.n_kv_heads, dim=1)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        """Softmax of the scaled scores, times the values."""
        return self.scores(q, k, mask).softmax(dim=-1) @ v

    def scores(self, q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
        """Scaled and masked."""
        scores = q @ k.mT / math.sqrt(self.d_head)
        return scores if mask is None else scores.masked_fill(~mask, -math.inf)

    def join(self, heads: Tensor) -> Tensor:
        """(batch, heads, query, d_head) to (batch, query, d_model)."""
        return heads.transpose(1, 2).flatten(2)

    def mix(self, joined: Tensor, x: Tensor) -> Tensor:
        """The output projection."""
        return self.out_proj(joined)


def with_steps(**steps: Callable) -> type[Attention]:
    """The module with these methods in place of its own."""
    return type("MultiHeadAttention", (Attention,), steps)


# Other ways to do a step.


def reshape_to_heads(self: Attention, h: Tensor) -> Tensor:
    """(batch, heads, seq, d_head) at once."""
    return h.reshape(len(h), -1, h.shape[1], self.d_head)


def reshape_from_heads(self: Attention, heads: Tensor) -> Tensor:
    """(batch, query, d_model) at once."""
    return heads.reshape(len(heads), heads.shape[2], -1)


def split_entry_by_entry(self: Attention, h: Tensor) -> Tensor:
    """Column c to head c mod n, in place of blocks of columns."""
    return h.unflatten(-1, (self.d_head, -1)).permute(0, 3, 1, 2)


def join_entry_by_entry(self: Attention, heads: Tensor) -> Tensor:
    """All first entries, then all second ones."""
    return heads.permute(0, 2, 3, 1).flatten(2)


def split_into_columns(self: Attention, h: Tensor) -> Tensor:
    """d_head heads of n_heads columns: the two sizes exchanged, and then the axes as usual."""
    return h.unflatten(-1, (self.d_head, -1)).transpose(1, 2)


def one_wide_head(self: Attention, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """One attention over the full width."""
    q, k, v = (h.transpose(1, 2).flatten(2) for h in (q, k, v))  # (batch, seq, d_model)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return self.split(scores.softmax(dim=-1) @ v)


def queries_of_the_key_projection(
    self: Attention, x: Tensor, context: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """q_proj is never used."""
    return self.share(self.split(self.k_proj(x))).transpose(1, 2).flatten(2), *(
        self.k_proj(context),
        self.v_proj(context),
    )


def causal_scores(self: Attention, q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """A causal mask always."""
    seen = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril()
    return Attention.scores(self, q, k, seen if mask is None else mask & seen)


def offered_attention(
    self: Attention, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None
) -> Tensor:
    """As the function that the exercise offers: a row that sees nothing gets zeros."""
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = torch.where(mask, scores, -math.inf)
    return scores.softmax(dim=-1).nan_to_num() @ v


def attend_inverted(
    self: Attention, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None
) -> Tensor:
    """The offered function, with the mask the other way round."""
    return offered_attention(self, q, k, v, None if mask is None else ~mask)


def repeated_along(dim: int) -> Callable[..., Tensor]:
    """Keys and values repeated along an axis other than the heads'."""
    return lambda self, h: h.repeat_interleave(self.n_heads // self.n_kv_heads, dim=dim)


def masked_weights(self: Attention, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Weights times mask."""
    weights = self.scores(q, k, None).softmax(dim=-1)
    return (weights if mask is None else weights * mask) @ v


def softmax_over(dim: int) -> Callable[..., Tensor]:
    """Over an axis other than the keys."""
    return lambda self, q, k, v, mask: self.scores(q, k, mask).softmax(dim=dim) @ v


def first_key_head(self: Attention, h: Tensor) -> Tensor:
    """The first one for all, where they are fewer."""
    return h if self.n_kv_heads == self.n_heads else h[:, :1].expand(-1, self.n_heads, -1, -1)


def sequence_first(
    self: Attention, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
) -> Tensor:
    """(seq, batch, d_model)."""
    context = None if context is None else context.transpose(0, 1)
    return Attention.forward(self, x.transpose(0, 1), context, mask).transpose(0, 1)
