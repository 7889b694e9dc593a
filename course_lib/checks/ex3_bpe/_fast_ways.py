"""A fast trainer with its parts exchangeable: each bug of `fast_train_bpe` exchanges one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any

from course_lib.checks.ex3_bpe._merges import words_of

Pair = tuple[int, int]


class FastTrainer:
    """Counts, an index of words by pair and a heap, mended word by word at each merge.

    Its instances are called as `fast_train_bpe` is.
    """

    def __call__(self, text: str, vocab_size: int, special_tokens: Sequence[str] = ()) -> Any:
        """Train, and return (vocab, merges)."""
        counted = Counter(self.cut(text, special_tokens))
        self.words = [list(word.encode()) for word in counted]
        self.word_counts = list(counted.values())
        self.vocab = [bytes([byte]) for byte in range(256)]
        self.counts: Counter[Pair] = Counter()
        self.index: dict[Pair, set[int]] = defaultdict(set)
        for place, word in enumerate(self.words):
            for pair in self.pairs_at_first(word):
                self.counts[pair] += self.word_counts[place]
                self.index[pair].add(place)
        self.heap = [self.entry(pair) for pair in self.counts]
        heapify(self.heap)
        merges = []
        while len(merges) < self.room(vocab_size, special_tokens):
            pair = self.commonest()
            if pair is None:
                break
            left, right = pair
            merges.append((self.vocab[left], self.vocab[right]))
            self.vocab.append(self.vocab[left] + self.vocab[right])
            self.merge(pair, len(self.vocab) - 1)
        tokens = [*self.vocab, *map(str.encode, special_tokens)]
        return dict(enumerate(tokens)), merges

    def cut(self, text: str, special_tokens: Sequence[str]) -> Sequence[str]:
        """The words of a text."""
        return words_of(text, special_tokens)

    def room(self, vocab_size: int, special_tokens: Sequence[str]) -> int:
        """How many merges the vocabulary has room for."""
        return vocab_size - 256 - len(special_tokens)

    def pairs_at_first(self, word: Sequence[int]) -> Sequence[Pair]:
        """The pairs of a word before any merge."""
        return list(pairwise(word))

    def entry(self, pair: Pair) -> tuple[Any, ...]:
        """A pair's entry in the heap: the smallest is the commonest and, of several, the greatest.

        A token's end sorts behind every byte, so that b"ab" comes before b"a".
        """
        tokens = [[255 - byte for byte in self.vocab[token]] + [256] for token in pair]
        return -self.counts[pair], *tokens, pair

    def commonest(self) -> Pair | None:
        """Take the commonest pair out of the heap; None where no pair is left."""
        while self.heap:
            negative_count, *_, pair = heappop(self.heap)
            if self.counts[pair] == -negative_count and negative_count:
                return pair
            self.outdated(pair)
        return None

    def outdated(self, pair: Pair) -> None:
        """An entry whose count is no longer true: its pair goes back with the true one."""
        if self.counts[pair] > 0:
            heappush(self.heap, self.entry(pair))

    def merge(self, pair: Pair, new_id: int) -> None:
        """Merge a pair in the words that have it."""
        self.changed: dict[Pair, None] = {}
        for place in sorted(self.index.pop(pair, ())):
            self.words[place] = self.merged(place, pair, new_id)
        for changed in self.changed:
            if new_id in changed and self.counts[changed] > 0:
                heappush(self.heap, self.entry(changed))

    def merged(self, place: int, pair: Pair, new_id: int) -> list[int]:
        """The word with the pair replaced, the counts of the pairs around it put right."""
        word, joined, i = self.words[place], [], 0
        while i < len(word):
            if tuple(word[i : i + 2]) != pair:
                joined.append(word[i])
                i += 1
                continue
            self.add(pair, place, -1)
            before = self.left_neighbour(word, i, joined)
            after = word[i + 2] if i + 2 < len(word) else None
            if before is not None:
                self.lower((before, pair[0]), place)
                self.raise_((before, new_id), place)
            if after is not None:
                self.lower((pair[1], after), place)
                self.raise_((new_id, after), place)
            joined.append(new_id)
            i += 2
            if self.once:
                return joined + word[i:]
        return joined

    once = False  # whether only the first occurrence in a word is merged

    def left_neighbour(self, word: list[int], i: int, joined: list[int]) -> int | None:
        """The token before place i, as it is now."""
        return joined[-1] if joined else None

    def lower(self, pair: Pair, place: int) -> None:
        """A pair has gone from a word."""
        self.add(pair, place, -1)

    def raise_(self, pair: Pair, place: int) -> None:
        """A pair has come into a word."""
        self.add(pair, place, 1)
        self.index[pair].add(place)

    def add(self, pair: Pair, place: int, sign: int) -> None:
        """Count a pair once more, or once less, for every time that the word stands in the text."""
        self.counts[pair] += sign * self.word_counts[place]
        self.changed[pair] = None


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

    def merge(self, pair: Pair, new_id: int) -> None:
        """Find the words by a look at all."""
        self.index[pair] = {
            place for place, word in enumerate(self.words) if pair in pairwise(word)
        }
        super().merge(pair, new_id)


class AllPairsSearched(FastTrainer):
    """Right, but without a heap: every pair is looked at for the commonest."""

    def commonest(self) -> Pair | None:
        """The best of all counts."""

        def key(pair: Pair) -> tuple[int, bytes, bytes]:
            return self.counts[pair], self.vocab[pair[0]], self.vocab[pair[1]]

        best = max(self.counts, key=key, default=None)
        return best if best is not None and self.counts[best] > 0 else None


class PairsCountedAnew(AllPairsSearched):
    """Right, but all pairs of all words are counted after each merge."""

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
