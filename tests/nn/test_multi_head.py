"""Multi-head attention against torch's with the same weights, and against one head at a time."""

import pytest
import torch
from torch import nn

from course_lib.nn.attention import (
    causal_attention,
    fused_attention,
    scaled_dot_product_attention,
)
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.masks import causal_mask, padding_mask
from course_lib.nn.multi_head import MultiHeadAttention
from course_lib.nn.rotary import Rotary

BOTH = pytest.mark.parametrize("attention", [scaled_dot_product_attention, fused_attention])


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def module(*sizes, seed=0, **options):
    torch.manual_seed(seed)
    return MultiHeadAttention(*sizes, **options).double()


def torchs(ours):
    """torch.nn.MultiheadAttention with the weights of ours."""
    bias = ours.q_proj.bias is not None
    d_model = ours.q_proj.in_features
    theirs = nn.MultiheadAttention(d_model, ours.n_heads, bias=bias, batch_first=True).double()
    inward = (ours.q_proj, ours.k_proj, ours.v_proj)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([projection.weight for projection in inward]))
        theirs.out_proj.weight.copy_(ours.out_proj.weight)
        if bias:
            theirs.in_proj_bias.copy_(torch.cat([projection.bias for projection in inward]))
            theirs.out_proj.bias.copy_(ours.out_proj.bias)
    return theirs


@BOTH
@pytest.mark.parametrize("n_heads", [1, 2, 4, 12])
@pytest.mark.parametrize("bias", [True, False])
def test_self_attention_equals_torchs(attention, n_heads, bias):
    ours, x = module(12, n_heads, bias=bias, attention=attention), draws(3, 5, 12)
    expected, _ = torchs(ours)(x, x, x, need_weights=False)
    torch.testing.assert_close(ours(x), expected)


@BOTH
def test_masked_self_attention_equals_torchs(attention):
    ours, x = module(12, 3, attention=attention), draws(3, 5, 12)
    lengths = torch.tensor([5, 2, 3])
    mask = causal_mask(5) & padding_mask(lengths, 5)[:, None, None, :]
    expected, _ = torchs(ours)(
        x,
        x,
        x,
        attn_mask=~causal_mask(5),
        key_padding_mask=~padding_mask(lengths, 5),
        need_weights=False,
    )
    torch.testing.assert_close(ours(x, mask=mask), expected)


@BOTH
def test_cross_attention_equals_torchs(attention):
    ours, x, context = module(12, 3, attention=attention), draws(3, 5, 12), draws(3, 7, 12, seed=1)
    real = padding_mask(torch.tensor([7, 1, 4]), 7)
    expected, _ = torchs(ours)(x, context, context, key_padding_mask=~real, need_weights=False)
    torch.testing.assert_close(ours(x, context, real[:, None, None, :]), expected)


def test_gradients_equal_torchs():
    ours, x, context = module(12, 3), draws(3, 5, 12), draws(3, 7, 12, seed=1)
    theirs, upstream = torchs(ours), draws(3, 5, 12, seed=2)
    (ours(x, context) * upstream).sum().backward()
    (theirs(x, context, context, need_weights=False)[0] * upstream).sum().backward()
    for kind in ("weight", "bias"):
        inward = [getattr(p, kind).grad for p in (ours.q_proj, ours.k_proj, ours.v_proj)]
        torch.testing.assert_close(torch.cat(inward), getattr(theirs, f"in_proj_{kind}").grad)
        torch.testing.assert_close(
            getattr(ours.out_proj, kind).grad, getattr(theirs.out_proj, kind).grad
        )


@BOTH
@pytest.mark.parametrize("n_kv_heads", [1, 2, 3, 6])
@pytest.mark.parametrize("cross", [False, True])
def test_each_key_and_value_head_serves_a_group_of_neighbouring_query_heads(
    attention, n_kv_heads, cross
):
    n_heads, d_head = 6, 4
    ours = module(24, n_heads, n_kv_heads, attention=attention)
    x = draws(2, 5, 24)
    context = draws(2, 7, 24, seed=1) if cross else None
    source = context if cross else x
    q, k, v = ours.q_proj(x), ours.k_proj(source), ours.v_proj(source)
    assert k.shape[-1] == v.shape[-1] == n_kv_heads * d_head
    heads = []
    for head in range(n_heads):
        group = head * n_kv_heads // n_heads
        own = slice(head * d_head, (head + 1) * d_head)
        shared = slice(group * d_head, (group + 1) * d_head)
        scores = torch.einsum("bqd,bkd->bqk", q[..., own], k[..., shared]) / d_head**0.5
        heads.append(torch.softmax(scores, -1) @ v[..., shared])
    torch.testing.assert_close(ours(x, context), ours.out_proj(torch.cat(heads, -1)))


def test_parameters_are_counted_as_the_formula_says():
    def count(*sizes, **options):
        return sum(p.numel() for p in MultiHeadAttention(*sizes, **options).parameters())

    assert count(12, 3) == count(12, 6) == 4 * (12 * 12 + 12)
    assert count(12, 6, 2, bias=False) == 2 * 12 * 12 + 2 * 12 * 4
    assert list(dict(MultiHeadAttention(4, 2).named_children())) == [
        "q_proj",
        "k_proj",
        "v_proj",
        "out_proj",
    ]


def test_keys_and_values_made_before_serve_as_context():
    ours, x, context = module(12, 6, 2), draws(3, 5, 12), draws(3, 7, 12, seed=1)
    known = ours.keys_values(context)
    assert [h.shape for h in known] == [(3, 2, 7, 2)] * 2
    assert torch.equal(ours(x, known), ours(x, context))


def test_queries_and_keys_are_rotated_and_values_are_not():
    ours, x = module(12, 3), draws(2, 5, 12)
    rotary = Rotary(torch.arange(5), 4)
    q, k, v = (
        projection(x).unflatten(-1, (3, 4)).transpose(1, 2)
        for projection in (ours.q_proj, ours.k_proj, ours.v_proj)
    )
    heads = scaled_dot_product_attention(rotary(q), rotary(k), v)
    expected = ours.out_proj(heads.transpose(1, 2).reshape(2, 5, 12))
    torch.testing.assert_close(ours(x, rotary=rotary), expected)


def test_with_rotary_positions_only_distances_count():
    ours, x = module(12, 3), draws(2, 5, 12)
    here = ours(x, rotary=Rotary(torch.arange(5), 4))
    far = ours(x, rotary=Rotary(torch.arange(5) + 100, 4))
    torch.testing.assert_close(here, far, rtol=0, atol=1e-5)
    assert not torch.allclose(here, ours(x))


def test_a_bias_is_passed_on_to_the_function_that_attends():
    ours, x, bias = module(12, 3), draws(2, 5, 12), draws(1, 3, 5, 5)
    q, k, v = (
        projection(x).unflatten(-1, (3, 4)).transpose(1, 2)
        for projection in (ours.q_proj, ours.k_proj, ours.v_proj)
    )
    heads = torch.softmax(q @ k.transpose(-2, -1) / 2 + bias, -1) @ v
    expected = ours.out_proj(heads.transpose(1, 2).reshape(2, 5, 12))
    torch.testing.assert_close(ours(x, score_bias=bias), expected)


def test_any_function_of_queries_keys_values_and_mask_can_attend():
    seen = []

    def look(q, k, v, mask):
        seen.append((q.shape, k.shape, v.shape, mask))
        return v

    ours, x, mask = module(12, 6, 2, attention=look), draws(2, 5, 12), causal_mask(5)
    result = ours(x, mask=mask)
    assert seen == [((2, 6, 5, 2),) * 3 + (mask,)]
    values = ours.v_proj(x).unflatten(-1, (2, 2)).repeat_interleave(3, -2).flatten(-2)
    torch.testing.assert_close(result, ours.out_proj(values))


def test_without_positions_attention_is_permutation_equivariant():
    ours, x = module(12, 3), draws(2, 5, 12)
    order = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(ours(x[:, order]), ours(x)[:, order])


def test_causal_attention_equals_a_causal_mask():
    ours, x = module(12, 3), draws(2, 5, 12)
    masked = ours(x, mask=causal_mask(5))
    ours.attention = causal_attention
    torch.testing.assert_close(ours(x), masked)


@pytest.mark.parametrize("n_heads", [5, 0, -4])
def test_heads_that_do_not_divide_the_width_are_refused(n_heads):
    with pytest.raises(ValueError, match=f"n_heads must divide d_model = 12, got {n_heads}"):
        MultiHeadAttention(12, n_heads)


@pytest.mark.parametrize("n_kv_heads", [4, 0, -1, 12])
def test_groups_of_unequal_size_are_refused(n_kv_heads):
    with pytest.raises(ValueError, match=f"n_kv_heads must divide n_heads = 6, got {n_kv_heads}"):
        MultiHeadAttention(12, 6, n_kv_heads)


@pytest.mark.parametrize(
    "option", [{"rotary": Rotary(torch.arange(5), 4)}, {"cache": KVCache(2, 3, 9, 4)}]
)
def test_a_context_has_neither_rotations_nor_a_growing_cache(option):
    x = draws(2, 5, 12)
    with pytest.raises(ValueError, match="rotary and cache must be None where there is a context"):
        module(12, 3)(x, x, **option)
