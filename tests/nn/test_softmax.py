"""Softmax against torch's, and where scores are huge, infinite or alone."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn.softmax import softmax


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("shape", "dim"), [((4,), 0), ((3, 5), 0), ((3, 5), 1), ((2, 3, 4), -2)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_torch(shape, dim, dtype):
    x = 5 * draws(*shape).to(dtype)
    torch.testing.assert_close(softmax(x, dim), torch.softmax(x, dim))


@given(
    scores=st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8), masked=st.integers(0, 255)
)
@settings(max_examples=100, deadline=None)
def test_equals_torch_on_any_scores_of_which_one_is_finite(scores, masked):
    x = torch.tensor(scores, dtype=torch.float64)
    x[[i > 0 and bool(masked >> i & 1) for i in range(len(scores))]] = -math.inf
    torch.testing.assert_close(softmax(x, 0), torch.softmax(x, 0), rtol=1e-12, atol=1e-300)


def test_shares_worked_by_hand():
    x = torch.tensor([0.0, math.log(2), math.log(5)])
    assert softmax(x, 0).tolist() == pytest.approx([1 / 8, 2 / 8, 5 / 8])


def test_huge_scores_neither_overflow_nor_vanish():
    x = torch.tensor([[1000.0, 1000.0, -1000.0], [-1000.0, -1000.0, -1001.0]])
    total = 2 + math.exp(-1)
    expected = [[0.5, 0.5, 0.0], [1 / total, 1 / total, math.exp(-1) / total]]
    torch.testing.assert_close(softmax(x, 1), torch.tensor(expected))


def test_a_row_of_minus_infinity_gives_zeros_and_leaves_the_others_alone():
    x = torch.tensor([[-math.inf, -math.inf], [0.0, -math.inf], [3.0, 3.0]])
    assert softmax(x, 1).tolist() == [[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]]


def test_gradients_equal_torchs_and_are_zero_where_nothing_is_shared():
    x = draws(4, 6)
    x[1] = -math.inf
    x[2, :5] = -math.inf
    x[3, 1:3] = -math.inf
    upstream, rows = draws(4, 6, seed=1), [0, 2, 3]
    ours, theirs = x.clone().requires_grad_(), x[rows].requires_grad_()
    (softmax(ours, 1) * upstream).sum().backward()
    (torch.softmax(theirs, 1) * upstream[rows]).sum().backward()
    torch.testing.assert_close(ours.grad[rows], theirs.grad)
    assert not ours.grad[1].any()


def test_second_derivatives_are_right():
    assert torch.autograd.gradgradcheck(lambda x: softmax(x, 1), draws(2, 4).requires_grad_())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_as_good_as_its_digits(dtype):
    x = (5 * draws(20, 7)).to(dtype)
    shares = softmax(x, 1)
    assert shares.dtype == dtype
    resolution = torch.finfo(dtype).eps
    torch.testing.assert_close(
        shares.double(), torch.softmax(x.double(), 1), rtol=20 * resolution, atol=0.1 * resolution
    )
