"""Texts to train on, drawn at random: made-up words, each as often as it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch


def draw(rng: torch.Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=rng))


def draw_words(
    rng: torch.Generator,
    n: int,
    alphabet: Sequence[str],
    lengths: tuple[int, int],
    each_letter_once: bool = False,
) -> list[str]:
    """n different words over an alphabet, of a length from the shortest to the longest."""
    words: dict[str, None] = {}
    while len(words) < n:
        length = draw(rng, *lengths)
        if each_letter_once:
            letters = torch.randperm(len(alphabet), generator=rng)[:length].tolist()
        else:
            letters = torch.randint(len(alphabet), (length,), generator=rng).tolist()
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
    each_letter_once: bool = False,
) -> str:
    """A text of random words, each from so many to so many times."""
    words = draw_words(rng, n_words, alphabet, lengths, each_letter_once)
    return text_of(rng, {word: draw(rng, *counts) for word in words})


def a_token_that_begins_another(rng: torch.Generator) -> str:
    """The first merge makes xy, then (xy, u) and (x, v) stand once each, and v is above y.

    (xy, u) is the greater pair, since x begins xy; but joined, xv is greater than xyu.
    """
    letters = [chr(ord("a") + code) for code in torch.randperm(26, generator=rng)[:4].tolist()]
    x, u, (y, v) = *letters[:2], sorted(letters[2:])
    return text_of(rng, dict.fromkeys([x + y + u, x + v, x + y], 1), "\n")


def many_words(rng: torch.Generator) -> str:
    """8,000 rare words of few letters, hence few pairs, and 45 common ones of other letters.

    Each pair of the rare words is rarer than any common word: 100 merges change none of them.
    """
    rare = draw_words(rng, 8_000, "abcdefghijkl", (4, 4))
    common = draw_words(rng, 45, "mnopqrstuvwxyz", (6, 8), each_letter_once=True)
    counts = {**dict.fromkeys(rare, 1), **{word: draw(rng, 260, 300) for word in common}}
    return text_of(rng, counts, "\n")


def many_pairs(rng: torch.Generator) -> str:
    """250 long rare words of Chinese characters, with thousands of pairs, and 60 common words.

    No pair of the rare words is as common as the common words: 250 merges change none of them.
    Three common words, XYZ, XY and YZ, are the commonest. Once (X, Y) is merged, (Y, Z) stands 220
    times in place of 430 and is still to be merged: at most 57 × 8 × 80 / 220 merges are before it.
    """
    characters = [chr(code) for code in range(0x4E00, 0x9FA0)]
    rare = draw_words(rng, 250, characters, (11, 15))
    common = draw_words(rng, 57, "abcdefghijklmnopqrstuvwxyz", (6, 8), each_letter_once=True)
    counts = {**dict.fromkeys(rare, 1), **{word: draw(rng, 40, 80) for word in common}}
    x, y, z = (chr(ord("A") + code) for code in torch.randperm(26, generator=rng)[:3].tolist())
    counts |= {x + y + z: 210, x + y: 240, y + z: 220}
    return text_of(rng, counts, "\n")
