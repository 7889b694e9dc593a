"""Words and their numbers, against examples worked by hand."""

import pytest
import torch

from course_lib.data.words import Vocabulary, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("The Nation’s well-being, in 1862!", ["the", "nation's", "well", "being", "in"]),
        ("'Tis the people's' right", ["tis", "the", "people's", "right"]),
        ("Übermut_tut 2nd", ["übermut", "tut", "nd"]),
        ("注意 機構", ["注意", "機構"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_numbers_follow_frequency_then_the_alphabet():
    vocabulary = Vocabulary.of(list("bcaacd"))
    assert vocabulary.words == ("a", "c", "b", "d")
    assert vocabulary.counts == (2, 2, 1, 1)
    assert len(vocabulary) == 4
    ids = vocabulary.ids(["d", "a", "a"])
    assert ids.dtype == torch.int64
    assert ids.tolist() == [3, 0, 0]


def test_rare_and_unknown_words_are_left_out():
    vocabulary = Vocabulary.of(list("bcaacd"), min_count=2)
    assert vocabulary.words == ("a", "c")
    assert vocabulary.ids(["c", "b", "unheard", "a"]).tolist() == [1, 0]
    assert vocabulary.ids([]).shape == (0,)
    assert vocabulary.ids([]).dtype == torch.int64


def test_bad_counts_are_refused():
    with pytest.raises(ValueError, match="min_count must be at least 1, got 0"):
        Vocabulary.of(["a"], min_count=0)
    with pytest.raises(ValueError, match="at least min_count = 2 times"):
        Vocabulary.of(["a", "b"], min_count=2)
