"""Attention by hand against loops, the fused kernels against attention by hand, gradients too."""

import math
from functools import partial

import pytest
import torch
from torch.nn import functional as F

from course_lib.nn.attention import (
    attention_weights,
    causal_attention,
    fused_attention,
    scaled_dot_product_attention,
)

BOTH = pytest.mark.parametrize("attention", [scaled_dot_product_attention, fused_attention])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def draws(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=seeded(seed), dtype=dtype)


def qkv(batch=(2, 3), n_queries=4, n_keys=5, d_head=6, dtype=torch.float64):
    return (
        draws(*batch, n_queries, d_head, seed=1, dtype=dtype),
        draws(*batch, n_keys, d_head, seed=2, dtype=dtype),
        draws(*batch, n_keys, d_head, seed=3, dtype=dtype),
    )


def random_mask(*shape, seed=0):
    """True for two of three; the first query may attend to nothing."""
    mask = torch.rand(shape, generator=seeded(seed)) < 2 / 3
    mask[..., 0, :] = False
    return mask


def by_loops(q, k, v, allowed):
    """One query at a time, from the words of the definition."""
    rows = []
    for i, query in enumerate(q.tolist()):
        total, sums = 0.0, [0.0] * v.shape[1]
        for j, (key, value) in enumerate(zip(k.tolist(), v.tolist(), strict=True)):
            if allowed[i][j]:
                product = sum(a * b for a, b in zip(query, key, strict=True))
                weight = math.exp(product / math.sqrt(len(query)))
                total += weight
                sums = [s + weight * entry for s, entry in zip(sums, value, strict=True)]
        rows.append([s / total if total else 0.0 for s in sums])
    return torch.tensor(rows, dtype=torch.float64)


MASK_SHAPES = [(4, 5), (2, 1, 4, 5), (1, 3, 4, 5), (2, 3, 4, 5), (2, 1, 1, 5)]


@BOTH
@pytest.mark.parametrize("shape", [None, *MASK_SHAPES])
def test_equals_loops_over_queries_and_keys(attention, shape):
    q, k, v = qkv()
    mask = None if shape is None else random_mask(*shape)
    allowed = torch.ones(2, 3, 4, 5, dtype=torch.bool) if mask is None else mask.expand(2, 3, 4, 5)
    result = attention(q, k, v, mask)
    for b in range(2):
        for h in range(3):
            expected = by_loops(q[b, h], k[b, h], v[b, h], allowed[b, h].tolist())
            torch.testing.assert_close(result[b, h], expected)


@BOTH
def test_numbers_worked_by_hand(attention):
    q = torch.tensor([[2.0, 0.0, 0.0, 0.0]])  # √d_head = 2, so the scores are log 3 and 0
    k = torch.tensor([[math.log(3), 0.0, 0.0, 0.0], [0.0, 7.0, 0.0, 0.0]])
    v = torch.tensor([[8.0, 0.0], [0.0, 4.0]])
    assert attention(q[None], k[None], v[None])[0, 0].tolist() == pytest.approx([6.0, 1.0])


@BOTH
@pytest.mark.parametrize("batch", [(), (2,), (2, 3), (2, 2, 3)])
@pytest.mark.parametrize(("n_queries", "n_keys", "d_head"), [(1, 1, 1), (1, 7, 4), (6, 2, 3)])
def test_any_leading_axes_and_sizes(attention, batch, n_queries, n_keys, d_head):
    q, k, v = qkv(batch, n_queries, n_keys, d_head)
    weights = torch.softmax(torch.einsum("...qd,...kd->...qk", q, k) / d_head**0.5, -1)
    torch.testing.assert_close(attention(q, k, v), torch.einsum("...qk,...kd->...qd", weights, v))


@BOTH
def test_values_may_have_a_width_of_their_own(attention):
    q, k, _ = qkv()
    v = draws(2, 3, 5, 2)
    torch.testing.assert_close(
        attention(q, k, v), torch.softmax(q @ k.transpose(-2, -1) / 6**0.5, -1) @ v
    )


def outputs_and_gradients(attention, inputs, mask, dtype=None):
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    result = attention(*leaves, mask)
    upstream = draws(*result.shape, seed=9).to(result.dtype)
    return [result, *torch.autograd.grad(result, leaves, upstream)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [None, (33, 40), (2, 1, 33, 40), (2, 3, 33, 40), (2, 1, 1, 40)])
def test_the_fused_kernel_computes_the_same_and_has_the_same_gradients(shape, dtype):
    inputs = qkv(n_queries=33, n_keys=40, d_head=16, dtype=dtype)
    mask = None if shape is None else random_mask(*shape)
    by_hand = outputs_and_gradients(scaled_dot_product_attention, inputs, mask)
    fused = outputs_and_gradients(fused_attention, inputs, mask)
    for ours, theirs in zip(by_hand, fused, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@BOTH
def test_a_query_that_may_attend_to_nothing_gets_zeros_and_gives_no_gradient(attention):
    inputs = qkv()
    mask = torch.ones(4, 5, dtype=torch.bool)
    mask[2] = False
    result, q_grad, k_grad, v_grad = outputs_and_gradients(attention, inputs, mask)
    assert not result[:, :, 2].any()
    assert not q_grad[:, :, 2].any()
    rows = [0, 1, 3]
    others = outputs_and_gradients(attention, (inputs[0][:, :, rows], *inputs[1:]), mask[rows])
    torch.testing.assert_close(result[:, :, rows], others[0])
    assert all(gradient.isfinite().all() for gradient in (q_grad, k_grad, v_grad))


@BOTH
def test_no_query_may_attend_to_anything(attention):
    mask = torch.zeros(1, 1, 1, 1, dtype=torch.bool)
    assert all(not x.any() for x in outputs_and_gradients(attention, qkv(), mask))


@BOTH
def test_derivatives_agree_with_finite_differences(attention):
    inputs = [x.requires_grad_() for x in qkv((1, 1), 3, 4, 2)]
    mask = random_mask(3, 4)
    assert torch.autograd.gradcheck(lambda q, k, v: attention(q, k, v, mask), inputs)


@BOTH
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(attention, dtype):
    q, k, v = (x.to(dtype) for x in qkv(n_queries=20, n_keys=30, d_head=64))
    q = 8 * q  # scores of some tens, which bfloat16 would round to quarters
    mask = random_mask(20, 30)
    result = attention(q, k, v, mask)
    exact = scaled_dot_product_attention(q.double(), k.double(), v.double(), mask)
    assert result.dtype == dtype
    resolution = torch.finfo(dtype).eps
    torch.testing.assert_close(result.double(), exact, rtol=resolution, atol=2 * resolution)


def test_scores_beyond_the_range_of_float16_do_no_harm():
    q = torch.full((1, 1, 2, 64), 100.0, dtype=torch.float16)  # 100 · 100 · 64 > 65504
    v = draws(1, 1, 2, 64, dtype=torch.float32).half()
    result = scaled_dot_product_attention(q, q, v)
    torch.testing.assert_close(result, v.float().mean(-2, keepdim=True).half().expand_as(v))


@pytest.mark.parametrize("shape", [None, *MASK_SHAPES])
def test_weights_are_those_of_the_mean(shape):
    q, k, v = qkv()
    mask = None if shape is None else random_mask(*shape)
    weights = attention_weights(q, k, mask)
    torch.testing.assert_close(weights @ v, scaled_dot_product_attention(q, k, v, mask))
    sums = weights.sum(-1)
    torch.testing.assert_close(sums, (sums > 0.5).double())
    if mask is None:
        scores = q @ k.transpose(-2, -1) / math.sqrt(6)
        torch.testing.assert_close(weights, torch.softmax(scores, -1))
    else:
        assert not weights[~mask.expand_as(weights)].any()


@pytest.mark.parametrize("shape", [None, *MASK_SHAPES])
@pytest.mark.parametrize("bias_shape", [(4, 5), (1, 3, 4, 5), (2, 1, 1, 5)])
def test_a_bias_is_added_to_the_scores(shape, bias_shape):
    mask = None if shape is None else random_mask(*shape)
    inputs = (*qkv(), draws(*bias_shape, seed=4))

    def expected(q, k, v, bias, mask):
        scores = q @ k.transpose(-2, -1) / math.sqrt(6) + bias
        if mask is None:
            return torch.softmax(scores, -1) @ v
        weights = torch.softmax(scores.masked_fill(~mask, -math.inf), -1)
        return weights.masked_fill(~mask, 0.0) @ v

    def ours(q, k, v, bias, mask):
        return fused_attention(q, k, v, mask, bias)

    result, *gradients = outputs_and_gradients(ours, inputs, mask)
    if mask is None:
        expected_result, *expected_gradients = outputs_and_gradients(expected, inputs, mask)
        for gradient, other in zip(gradients, expected_gradients, strict=True):
            torch.testing.assert_close(gradient, other)
    else:
        expected_result = expected(*inputs, mask).nan_to_num()
        assert all(gradient.isfinite().all() for gradient in gradients)
    torch.testing.assert_close(result, expected_result)


@pytest.mark.parametrize(("n_queries", "n_keys"), [(1, 1), (5, 5), (1, 5), (3, 5), (17, 64)])
@pytest.mark.parametrize("mask", [None, "padding"])
@pytest.mark.parametrize("with_bias", [False, True])
def test_causal_attention_lets_each_query_see_its_position_and_those_before(
    n_queries, n_keys, mask, with_bias
):
    inputs = qkv(n_queries=n_queries, n_keys=n_keys)
    causal = torch.tensor(
        [[j <= n_keys - n_queries + i for j in range(n_keys)] for i in range(n_queries)]
    )
    bias = draws(1, 3, n_queries, n_keys) if with_bias else None
    if mask is not None:
        mask = torch.arange(n_keys) > torch.tensor([0, 2])[:, None, None, None]  # on the left
        causal = causal & mask
    ours = outputs_and_gradients(partial(causal_attention, score_bias=bias), inputs, mask)
    expected = outputs_and_gradients(partial(fused_attention, score_bias=bias), inputs, causal)
    for x, y in zip(ours, expected, strict=True):
        torch.testing.assert_close(x, y)


@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_a_mask_of_numbers_is_refused(attention, dtype):
    with pytest.raises((RuntimeError, TypeError)):  # beartype's, where shapes are checked
        attention(*qkv(), torch.ones(4, 5, dtype=dtype))


def test_inputs_are_left_as_they_were():
    inputs, mask = qkv(), random_mask(4, 5)
    before = [x.clone() for x in (*inputs, mask)]
    for attention in (scaled_dot_product_attention, fused_attention, causal_attention):
        attention(*inputs, mask)
    assert all(torch.equal(x, y) for x, y in zip((*inputs, mask), before, strict=True))


def test_without_a_mask_the_fused_kernel_is_torchs_own():
    inputs = qkv(dtype=torch.float32)
    assert torch.equal(fused_attention(*inputs), F.scaled_dot_product_attention(*inputs))
