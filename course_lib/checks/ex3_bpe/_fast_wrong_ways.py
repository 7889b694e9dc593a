"""Wrong ways to train fast: each class differs from `FastTrainer` in one part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heappop
from itertools import pairwise
from typing import Any

from course_lib.checks.ex3_bpe._fast_ways import FastTrainer, Pair
from course_lib.checks.ex3_bpe._merges import words_of


class StaleEntriesTaken(FastTrainer):
    """Whatever is on top."""

    def commonest(self) -> Pair | None:
        """Take it without a look at its count."""
        return heappop(self.heap)[-1] if self.heap else None


class StaleEntriesThrownAway(FastTrainer):
    """A pair that has become rarer is lost."""

    def outdated(self, pair: Pair) -> None:
        """Forget it."""


class NeighboursNotLowered(FastTrainer):
    """The pairs that a merge breaks up keep their counts."""

    def lower(self, pair: Pair, place: int) -> None:
        """Leave it."""


class NewPairsNotCounted(FastTrainer):
    """Nothing is merged twice."""

    def raise_(self, pair: Pair, place: int) -> None:
        """Leave it out."""


class NewPairsNotIndexed(FastTrainer):
    """The pairs of a new token are counted, but no word is known to have them."""

    def raise_(self, pair: Pair, place: int) -> None:
        """Count it, no more."""
        self.add(pair, place, 1)


class IndexCleanedTooFar(FastTrainer):
    """A pair is broken up at one place, and the word is forgotten though it has another."""

    def lower(self, pair: Pair, place: int) -> None:
        """Count it less, and take the word off its list."""
        self.add(pair, place, -1)
        self.index[pair].discard(place)


class OnceInAWord(FastTrainer):
    """The second place in a word is missed."""

    once = True


class WordCountsIgnored(FastTrainer):
    """Changes count one each."""

    def add(self, pair: Pair, place: int, sign: int) -> None:
        """One more or one less."""
        self.counts[pair] += sign
        self.changed[pair] = None


class OldLeftNeighbour(FastTrainer):
    """Where two occurrences touch, the left neighbour is taken as it was."""

    def left_neighbour(self, word: list[int], i: int, joined: list[int]) -> int | None:
        """The token before place i, as it was before this merge."""
        return word[i - 1] if i else None


class WordsInPlaceOfPlaces(FastTrainer):
    """A pair that stands twice in a word counts once at first, and is taken off twice."""

    def pairs_at_first(self, word: Sequence[int]) -> Sequence[Pair]:
        """Each pair of a word once."""
        return list(dict.fromkeys(pairwise(word)))


class LowestPair(FastTrainer):
    """A min-heap with the tokens as they are."""

    def entry(self, pair: Pair) -> tuple[Any, ...]:
        """The smallest first."""
        return -self.counts[pair], *(self.vocab[token] for token in pair), pair


class GreatestIds(FastTrainer):
    """Negated ids in place of bytes."""

    def entry(self, pair: Pair) -> tuple[Any, ...]:
        """The greatest ids first."""
        return -self.counts[pair], *(-token for token in pair), pair


class NoEndOfToken(FastTrainer):
    """Bytes turned around, but not the end of a token."""

    def entry(self, pair: Pair) -> tuple[Any, ...]:
        """b"a" before b"ab"."""
        tokens = [[255 - byte for byte in self.vocab[token]] for token in pair]
        return -self.counts[pair], *tokens, pair


class PrintedForm(FastTrainer):
    """Tokens as Python prints them."""

    def entry(self, pair: Pair) -> tuple[Any, ...]:
        """A character's number turned around, and 1 behind the last."""
        tokens = [[-ord(sign) for sign in self.read(self.vocab[token])] + [1] for token in pair]
        return -self.counts[pair], *tokens, pair

    def read(self, token: bytes) -> str:
        """The characters that are compared."""
        return str(token)


class AsText(PrintedForm):
    """Tokens as text, in which parts of characters look alike."""

    def read(self, token: bytes) -> str:
        """U+FFFD for what is no UTF-8."""
        return token.decode("utf-8", errors="replace")


class SpecialsSorted(FastTrainer):
    """Special tokens in the order of the alphabet."""

    def __call__(self, text: str, vocab_size: int, special_tokens: Sequence[str] = ()) -> Any:
        """Sort them first."""
        return super().__call__(text, vocab_size, sorted(special_tokens))


class SpecialsTrainedOn(FastTrainer):
    """Special tokens are text."""

    def cut(self, text: str, special_tokens: Sequence[str]) -> Sequence[str]:
        """Nothing is cut out."""
        return words_of(text)


class SpecialsNotCounted(FastTrainer):
    """More merges than there is room for."""

    def room(self, vocab_size: int, special_tokens: Sequence[str]) -> int:
        """All but the bytes."""
        return vocab_size - 256


class AllWordsSearched(FastTrainer):
    """Right, but without an index: every word is asked whether it has the pair."""

    exceeds = frozenset({"touched"})

    def merge(self, pair: Pair, new_id: int) -> None:
        """Find the words by a look at all."""
        self.index[pair] = {
            place for place, word in enumerate(self.words) if pair in pairwise(word)
        }
        super().merge(pair, new_id)


class AllPairsSearched(FastTrainer):
    """Right, but without a heap: every pair is looked at for the commonest."""

    exceeds = frozenset({"best"})

    def commonest(self) -> Pair | None:
        """The best of all counts."""

        def key(pair: Pair) -> tuple[int, bytes, bytes]:
            return self.counts[pair], self.vocab[pair[0]], self.vocab[pair[1]]

        best = max(self.counts, key=key, default=None)
        return best if best is not None and self.counts[best] > 0 else None


class PairsCountedAnew(AllPairsSearched):
    """Right, but all pairs of all words are counted after each merge."""

    exceeds = frozenset({"touched", "best"})

    def merge(self, pair: Pair, new_id: int) -> None:
        """Merge in all words, and begin again."""
        self.words = [self.joined(word, pair, new_id) for word in self.words]
        self.counts = Counter()
        for place, word in enumerate(self.words):
            for neighbours in pairwise(word):
                self.counts[neighbours] += self.word_counts[place]

    def joined(self, word: list[int], pair: Pair, new_id: int) -> list[int]:
        """A word with the pair replaced."""
        result, i = [], 0
        while i < len(word):
            found = tuple(word[i : i + 2]) == pair
            result.append(new_id if found else word[i])
            i += 1 + found
        return result
