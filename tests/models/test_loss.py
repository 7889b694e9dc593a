"""The loss by hand, its ignored targets, and its precision."""

import math

import pytest
import torch
from jaxtyping import config

from course_lib.models.loss import IGNORED, token_loss


def test_equals_numbers_worked_by_hand():
    logits = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0]])  # probabilities ¾, ¼ and ½, ½
    loss = token_loss(logits, torch.tensor([1, 0]))
    assert loss.item() == pytest.approx((math.log(4) + math.log(2)) / 2)


def test_ignored_targets_change_neither_the_mean_nor_the_gradient():
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 5, requires_grad=True)
    targets = torch.tensor([[1, IGNORED, 4], [0, 2, IGNORED]])
    loss = token_loss(logits, targets)
    loss.backward()
    counted = targets != IGNORED
    torch.testing.assert_close(loss, token_loss(logits[counted], targets[counted]))
    assert not logits.grad[~counted].any()
    assert logits.grad[counted].any(dim=-1).all()


@pytest.mark.parametrize("shape", [(3, 2), (6,), (2, 4)])
def test_targets_of_another_shape_are_refused(shape):
    targets = torch.zeros(shape, dtype=torch.int64)
    config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ValueError, match=r"targets must be shaped .*\(2, 3\), got \("):
            token_loss(torch.zeros(2, 3, 5), targets)
    finally:
        config.update("jaxtyping_disable", False)


def test_no_target_that_counts_is_not_a_number():
    assert token_loss(torch.zeros(2, 3), torch.tensor([IGNORED, IGNORED])).isnan()


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_computed_in_single_precision_at_least(dtype, expected):
    logits = torch.tensor([[0.0, 5.0, 1.0]], dtype=dtype)
    loss = token_loss(logits, torch.tensor([1]))
    assert loss.dtype == expected
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-5) + math.exp(-4)), rel=1e-5)
