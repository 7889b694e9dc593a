"""A language model that only counts: the next word, given the n − 1 words before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class GramTable:
    """All different k-grams (runs of k words) of some texts, for one k. Each has a number.

    keys: number of the first k − 1 words · vocab_size + last word, increasing; a k-gram's number is
        its place in this list. Before a single word stands nothing, which has the number 0.
    counts: how often each k-gram occurs.
    totals: for each (k − 1)-gram, how often a word follows it: the sum of its k-grams' counts.
    kinds: for each (k − 1)-gram, how many different words follow it.
    """

    keys: Int[Tensor, "n_grams"]
    counts: Int[Tensor, "n_grams"]
    totals: Int[Tensor, "n_shorter"]
    kinds: Int[Tensor, "n_shorter"]

    def number(self, keys: Int[Tensor, "m"]) -> Int[Tensor, "m"]:
        """The number of the k-gram with each key, −1 for one that does not occur."""
        place = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        return torch.where(self.keys[place] == keys, place, -1)


class NGramModel:
    """p(word | the words before it), from how often words followed the last n − 1 of these.

    `tables` holds the counts of 1-grams, 2-grams, … n-grams. Words are numbers below `vocab_size`.
    Where fewer than n − 1 words stand before a word, only those are used.

    Sources: Markov (1913) for letters; Shannon (1948) for letters and words.
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
            raise ValueError(f"n must be from 1 to {longest}, the longest text's words, got {n}")
        words = torch.cat(list(texts)).long()
        places = torch.cat([torch.arange(len(text)) for text in texts])
        _check_words("texts", words, vocab_size)
        before, n_shorter, tables = torch.zeros_like(words), 1, []
        for k in range(1, n + 1):
            inside = places >= k - 1  # a k-gram ends here, wholly inside its text
            keys = before[inside] * vocab_size + words[inside]
            keys, numbers, counts = keys.unique(return_inverse=True, return_counts=True)
            first = keys // vocab_size  # number of the k-gram's first k − 1 words
            totals = torch.zeros(n_shorter, dtype=torch.int64).index_add(0, first, counts)
            tables.append(GramTable(keys, counts, totals, first.bincount(minlength=n_shorter)))
            before = torch.zeros_like(words).masked_scatter(inside, numbers).roll(1)
            n_shorter = len(keys)
        return cls(tables, vocab_size)

    def shorter(self, n: int) -> "NGramModel":
        """The model of a smaller n, with the same counts.

        Raises ValueError unless n is from 1 to the model's own.
        """
        if not 1 <= n <= self.n:
            raise ValueError(f"n must be from 1 to {self.n}, got {n}")
        return NGramModel(self.tables[:n], self.vocab_size)

    def next_word(
        self, context: Int[Tensor, "seq"], discount: float = 0.75
    ) -> Float[Tensor, "vocab"]:
        """p of every word after a text, by interpolated absolute discounting:

            p_k = (max(count − d, 0) + d · kinds · p_{k−1}) / total      p_0 = 1 / vocab_size

        where count is how often the word followed the text's last k − 1 words, total how often any
        word did, and kinds how many different ones. Each count gives up d, the discount, to the
        model of k − 1. Where no word ever followed the k − 1 words, p_k = p_{k−1}. The answer is
        p_n. With d = 0, it is the relative frequency after the longest context that was seen.

        Raises ValueError unless 0 ≤ discount ≤ 1 and words are numbers from 0 to vocab_size − 1.
        Source: Ney, Essen and Kneser (1994).
        """
        _check_discount(discount)
        _check_words("context", context, self.vocab_size)
        p = torch.full((self.vocab_size,), 1 / self.vocab_size, dtype=torch.float64)
        for k, table in enumerate(self.tables[: len(context) + 1], start=1):
            number = self._number(context[len(context) - k + 1 :])
            total = table.totals[number].item() if number >= 0 else 0
            if total == 0:
                break
            ends = torch.tensor([number, number + 1]) * self.vocab_size
            grams = slice(*torch.searchsorted(table.keys, ends).tolist())  # those that start so
            followed = table.keys[grams] % self.vocab_size
            p = discount * table.kinds[number].item() * p
            p[followed] += (table.counts[grams].double() - discount).clamp(min=0)
            p = p / total
        return p

    def discounted(
        self, token_ids: Int[Tensor, "seq"], discount: float = 0.75
    ) -> Float[Tensor, "seq"]:
        """What `next_word` gives to each word of a text, after the words before it; errors too."""
        _check_discount(discount)
        p = torch.full((len(token_ids),), 1 / self.vocab_size, dtype=torch.float64)
        for _, count, total, kinds in self._statistics(token_ids):
            kept = (count - discount).clamp(min=0) + discount * kinds * p
            p = torch.where(total > 0, kept / total.clamp(min=1), p)
        return p

    def relative_frequency(
        self, token_ids: Int[Tensor, "seq"], add: float = 0.0
    ) -> Float[Tensor, "seq"]:
        """For each word of a text, (count + add) / (total + add · vocab_size), after n − 1 words.

        With add = 0 a word that never followed these n − 1 words gets 0, and so does every word
        after n − 1 words that never occurred. With add = 1 each word counts as seen once more than
        it was (Laplace's rule).

        Raises ValueError if add is below 0 or a word is no number from 0 to vocab_size − 1.
        """
        if add < 0:
            raise ValueError(f"add must be at least 0, got {add}")
        p = torch.zeros(len(token_ids), dtype=torch.float64)
        for exists, count, total, _ in self._statistics(token_ids):
            total = total + add * self.vocab_size
            p = torch.where(exists, (count + add) / torch.where(total > 0, total, 1), p)
        return p

    def _number(self, gram: Int[Tensor, "k"]) -> int:
        """The number of one run of words, −1 if it does not occur."""
        number = torch.zeros(1, dtype=torch.int64)
        for table, word in zip(self.tables, gram, strict=False):
            number = table.number(number * self.vocab_size + word)
            if number < 0:
                break
        return number.item()

    def _statistics(
        self, token_ids: Int[Tensor, "seq"]
    ) -> Iterator[tuple[Bool[Tensor, "seq"], Tensor, Tensor, Tensor]]:
        """For k = 1, …, n and each word of a text: whether k − 1 words stand before it; how often
        it followed them; how often any word did; how many different words did."""
        _check_words("token_ids", token_ids, self.vocab_size)
        places = torch.arange(len(token_ids))
        before = torch.zeros_like(places)  # number of the k − 1 words before, −1 if unseen
        for k, table in enumerate(self.tables, start=1):
            seen, context = before >= 0, before.clamp(min=0)
            gram = torch.where(seen, table.number(context * self.vocab_size + token_ids), -1)
            count = torch.where(gram >= 0, table.counts[gram.clamp(min=0)], 0)
            total = torch.where(seen, table.totals[context], 0)
            kinds = torch.where(seen, table.kinds[context], 0)
            yield places >= k - 1, count.double(), total.double(), kinds.double()
            before = torch.cat([places.new_full((1,), -1), gram])[: len(gram)]


def _check_words(name: str, words: Int[Tensor, "_"], vocab_size: int) -> None:
    if len(words) and (words.min() < 0 or words.max() >= vocab_size):
        found = f"{words.min()} to {words.max()}"
        raise ValueError(f"{name} must hold numbers from 0 to {vocab_size - 1}, got {found}")


def _check_discount(discount: float) -> None:
    if not 0 <= discount <= 1:
        raise ValueError(f"discount must be from 0 to 1, got {discount}")
