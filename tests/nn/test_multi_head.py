"""Multi-head attention against torch's with the same weights, and against one head at a time."""

import pytest
import torch
from torch import nn

from course_lib.nn.attention import scaled_dot_product_attention
from course_lib.nn.attention_layer import AttentionLayer
from course_lib.nn.masks import causal_mask, padding_mask
from course_lib.nn.multi_head import MultiHeadAttention


def unfused(*sizes, **options):
    return AttentionLayer(*sizes, attention=scaled_dot_product_attention, **options)


EVERY = pytest.mark.parametrize("kind", [MultiHeadAttention, AttentionLayer, unfused])


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def module(kind, *sizes, seed=0, **options):
    torch.manual_seed(seed)
    return kind(*sizes, **options).double()


def torchs(ours):
    """torch.nn.MultiheadAttention with the weights of ours."""
    d_model = ours.q_proj.in_features
    theirs = nn.MultiheadAttention(d_model, ours.n_heads, batch_first=True).double()
    inward = (ours.q_proj, ours.k_proj, ours.v_proj)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([projection.weight for projection in inward]))
        theirs.in_proj_bias.copy_(torch.cat([projection.bias for projection in inward]))
        theirs.out_proj.load_state_dict(ours.out_proj.state_dict())
    return theirs


@EVERY
@pytest.mark.parametrize("n_heads", [1, 2, 4, 12])
def test_self_attention_equals_torchs(kind, n_heads):
    ours, x = module(kind, 12, n_heads), draws(3, 5, 12)
    expected, _ = torchs(ours)(x, x, x, need_weights=False)
    torch.testing.assert_close(ours(x), expected)


@EVERY
def test_masked_self_attention_equals_torchs(kind):
    ours, x = module(kind, 12, 3), draws(3, 5, 12)
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


@EVERY
def test_cross_attention_equals_torchs(kind):
    ours, x, context = module(kind, 12, 3), draws(3, 5, 12), draws(3, 7, 12, seed=1)
    real = padding_mask(torch.tensor([7, 1, 4]), 7)
    expected, _ = torchs(ours)(x, context, context, key_padding_mask=~real, need_weights=False)
    torch.testing.assert_close(ours(x, context, real[:, None, None, :]), expected)


@EVERY
def test_gradients_equal_torchs(kind):
    ours, x, context = module(kind, 12, 3), draws(3, 5, 12), draws(3, 7, 12, seed=1)
    theirs, upstream = torchs(ours), draws(3, 5, 12, seed=2)
    (ours(x, context) * upstream).sum().backward()
    (theirs(x, context, context, need_weights=False)[0] * upstream).sum().backward()
    for kind in ("weight", "bias"):
        inward = [getattr(p, kind).grad for p in (ours.q_proj, ours.k_proj, ours.v_proj)]
        torch.testing.assert_close(torch.cat(inward), getattr(theirs, f"in_proj_{kind}").grad)
        torch.testing.assert_close(
            getattr(ours.out_proj, kind).grad, getattr(theirs.out_proj, kind).grad
        )


@EVERY
@pytest.mark.parametrize("n_kv_heads", [1, 2, 3, 6])
@pytest.mark.parametrize("cross", [False, True])
def test_each_key_and_value_head_serves_a_group_of_neighbouring_query_heads(
    kind, n_kv_heads, cross
):
    n_heads, d_head = 6, 4
    ours = module(kind, 24, n_heads, n_kv_heads)
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
    def count(*sizes):
        return sum(p.numel() for p in MultiHeadAttention(*sizes).parameters())

    assert count(12, 3) == count(12, 6) == 4 * (12 * 12 + 12)
    assert count(12, 6, 2) == 2 * (12 * 12 + 12) + 2 * (12 * 4 + 4)
    assert list(dict(MultiHeadAttention(4, 2).named_children())) == [
        "q_proj",
        "k_proj",
        "v_proj",
        "out_proj",
    ]


@EVERY
def test_without_positions_attention_is_permutation_equivariant(kind):
    ours, x = module(kind, 12, 3), draws(2, 5, 12)
    order = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(ours(x[:, order]), ours(x)[:, order])


@pytest.mark.parametrize("n_heads", [5, 0, -4])
def test_heads_that_do_not_divide_the_width_are_refused(n_heads):
    with pytest.raises(ValueError, match=f"n_heads must divide d_model = 12, got {n_heads}"):
        MultiHeadAttention(12, n_heads)


@pytest.mark.parametrize("n_kv_heads", [4, 0, -1, 12])
def test_groups_of_unequal_size_are_refused(n_kv_heads):
    with pytest.raises(ValueError, match=f"n_kv_heads must divide n_heads = 6, got {n_kv_heads}"):
        MultiHeadAttention(12, 6, n_kv_heads)
