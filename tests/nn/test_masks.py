"""Masks against loops over their definition."""

import pytest
import torch

from course_lib.nn.masks import causal_mask, padding_mask


@pytest.mark.parametrize("seq", [1, 2, 5])
def test_a_position_sees_itself_and_what_came_before(seq):
    expected = [[key <= query for key in range(seq)] for query in range(seq)]
    mask = causal_mask(seq)
    assert mask.dtype == torch.bool
    assert mask.tolist() == expected


def test_real_tokens_are_true_and_padding_is_false():
    mask = padding_mask(torch.tensor([3, 0, 4, 1]), 4)
    assert mask.dtype == torch.bool
    assert mask.tolist() == [
        [True, True, True, False],
        [False, False, False, False],
        [True, True, True, True],
        [True, False, False, False],
    ]


def test_an_empty_batch_has_no_rows():
    assert padding_mask(torch.zeros(0, dtype=torch.int64), 3).shape == (0, 3)


def test_masks_are_made_on_the_device_asked_for():
    assert causal_mask(3, device="meta").device.type == "meta"
    assert causal_mask(3, torch.device("cpu")).device.type == "cpu"


@pytest.mark.parametrize("seq", [0, -2])
def test_no_positions_are_refused(seq):
    with pytest.raises(ValueError, match=f"seq must be at least 1, got {seq}"):
        causal_mask(seq)
    with pytest.raises(ValueError, match=f"seq must be at least 1, got {seq}"):
        padding_mask(torch.tensor([0]), seq)


@pytest.mark.parametrize("lengths", [[1, 5], [-1, 2]])
def test_impossible_lengths_are_refused(lengths):
    with pytest.raises(ValueError, match=r"lengths must lie between 0 and seq = 4, got \[.*\]"):
        padding_mask(torch.tensor(lengths), 4)
