"""The task of order: what it draws, counted."""

import math

import pytest
import torch

from course_lib.models.loss import IGNORED
from course_lib.models.which_first import which_came_first


def draws(n=2000, n_letters=5, vocab_size=9, seed=0):
    return which_came_first(n, n_letters, vocab_size, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("n_letters", "vocab_size"), [(2, 3), (5, 9), (8, 9)])
def test_texts_hold_different_letters_and_the_answer_is_the_first_of_two(n_letters, vocab_size):
    token_ids, targets = draws(200, n_letters, vocab_size)
    assert token_ids.shape == targets.shape == (200, n_letters + 1)
    for text, wanted in zip(token_ids.tolist(), targets.tolist(), strict=True):
        *letters, question = text
        assert question == vocab_size - 1
        assert len(set(letters)) == n_letters
        assert all(0 <= letter < vocab_size - 1 for letter in letters)
        assert wanted[:-1] == [IGNORED] * n_letters
        assert wanted[-1] == min((0, 1), key=letters.index)


def test_both_answers_and_all_places_are_as_likely():
    token_ids, targets = draws(20_000)
    n = len(token_ids)
    chance = 5.5 * math.sqrt(0.25 / n)  # 5.5 σ: a false alarm once in 10⁷
    assert abs((targets[:, -1] == 0).float().mean().item() - 1 / 2) < chance
    for letter in (0, 1):
        places = (token_ids == letter).float().mean(dim=0)[:-1]
        assert (places - 1 / 5).abs().max() < 5.5 * math.sqrt(0.16 / n)
    others = token_ids[:, :-1][token_ids[:, :-1] > 1].bincount(minlength=8)[2:] / (3 * n)
    assert (others - 1 / 6).abs().max() < 5.5 * math.sqrt(0.25 / (3 * n))


def test_the_seed_decides():
    assert torch.equal(draws(seed=3)[0], draws(seed=3)[0])
    assert not torch.equal(draws(seed=3)[0], draws(seed=4)[0])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        draws(n=0)
    for n_letters in (1, 9):
        with pytest.raises(
            ValueError, match="between 2 and vocab_size - 1 = 8, got " + str(n_letters)
        ):
            draws(n_letters=n_letters)
