"""Text as words, and words as numbers."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int
from torch import Tensor

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


def words(text: str) -> list[str]:
    """The words of a text in their order, in lower case.

    A word is a run of letters, of any alphabet, with apostrophes inside: "the nation's" is two.
    Digits and punctuation are left out.
    """
    return WORD.findall(text.lower().replace("’", "'"))


@dataclass(frozen=True)
class Vocabulary:
    """The words that a model knows; a word's number is its place in `words`."""

    words: tuple[str, ...]  # the commonest first; words equally common in alphabetical order
    counts: tuple[int, ...]  # how often each was seen

    @classmethod
    def of(cls, words: Iterable[str], min_count: int = 1) -> "Vocabulary":
        """All words seen at least `min_count` times.

        Raises ValueError if min_count is below 1 or no word is that common.
        """
        if min_count < 1:
            raise ValueError(f"min_count must be at least 1, got {min_count}")
        ranked = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
        known = [(word, count) for word, count in ranked if count >= min_count]
        if not known:
            raise ValueError(f"words must hold one at least min_count = {min_count} times")
        return cls(*zip(*known, strict=True))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        """How many words are known."""
        return len(self.words)

    def ids(self, words: Iterable[str]) -> Int[Tensor, "n"]:
        """The numbers of words in their order, with unknown words left out.

        Neighbours of a rare word so become neighbours of each other, as in Mikolov et al.'s (2013b)
        program.
        """
        known = (self.numbers.get(word) for word in words)
        return torch.tensor([number for number in known if number is not None], dtype=torch.int64)
