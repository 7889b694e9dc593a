"""Other correct ways to write count_pairs."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np


def places(words):
    counts = defaultdict(int)
    for word in words:
        for i in range(len(word) - 1):
            counts[word[i], word[i + 1]] += words[word]
    return counts


def counters(words):
    total = Counter()
    for word, n in words.items():
        for pair, times in Counter(pairwise(word)).items():
            total[pair] += times * n
    return total


def by_pair(words):
    """First which pairs there are, then how often each."""
    pairs = {word[i - 1 : i + 1] for word in words for i in range(1, len(word))}
    return {
        pair: sum(
            n * sum(word[i : i + 2] == pair for i in range(len(word))) for word, n in words.items()
        )
        for pair in pairs
    }


def numpy_rows(words):
    rows = [(*pair, n) for word, n in words.items() for pair in pairwise(word)]
    if not rows:
        return {}
    table = np.array(rows)
    pairs, inverse = np.unique(table[:, :2], axis=0, return_inverse=True)
    counts = np.bincount(inverse.ravel(), weights=table[:, 2]).astype(int)
    return {tuple(pair): count for pair, count in zip(pairs.tolist(), counts, strict=True)}


VARIANTS = [places, counters, by_pair, numpy_rows]
