"""Other correct ways to write attention_parameters and attention_flops."""

import torch
from torch import nn


def from_a_module(d_model, n_heads, n_kv_heads=None, bias=True):
    d_head = d_model // n_heads
    d_kv = d_head * (n_heads if n_kv_heads is None else n_kv_heads)
    with torch.device("meta"):
        layers = nn.ModuleList(
            nn.Linear(d_model, width, bias=bias) for width in (d_model, d_kv, d_kv, d_model)
        )
    return sum(p.numel() for p in layers.parameters())


def closed_form(n_queries, d_model, n_heads, n_kv_heads=None, n_keys=None):
    if n_keys is None:
        n_keys = n_queries
    share = (n_kv_heads or n_heads) / n_heads
    projections = 4 * d_model**2 * (n_queries + round(share * n_heads) * n_keys / n_heads)
    return round(projections + 4 * n_queries * n_keys * d_model)


def head_by_head(d_model, n_heads, n_kv_heads=None, bias=True):
    n_kv_heads = n_kv_heads or n_heads
    d_head = d_model // n_heads
    one = d_model * d_head + (d_head if bias else 0)
    out = n_heads * d_head * d_model + (d_model if bias else 0)
    return n_heads * one + 2 * n_kv_heads * one + out


def product_by_product(n_queries, d_model, n_heads, n_kv_heads=None, n_keys=None):
    def product(a, b, c):
        return 2 * a * b * c

    n_kv_heads, n_keys = n_kv_heads or n_heads, n_keys or n_queries
    d_head = d_model // n_heads
    total = product(n_queries, d_model, d_model)
    total += 2 * product(n_keys, d_model, n_kv_heads * d_head)
    for _ in range(n_heads):
        total += product(n_queries, d_head, n_keys)
        total += product(n_queries, n_keys, d_head)
    return total + product(n_queries, d_model, d_model)


def formula(d_model, n_heads, n_kv_heads=None, bias=True):
    if n_kv_heads is None:
        n_kv_heads = n_heads
    ratio_up, ratio_down = n_kv_heads, n_heads
    weights = 2 * d_model**2 + 2 * d_model**2 * ratio_up // ratio_down
    return torch.tensor(weights + bias * (2 * d_model + 2 * d_model * ratio_up // ratio_down))


def counting_terms(n_queries, d_model, n_heads, n_kv_heads=None, n_keys=None):
    """Multiply-adds first, doubled at the end; a 0-d tensor."""
    n_keys = n_queries if n_keys is None else n_keys
    kv_width = d_model if n_kv_heads is None else n_kv_heads * (d_model // n_heads)
    terms = [n_queries * d_model * d_model] * 2
    terms += [n_keys * d_model * kv_width] * 2
    terms += [n_heads * n_queries * n_keys * (d_model // n_heads)] * 2
    return torch.tensor(terms).sum() * 2


VARIANTS = [
    (from_a_module, closed_form),
    (head_by_head, product_by_product),
    (formula, counting_terms),
]
