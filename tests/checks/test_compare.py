"""How a difference is put into words, and what counts as none."""

import pytest
import torch

from course_lib.checks.compare import differs, show

SAME = [
    (1.0, 1.0),
    (1, 1.0),
    (torch.tensor(1.0), 1.0),
    (1.0, torch.tensor(1.0, dtype=torch.float64)),
    (1.000001, 1.0),
    (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0], dtype=torch.float64)),
    (torch.tensor([1, 2], dtype=torch.int32), torch.tensor([1, 2])),
    ([1, "a"], (1, "a")),
    ({"a": 1.0}, {"a": torch.tensor(1.0)}),
    (float("nan"), float("nan")),
    (float("inf"), float("inf")),
    (torch.tensor([True]), torch.tensor([True])),
    (None, None),
]
DIFFERENT = [
    (1.1, 1.0, "expected the result to be 1, got 1.1"),
    (torch.tensor([1.0]), 1.0, "a single number, got a tensor of shape (1,)"),
    (True, 1, "a single number"),
    (2.0, 2, "whole number"),
    (1j, 1.0, "complex"),
    (float("nan"), 1.0, "NaN"),
    (float("inf"), 1.0, "got inf"),
    (1.0, float("inf"), "to be inf, got 1"),
    (float("-inf"), float("inf"), "to be inf, got -inf"),
    ([1, 2], [1], "1 items, got 2"),
    ([1, 3], [1, 2], "item 1 of the result"),
    ({"b": 1}, {"a": 1}, "keys ['a'], got ['b']"),
    ("b", "a", "'a', got 'b'"),
    (torch.zeros(3), torch.zeros(2), "shape (2,), got (3,)"),
    (torch.zeros(20), torch.ones(20), "20 of 20 values of the result are wrong; at [0]"),
    (torch.tensor([1.0, 3.0]), torch.tensor([1.0, 2.0]), "wrong at [1]"),
    (5, None, "None"),
]


@pytest.mark.parametrize(("got", "expected"), SAME)
def test_agree(got, expected):
    assert differs(got, expected) is None


@pytest.mark.parametrize(("got", "expected", "words"), DIFFERENT)
def test_differ(got, expected, words):
    assert words in differs(got, expected)


def test_the_tolerance_is_the_stated_one():
    expected = torch.tensor([2.0], dtype=torch.float64)
    just_inside = expected * (1 + 0.999e-5) + 1e-7
    just_outside = expected * (1 + 1.2e-5)
    assert differs(just_inside, expected) is None
    assert differs(just_outside, expected)


def test_show_is_short():
    assert show(torch.tensor([[1.0, 0.5]])) == "[[1, 0.5]]"
    assert show(torch.zeros(10, 10)) == "a tensor of shape (10, 10), float32"
    assert show({"a": (1.0,)}) == "{'a': (1,)}"
