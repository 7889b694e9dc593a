"""A language model that only counts: the next word, given the n − 1 words before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

PADDING = -1  # stands in a context before the start of the text, where there is no word


def contexts_of(token_ids: Int[Tensor, "seq"], n_before: int) -> Int[Tensor, "seq n_before"]:
    """The words before each word of a text, oldest first; `PADDING` before the text's start.

    Example: [5, 6, 7] with two words before each gives [[−1, −1], [−1, 5], [5, 6]].
    """
    if n_before < 0:
        raise ValueError(f"n_before must be at least 0, got {n_before}")
    padded = torch.cat([token_ids.new_full((n_before,), PADDING), token_ids])
    return padded[torch.arange(len(token_ids))[:, None] + torch.arange(n_before)]


@dataclass(frozen=True)
class GramTable:
    """All different k-grams (runs of k words) of some texts, for one k. Each has a number.

    keys: number of the first k − 1 words · vocab_size + last word, increasing; its place in this
        list is the k-gram's number.
    counts: how often each k-gram occurs.
    totals: for each (k − 1)-gram, how often a word follows it: the sum of its k-grams' counts.
    kinds: for each (k − 1)-gram, how many different words follow it.
    """

    keys: Int[Tensor, "n_grams"]
    counts: Int[Tensor, "n_grams"]
    totals: Int[Tensor, "n_shorter"]
    kinds: Int[Tensor, "n_shorter"]

    def number(self, keys: Int[Tensor, "m"]) -> Int[Tensor, "m"]:
        """The number of the k-gram with each key, −1 for one that never occurs."""
        place = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        return torch.where(self.keys[place] == keys, place, -1)


class NGramModel:
    """p(word | text before it), from how often words followed the same n − 1 words in some texts.

    `tables` holds the counts of 1-grams, 2-grams, … n-grams. Words are numbers below `vocab_size`.
    At a text's start, where fewer words stand before a word, only those are used.

    Sources: Markov (1913) for letters, Shannon (1948) for letters and words.
    """

    def __init__(self, tables: Sequence[GramTable], vocab_size: int):
        self.tables, self.vocab_size = tuple(tables), vocab_size

    @property
    def n(self) -> int:
        """Length of the longest runs of words that are counted."""
        return len(self.tables)

    @classmethod
    def count(cls, texts: Sequence[Int[Tensor, "_"]], n: int, vocab_size: int) -> "NGramModel":
        """Count all runs of 1 to n words inside the texts.

        Raises ValueError unless n is at least 1, some text is at least n words long, and all words
        are numbers from 0 to vocab_size − 1.
        """
        longest = max((len(text) for text in texts), default=0)
        if not 1 <= n <= longest:
            raise ValueError(
                f"n must be between 1 and {longest}, the longest text's words, got {n}"
            )
        words = torch.cat(list(texts)).long()
        places = torch.cat([torch.arange(len(text)) for text in texts])
        if words.min() < 0 or words.max() >= vocab_size:
            found = f"{words.min()} to {words.max()}"
            raise ValueError(f"texts must hold numbers from 0 to {vocab_size - 1}, got {found}")
        shorter, n_shorter, tables = torch.zeros_like(words), 1, []
        for k in range(1, n + 1):
            inside = places >= k - 1  # a k-gram ends here, wholly inside its text
            keys = shorter[inside] * vocab_size + words[inside]
            keys, numbers, counts = keys.unique(return_inverse=True, return_counts=True)
            first = keys // vocab_size
            zeros = torch.zeros(n_shorter, dtype=torch.int64)
            totals, kinds = zeros.index_add(0, first, counts), first.bincount(minlength=n_shorter)
            tables.append(GramTable(keys, counts, totals, kinds))
            shorter = torch.zeros_like(words).masked_scatter(inside, numbers).roll(1)
            n_shorter = len(keys)
        return cls(tables, vocab_size)

    def shorter(self, n: int) -> "NGramModel":
        """The same counts, of runs up to n words only."""
        if not 1 <= n <= self.n:
            raise ValueError(f"n must be between 1 and {self.n}, got {n}")
        return NGramModel(self.tables[:n], self.vocab_size)

    def relative_frequency(
        self, contexts: Int[Tensor, "m n_before"], words: Int[Tensor, "m"], add: float = 0.0
    ) -> Float[Tensor, "m"]:
        """p = (count of context and word + add) / (count of context + add · vocab_size).

        The context is the last n − 1 words of each row, `PADDING` left out. With `add` 0 a word
        that never followed its context gets 0, and so does every word after an unseen context.
        With 1 all are counted once more than they occurred (Laplace's rule).
        """
        if add < 0:
            raise ValueError(f"add must be at least 0, got {add}")
        p = torch.zeros(len(words), dtype=torch.float64)
        for count, total, _, exists in self._statistics(contexts, words):
            total = total + add * self.vocab_size
            p = torch.where(exists, (count + add) / torch.where(total > 0, total, 1), p)
        return p

    def discounted(
        self, contexts: Int[Tensor, "m n_before"], words: Int[Tensor, "m"], discount: float = 0.75
    ) -> Float[Tensor, "m"]:
        """Take `discount` off every count, and give what was taken to the model of n − 1.

            p_k = (max(count − d, 0) + d · kinds · p_{k−1}) / total

        where count and total are those of the word after the last k − 1 words and of these words,
        kinds how many different words followed them, and p_0 = 1 / vocab_size. Where the k − 1
        words were never followed by a word, p_k = p_{k−1}.

        Source: Ney, Essen and Kneser (1994), interpolated absolute discounting.
        """
        if not 0 < discount < 1:
            raise ValueError(f"discount must lie between 0 and 1, got {discount}")
        p = torch.full((len(words),), 1 / self.vocab_size, dtype=torch.float64)
        for count, total, kinds, _ in self._statistics(contexts, words):
            kept = (count - discount).clamp(min=0) + discount * kinds * p
            p = torch.where(total > 0, kept / total.clamp(min=1), p)
        return p

    def next_word(self, context: Int[Tensor, "n_before"], discount: float | None = None) -> Tensor:
        """p of every word after `context`: its relative frequency, or discounted."""
        words = torch.arange(self.vocab_size)
        contexts = context.expand(self.vocab_size, -1)
        if discount is None:
            return self.relative_frequency(contexts, words)
        return self.discounted(contexts, words, discount)

    def _statistics(self, contexts: Tensor, words: Tensor) -> Iterator[tuple[Tensor, ...]]:
        """For k = 1, …, n: count of word after context, total and kinds of the context, and
        whether the text has k − 1 words there. Counts are 0 where the context was never seen."""
        n_before = contexts.shape[1]
        if n_before < self.n - 1:
            raise ValueError(
                f"contexts must have {self.n - 1} words for n = {self.n}, got {n_before}"
            )
        for k, table in enumerate(self.tables, start=1):
            numbers = torch.zeros_like(words)  # of the context's first j words, −1 if unseen
            context = contexts[:, n_before - k + 1 :]
            for earlier, word in zip(self.tables, context.unbind(dim=1), strict=False):
                known = (numbers >= 0) & (word != PADDING)
                numbers = torch.where(known, earlier.number(numbers * self.vocab_size + word), -1)
            seen = numbers >= 0
            numbers = numbers.clamp(min=0)
            gram = torch.where(seen, table.number(numbers * self.vocab_size + words), -1)
            count = torch.where(gram >= 0, table.counts[gram.clamp(min=0)], 0)
            yield (
                count,
                torch.where(seen, table.totals[numbers], 0),
                torch.where(seen, table.kinds[numbers], 0),
                (context != PADDING).all(dim=1),
            )
