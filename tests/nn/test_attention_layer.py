"""What an attention layer adds to multi-head attention, piece by piece."""

from unittest import mock

import pytest
import torch
from torch.nn import functional

from course_lib.nn.attention import causal_attention, scaled_dot_product_attention
from course_lib.nn.attention_layer import AttentionLayer
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.masks import causal_mask
from course_lib.nn.multi_head import MultiHeadAttention
from course_lib.nn.rotary import Rotary


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(*sizes, seed=0, **options):
    torch.manual_seed(seed)
    return AttentionLayer(*sizes, **options).double()


@pytest.mark.parametrize("n_kv_heads", [None, 2])
def test_weights_fit_multi_head_attention(n_kv_heads):
    ours, x, context = layer(12, 6, n_kv_heads), draws(3, 5, 12), draws(3, 7, 12, seed=1)
    theirs = MultiHeadAttention(12, 6, n_kv_heads).double()
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(x, context), theirs(x, context))


def test_without_biases_it_is_multi_head_attention_with_biases_of_zero():
    ours, x = layer(12, 6, 2, bias=False), draws(3, 5, 12)
    theirs = MultiHeadAttention(12, 6, 2).double()
    theirs.load_state_dict(ours.state_dict(), strict=False)
    for projection in theirs.children():
        torch.nn.init.zeros_(projection.bias)
    assert {name for name, _ in ours.named_parameters()} == {
        f"{name}_proj.weight" for name in ("q", "k", "v", "out")
    }
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("n_positions", [1, 5])
def test_one_product_gives_what_three_give(bias, n_positions):
    ours, x = layer(12, 6, 2, bias=bias), draws(3, n_positions, 12)
    with mock.patch.object(functional, "linear", wraps=functional.linear) as products:
        together = ours.queries_keys_values(x)
    assert products.call_count == (3 if n_positions == 1 else 1)
    for part, projection in zip(together, (ours.q_proj, ours.k_proj, ours.v_proj), strict=True):
        expected = projection(x).unflatten(-1, (-1, 2)).transpose(1, 2)
        torch.testing.assert_close(part, expected)


def test_a_projection_of_another_kind_is_called():
    class Doubled(torch.nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    ours, x = layer(12, 6), draws(3, 5, 12)
    expected = ours(x)
    doubled = Doubled(12, 12).double()
    doubled.load_state_dict({name: w / 2 for name, w in ours.v_proj.state_dict().items()})
    ours.v_proj = doubled
    torch.testing.assert_close(ours(x), expected)


@pytest.mark.parametrize(
    "register",
    ["register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"],
)
def test_whoever_asked_is_told_of_each_projection(register):
    ours, x, told = layer(12, 6), draws(3, 5, 12), []
    for name in ("q", "k", "v"):
        getattr(getattr(ours, f"{name}_proj"), register)(lambda *_, name=name: told.append(name))
    ours(x.requires_grad_()).sum().backward()
    assert sorted(told) == ["k", "q", "v"]


def test_one_projection_may_go_without_its_bias():
    ours, x = layer(12, 6), draws(3, 5, 12)
    torch.nn.init.zeros_(ours.k_proj.bias)
    expected = ours(x)
    ours.k_proj.bias = None
    torch.testing.assert_close(ours(x), expected)


@pytest.mark.parametrize("sizes", [(12, 5), (12, 0), (12, 4, 3)])
def test_heads_that_do_not_divide_are_refused(sizes):
    with pytest.raises(ValueError, match="heads must divide"):
        AttentionLayer(*sizes)


def test_keys_and_values_made_before_serve_as_context():
    ours, x, context = layer(12, 6, 2), draws(3, 5, 12), draws(3, 7, 12, seed=1)
    known = ours.keys_values(context)
    assert [h.shape for h in known] == [(3, 2, 7, 2)] * 2
    assert torch.equal(ours(x, known), ours(x, context))


def test_queries_and_keys_are_rotated_and_values_are_not():
    ours, x = layer(12, 3), draws(2, 5, 12)
    rotary = Rotary(torch.arange(5), 4)
    q, k, v = (
        projection(x).unflatten(-1, (3, 4)).transpose(1, 2)
        for projection in (ours.q_proj, ours.k_proj, ours.v_proj)
    )
    heads = scaled_dot_product_attention(rotary(q), rotary(k), v)
    expected = ours.out_proj(heads.transpose(1, 2).reshape(2, 5, 12))
    torch.testing.assert_close(ours(x, rotary=rotary), expected)


def test_with_rotary_positions_only_distances_count():
    ours, x = layer(12, 3), draws(2, 5, 12)
    here = ours(x, rotary=Rotary(torch.arange(5), 4))
    far = ours(x, rotary=Rotary(torch.arange(5) + 100, 4))
    torch.testing.assert_close(here, far, rtol=0, atol=1e-5)
    assert not torch.allclose(here, ours(x))


def test_a_bias_is_passed_on_to_the_function_that_attends():
    ours, x, bias = layer(12, 3), draws(2, 5, 12), draws(1, 3, 5, 5)
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

    ours, x, mask = layer(12, 6, 2, attention=look), draws(2, 5, 12), causal_mask(5)
    result = ours(x, mask=mask)
    assert seen == [((2, 6, 5, 2),) * 3 + (mask,)]
    values = ours.v_proj(x).unflatten(-1, (2, 2)).repeat_interleave(3, -2).flatten(-2)
    torch.testing.assert_close(result, ours.out_proj(values))


def test_causal_attention_equals_a_causal_mask():
    ours, x = layer(12, 3), draws(2, 5, 12)
    masked = ours(x, mask=causal_mask(5))
    ours.attention = causal_attention
    torch.testing.assert_close(ours(x), masked)


@pytest.mark.parametrize(
    "option", [{"rotary": Rotary(torch.arange(5), 4)}, {"cache": KVCache(2, 3, 9, 4)}]
)
def test_a_context_has_neither_rotations_nor_a_growing_cache(option):
    x = draws(2, 5, 12)
    with pytest.raises(ValueError, match="rotary and cache must be None where there is a context"):
        layer(12, 3)(x, x, **option)
