"""Attention in a window, cut into chunks, against full attention under a mask."""

import pytest
import torch
from largest_tensor import largest_tensor
from torch.nn.functional import scaled_dot_product_attention

from course_lib.nn.sliding_window import sliding_window_attention, with_previous_chunk

CASES = [(1, 1), (1, 5), (6, 1), (6, 2), (7, 3), (12, 4), (13, 4), (9, 9), (9, 8), (9, 50)]


def tensors(seq, n=3, batch=2, heads=3, d_head=4, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, heads, seq, d_head, generator=rng) for _ in range(n)]


def masked(q, k, v, window):
    rows = [[0 <= i - j < window for j in range(q.shape[2])] for i in range(q.shape[2])]
    return scaled_dot_product_attention(q, k, v, attn_mask=torch.tensor(rows))


@pytest.mark.parametrize(("seq", "window"), CASES)
def test_equals_full_attention_under_the_mask(seq, window):
    q, k, v = tensors(seq)
    torch.testing.assert_close(
        sliding_window_attention(q, k, v, window), masked(q, k, v, window), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize(("seq", "window"), CASES)
def test_gradients_equal_those_of_full_attention_under_the_mask(seq, window):
    inputs = [x.requires_grad_() for x in tensors(seq)]
    (weights,) = tensors(seq, n=1, seed=1)
    ours, theirs = (
        torch.autograd.grad((attention(*inputs, window) * weights).sum(), inputs)
        for attention in (sliding_window_attention, masked)
    )
    torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-6)


def test_bfloat16_stays_bfloat16_and_near():
    q, k, v = tensors(13)
    rounded = sliding_window_attention(*(x.bfloat16() for x in (q, k, v)), 4)
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), masked(q, k, v, 4), rtol=0, atol=0.05)


def test_what_the_window_leaves_out_has_no_part():
    q, k, v = tensors(20)
    before = sliding_window_attention(q, k, v, 5)
    k[:, :, 8], v[:, :, 8] = 5.0, -100.0  # seen by 8 to 12
    after = sliding_window_attention(q, k, v, 5)
    seen = [not torch.equal(before[:, :, i], after[:, :, i]) for i in range(20)]
    assert seen == [8 <= i <= 12 for i in range(20)]


def test_scores_stay_finite_where_they_are_large():
    q, k, v = (30 * x for x in tensors(10))
    torch.testing.assert_close(
        sliding_window_attention(q, k, v, 3), masked(q, k, v, 3), rtol=0, atol=0.02
    )


@pytest.mark.parametrize("seq", [512, 2048])
def test_no_tensor_is_larger_than_twice_the_window_for_each_query(seq):
    inputs = [x.requires_grad_() for x in tensors(seq, batch=1, heads=1)]
    with largest_tensor() as largest:
        sliding_window_attention(*inputs, 16).sum().backward()
    assert largest.n_elements == seq * 2 * 16


def test_each_chunk_stands_behind_the_one_before():
    x = torch.arange(1, 7).view(3, 2, 1)
    expected = torch.tensor([[0, 0, 1, 2], [1, 2, 3, 4], [3, 4, 5, 6]])
    assert torch.equal(with_previous_chunk(x), expected.unsqueeze(2))


@pytest.mark.parametrize(("seq", "window"), [(4, 0), (4, -1), (0, 3)])
def test_no_window_and_no_sequence_are_refused(seq, window):
    with pytest.raises(ValueError, match=f"at least 1, got {window} and {seq}"):
        sliding_window_attention(*tensors(seq), window)
