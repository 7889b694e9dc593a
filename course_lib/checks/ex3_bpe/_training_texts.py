"""Texts to train on, drawn at random: made-up words, each as often as it should be."""

from __future__ import annotations

from collections.abc import Mapping

import torch


def draw(rng: torch.Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=rng))


def draw_words(rng: torch.Generator, n: int, alphabet: str, lengths: tuple[int, int]) -> list[str]:
    """n different words over an alphabet, of a length from the shortest to the longest."""
    words: dict[str, None] = {}
    while len(words) < n:
        letters = torch.randint(len(alphabet), (draw(rng, *lengths),), generator=rng).tolist()
        words["".join(alphabet[letter] for letter in letters)] = None
    return list(words)


def text_of(rng: torch.Generator, counts: Mapping[str, int], between: str = " ") -> str:
    """A text with each word so many times, in random order."""
    words = [word for word, n in counts.items() for _ in range(n)]
    order = torch.randperm(len(words), generator=rng).tolist()
    return between.join(words[place] for place in order)


def random_text(
    rng: torch.Generator,
    n_words: int,
    alphabet: str,
    lengths: tuple[int, int] = (2, 6),
    counts: tuple[int, int] = (1, 9),
) -> str:
    """A text of random words, each from so many to so many times."""
    words = draw_words(rng, n_words, alphabet, lengths)
    return text_of(rng, {word: draw(rng, *counts) for word in words})
