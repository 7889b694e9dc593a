"""Training examples for embeddings, against two plain loops."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn.skip_gram_pairs import PADDING, cbow_pairs, skip_gram_pairs

TEXTS = st.lists(st.integers(0, 5), max_size=12)


def pairs_by_loops(tokens, window):
    pairs = []
    for t, centre in enumerate(tokens):
        for other in range(max(0, t - window), min(len(tokens), t + window + 1)):
            if other != t:
                pairs.append([centre, tokens[other]])
    return pairs


def contexts_by_loops(tokens, window):
    return [
        [
            tokens[t + step] if 0 <= t + step < len(tokens) else PADDING
            for step in range(-window, window + 1)
            if step != 0
        ]
        for t in range(len(tokens))
    ]


@given(tokens=TEXTS, window=st.integers(1, 15))
@settings(max_examples=100, deadline=None)
def test_skip_gram_pairs_are_those_of_two_loops(tokens, window):
    pairs = skip_gram_pairs(torch.tensor(tokens, dtype=torch.long), window)
    assert pairs.shape[1:] == (2,)
    assert pairs.tolist() == pairs_by_loops(tokens, window)


@given(tokens=TEXTS, window=st.integers(1, 15))
@settings(max_examples=100, deadline=None)
def test_cbow_contexts_are_those_of_two_loops(tokens, window):
    contexts, centres = cbow_pairs(torch.tensor(tokens, dtype=torch.long), window)
    assert contexts.shape == (len(tokens), 2 * window)
    assert contexts.tolist() == contexts_by_loops(tokens, window)
    assert centres.tolist() == tokens


def test_three_words_worked_by_hand():
    text = torch.tensor([5, 6, 7])
    assert skip_gram_pairs(text, 1).tolist() == [[5, 6], [6, 5], [6, 7], [7, 6]]
    contexts, centres = cbow_pairs(text, 2)
    assert contexts.tolist() == [
        [PADDING, PADDING, 6, 7],
        [PADDING, 5, 7, PADDING],
        [5, 6, PADDING, PADDING],
    ]
    assert centres.tolist() == [5, 6, 7]


def test_a_word_beside_itself_is_its_own_neighbour_but_its_place_is_not():
    assert skip_gram_pairs(torch.tensor([4, 4]), 3).tolist() == [[4, 4], [4, 4]]


def test_the_number_of_pairs_of_a_long_text():
    n, window = 10_000, 5
    pairs = skip_gram_pairs(torch.arange(n), window)
    assert len(pairs) == 2 * window * n - window * (window + 1)
    assert (pairs[:, 0] - pairs[:, 1]).abs().max() == window


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_the_type_stays_and_the_text_is_not_changed(dtype):
    text = torch.arange(6, dtype=dtype)
    assert skip_gram_pairs(text, 2).dtype == dtype
    assert cbow_pairs(text, 2)[0].dtype == dtype
    assert torch.equal(text, torch.arange(6, dtype=dtype))


@pytest.mark.parametrize("function", [skip_gram_pairs, cbow_pairs])
@pytest.mark.parametrize("window", [0, -2])
def test_a_window_without_a_place_is_refused(function, window):
    with pytest.raises(ValueError, match=f"window must be at least 1, got {window}"):
        function(torch.arange(4), window)
