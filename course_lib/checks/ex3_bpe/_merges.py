"""What training must have done, followed merge by merge: the oracle of both trainers' checks.

Not as the reference does it: each token is one character, the words of one count are one string,
and a merge is `str.replace`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import regex

Pair = tuple[bytes, bytes]

# Radford et al. (2019), in their published code.
GPT2 = regex.compile(
    r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
)
_BETWEEN = "\U0010ffff"  # words


def parts_of(text: str, special_tokens: Sequence[str]) -> Iterator[str]:
    """The parts of a text between its special tokens, found by a walk from left to right."""
    longest_first = sorted(special_tokens, key=len, reverse=True)
    start = place = 0
    while place < len(text):
        found = next((token for token in longest_first if text.startswith(token, place)), None)
        if found is None:
            place += 1
        else:
            yield text[start:place]
            start = place = place + len(found)
    yield text[start:]


def words_of(text: str, special_tokens: Sequence[str] = ()) -> list[str]:
    """The pre-tokens of a text, special tokens left out."""
    parts = parts_of(text, special_tokens) if special_tokens else [text]
    return [word for part in parts for word in GPT2.findall(part)]


class Corpus:
    """The words of a text, as they stand after the merges so far."""

    def __init__(self, text: str, special_tokens: Sequence[str] = ()) -> None:
        self.tokens = {chr(byte): bytes([byte]) for byte in range(256)}
        self._characters = {token: character for character, token in self.tokens.items()}
        same_count: dict[int, list[str]] = {}
        for word, n in Counter(words_of(text, special_tokens)).items():
            same_count.setdefault(n, []).append(word.encode().decode("latin-1"))
        self._words = {n: _BETWEEN.join(words) for n, words in same_count.items()}
        self._pairs = {n: _pairs(words) for n, words in self._words.items()}
        self.counts: Counter[str] = Counter()  # by the two characters of a pair
        for n in self._words:
            self._add(n, 1)

    def commonest(self) -> tuple[int, Pair]:
        """How often the commonest pair stands, and the greatest pair that is so common."""
        most = max(self.counts.values(), default=0)
        if not most:
            return 0, (b"", b"")
        equal = [pair for pair, n in self.counts.items() if n == most]
        return most, max((self.tokens[left], self.tokens[right]) for left, right in equal)

    def count(self, pair: Pair) -> int:
        """How often a pair stands, 0 for one of a token that there is not."""
        left, right = map(self._characters.get, pair)
        return self.counts[left + right] if left and right else 0

    def merge(self, pair: Pair) -> None:
        """Replace a pair by one token everywhere."""
        made = chr(len(self.tokens))
        old = "".join(self._characters[token] for token in pair)
        self.tokens[made] = b"".join(pair)
        self._characters.setdefault(self.tokens[made], made)
        for n, words in self._words.items():
            if old in words:
                self._words[n] = words.replace(old, self._characters[self.tokens[made]])
                self._add(n, -1)
                self._pairs[n] = _pairs(self._words[n])
                self._add(n, 1)

    def _add(self, n: int, sign: int) -> None:
        for pair, times in self._pairs[n].items():
            self.counts[pair] += sign * n * times


def _pairs(words: str) -> Counter[str]:
    """How often each two neighbours stand in a string of words, those in one word alone."""
    counts = Counter(map("".join, pairwise(words)))
    for pair in [pair for pair in counts if _BETWEEN in pair]:
        del counts[pair]
    return counts


def merges_differ(
    text: str, n_merges: int, special_tokens: Sequence[str], merges: Sequence[Pair], ties: bool
) -> str | None:
    """What is wrong with the merges, followed in their order; None if nothing is.

    Args:
        text: what was learned from.
        n_merges: how many there should be, if the text has so many pairs.
        special_tokens: cut out of the text.
        merges: pairs of bytes.
        ties: whether of equally common pairs the greatest must be taken, or any may.
    """
    corpus = Corpus(text, special_tokens)
    for place in range(n_merges):
        most, best = corpus.commonest()
        if not most:
            return _number_differs(place, merges, "then no word has two tokens left")
        if place == len(merges):
            return (
                f"expected {_number(n_merges)}, got {len(merges)}; the next is {best}, which "
                f"stands {_times(most)}"
            )
        pair = merges[place]
        n = corpus.count(pair)
        if n < most:
            return (
                f"merge {place} should be {best}, which stands {_times(most)}; "
                f"got {pair}, which stands {_times(n)}"
            )
        if ties and pair != best:
            return (
                f"merge {place} should be {best}; got {pair}. Both stand {_times(most)}, "
                "and of these the greater pair of byte strings is asked for"
            )
        corpus.merge(pair)
    return _number_differs(n_merges, merges, "then the vocabulary is full")


def _number_differs(expected: int, merges: Sequence[Pair], why: str) -> str | None:
    if len(merges) == expected:
        return None
    return f"expected {_number(expected)}, {why}; got {len(merges)}"


def _number(n: int) -> str:
    return "no merge" if n == 0 else f"{n} merge" + "s" * (n > 1)


def _times(n: int) -> str:
    return {0: "nowhere", 1: "once", 2: "twice"}.get(n, f"{n} times")
