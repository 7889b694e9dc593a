"""Other correct ways to write MultiHeadAttention."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class WithEinsum(nn.Module):
    """Grouped queries keep their own axis; nothing is repeated."""

    def __init__(self, d_model, n_heads, n_kv_heads=None):
        super().__init__()
        self.groups = n_kv_heads or n_heads
        self.n_heads = n_heads
        self.d_head = d_model // n_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, self.groups * self.d_head)
        self.v_proj = nn.Linear(d_model, self.groups * self.d_head)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x, context=None, mask=None):
        c = x if context is None else context
        b, nq, _ = x.shape
        q = self.q_proj(x).view(b, nq, self.groups, -1, self.d_head)
        k = self.k_proj(c).view(b, -1, self.groups, self.d_head)
        v = self.v_proj(c).view(b, -1, self.groups, self.d_head)
        scores = torch.einsum("bqghd,bkgd->bghqk", q, k) / self.d_head**0.5
        if mask is not None:
            mask = mask.expand(b, self.n_heads, *scores.shape[-2:]).reshape(scores.shape)
            scores = scores + torch.zeros_like(scores).masked_fill(~mask, float("-inf"))
        heads = torch.einsum("bghqk,bkgd->bqghd", scores.softmax(-1), v)
        return self.out_proj(heads.reshape(b, nq, -1))


class OneHeadAtATime(nn.Module):
    """A loop over heads, as the formula reads; weights are called directly."""

    def __init__(self, d_model, n_heads, n_kv_heads=None):
        super().__init__()
        n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        self.n_heads, self.per_group, self.d_head = (
            n_heads,
            n_heads // n_kv_heads,
            d_model // n_heads,
        )
        d_kv = n_kv_heads * self.d_head
        for name, width in (("q", d_model), ("k", d_kv), ("v", d_kv), ("out", d_model)):
            self.add_module(f"{name}_proj", nn.Linear(d_model, width))

    def forward(self, x, context=None, mask=None):
        context = context if context is not None else x
        if mask is not None:
            mask = mask.expand(len(x), self.n_heads, x.shape[1], context.shape[1])
        outputs = []
        for head in range(self.n_heads):
            own = slice(head * self.d_head, (head + 1) * self.d_head)
            start = head // self.per_group * self.d_head
            shared = slice(start, start + self.d_head)
            q = F.linear(x, self.q_proj.weight[own], self.q_proj.bias[own])
            k = F.linear(context, self.k_proj.weight[shared], self.k_proj.bias[shared])
            v = F.linear(context, self.v_proj.weight[shared], self.v_proj.bias[shared])
            scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(self.d_head)
            if mask is not None:
                scores[~mask[:, head]] = -1e9
            outputs.append(torch.bmm(F.softmax(scores, dim=-1), v))
        return self.out_proj(torch.cat(outputs, dim=-1))


class Fused(nn.Module):
    """torch's kernel, which shares the key heads by itself; an instance of nn.Linear for each."""

    def __init__(self, d_model: int, n_heads: int, n_kv_heads: int | None = None):
        super().__init__()
        self.d_head = d_model // n_heads
        d_kv = self.d_head * (n_kv_heads or n_heads)
        self.q_proj, self.out_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.k_proj, self.v_proj = nn.Linear(d_model, d_kv), nn.Linear(d_model, d_kv)

    def split(self, h):
        return h.reshape(*h.shape[:2], -1, self.d_head).permute(0, 2, 1, 3)

    def forward(self, x, context=None, mask=None):
        c = x if context is None else context
        q, k, v = self.split(self.q_proj(x)), self.split(self.k_proj(c)), self.split(self.v_proj(c))
        heads = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
        return self.out_proj(heads.permute(0, 2, 1, 3).contiguous().view(x.shape))


class BatchOfHeads(nn.Module):
    """Heads are moved into the batch axis, and the result is computed in float64."""

    def __init__(self, d_model, n_heads, n_kv_heads=None):
        super().__init__()
        self.n_heads, self.n_kv_heads = n_heads, n_kv_heads or n_heads
        narrow = d_model * self.n_kv_heads // n_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, narrow)
        self.v_proj = nn.Linear(d_model, narrow)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x, context=None, mask=None):
        c = x if context is None else context
        which = torch.arange(self.n_heads) * self.n_kv_heads // self.n_heads

        def heads(h, n):
            return torch.stack(h.double().chunk(n, dim=-1), dim=1)  # (batch, n, seq, d_head)

        q = heads(self.q_proj(x), self.n_heads).flatten(0, 1)
        k = heads(self.k_proj(c), self.n_kv_heads)[:, which].flatten(0, 1)
        v = heads(self.v_proj(c), self.n_kv_heads)[:, which].flatten(0, 1)
        scores = q @ k.mT * q.shape[-1] ** -0.5
        if mask is not None:
            size = (len(x), self.n_heads, *scores.shape[1:])
            scores = scores.masked_fill(mask.logical_not().expand(size).flatten(0, 1), -torch.inf)
        joined = (scores.softmax(-1) @ v).unflatten(0, (len(x), self.n_heads))
        return self.out_proj(torch.cat(joined.unbind(1), dim=-1).float())


VARIANTS = [WithEinsum, OneHeadAtATime, Fused, BatchOfHeads]
