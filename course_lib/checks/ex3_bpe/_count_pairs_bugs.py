"""The mistakes people make when they count pairs, with the words that help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise, zip_longest

from course_lib.checks.base import Bug, bug

Word = tuple[int, ...]
Words = dict[Word, int]


def counting(
    pairs_of: Callable[[Word], Iterable[tuple]] = pairwise, weight: Callable[[int], int] = int
) -> Callable[[Words], dict]:
    """The right way, with another idea of a word's pairs or of how much each of them counts."""

    def count_pairs(words: Words) -> dict:
        counts: Counter = Counter()
        for word, n in words.items():
            for pair in pairs_of(word):
                counts[pair] += weight(n)
        return dict(counts)

    return count_pairs


def without_overlap(word: Sequence[int]) -> list[Word]:
    """The pairs at places that share no token with an equal pair counted before."""
    pairs: list[Word] = []
    last: dict[Word, int] = {}
    for place, pair in enumerate(pairwise(word)):
        if last.get(pair) != place - 1:
            pairs.append(pair)
            last[pair] = place
    return pairs


@bug(
    "The words are joined to one list first, so the end of one and the start of the next count as "
    "neighbours.",
    "Loop over the words, and inside over the neighbours of that word alone.",
)
def across_words(words: Words) -> dict:
    """All tokens in one list, each word as often as it occurs."""
    return dict(Counter(pairwise(token for word, n in words.items() for token in word * n)))


@bug(
    "A pair's count is overwritten by the next word that holds it.",
    "Add: `counts[pair] = counts.get(pair, 0) + n`.",
)
def overwritten(words: Words) -> dict:
    """The last word wins."""
    return {
        pair: n * count
        for word, n in words.items()
        for pair, count in Counter(pairwise(word)).items()
    }


@bug(
    "Every use of a pair overwrites its count, within a word too.",
    "Add: `counts[pair] = counts.get(pair, 0) + n`.",
)
def always_overwritten(words: Words) -> dict:
    """`=` for `+=`."""
    return {pair: n for word, n in words.items() for pair in pairwise(word)}


@bug(
    "There are pairs with the count 0, of tokens that are nowhere neighbours.",
    "Make an entry only where a pair stands. 50,000 tokens would have 2.5 billion pairs.",
)
def zeros_kept(words: Words) -> dict:
    """Every pair of tokens that occur."""
    counts, tokens = counting()(words), sorted({token for word in words for token in word})
    return {(left, right): counts.get((left, right), 0) for left in tokens for right in tokens}


@bug(
    "Each count is one too high: it starts at 1, and the first place is added to that.",
    "`counts.get(pair, 0)`: a pair not met yet has been counted 0 times.",
)
def starts_at_one(words: Words) -> dict:
    """`counts.get(pair, 1) + n`."""
    return {pair: count + 1 for pair, count in counting()(words).items()}


@bug(
    "This is a list; a dict from pairs to counts is asked for.",
    "`dict(…)` makes one of the list; `most_common` is for whoever reads the counts.",
)
def list_of_counts(words: Words) -> list:
    """Counter.most_common."""
    return Counter(counting()(words)).most_common()


BUGS = (
    Bug(
        "counts-ignored",
        "Every word counts once, however often it occurs in the text.",
        "`words.items()` gives each word with its count: add that in place of 1.",
        counting(weight=lambda n: 1),
    ),
    across_words,
    Bug(
        "overlaps-dropped",
        'In "aaa" the pair (a, a) is counted once, as if its second place were used up by the '
        "first. That is how pairs are merged; they are counted at every place.",
        "Count each place from 0 to len(word) − 2, and skip none.",
        counting(without_overlap),
    ),
    Bug(
        "once-a-word",
        "A pair that stands at several places of a word counts only once there.",
        "Go through the places; a set of pairs, or `pair in word`, forgets how many there are.",
        counting(lambda word: set(pairwise(word))),
    ),
    Bug(
        "order-ignored",
        "(1, 2) and (2, 1) are counted as one pair.",
        "Leave the tokens of a pair in their order: they become different tokens when merged.",
        counting(lambda word: [tuple(sorted(pair)) for pair in pairwise(word)]),
    ),
    Bug(
        "reversed",
        "The pairs are the wrong way round: the right neighbour stands first.",
        "The pair at a place is (word[place], word[place + 1]).",
        counting(lambda word: [(right, left) for left, right in pairwise(word)]),
    ),
    Bug(
        "equal-tokens-dropped",
        "Pairs of two equal tokens are left out.",
        "(a, a) is a pair like any other; compare no tokens.",
        counting(lambda word: [(left, right) for left, right in pairwise(word) if left != right]),
    ),
    Bug(
        "last-pair-missing",
        "The last pair of each word is missing.",
        "A word of n tokens has n − 1 pairs, and `range(n - 1)` ends at n − 2 by itself.",
        counting(lambda word: pairwise(word[:-1])),
    ),
    Bug(
        "first-pair-missing",
        "The first pair of each word is missing.",
        "The first place is 0: the pair (word[0], word[1]).",
        counting(lambda word: pairwise(word[1:])),
    ),
    Bug(
        "every-second-place",
        "Only every second pair is counted: each token is used once.",
        "Move on by one token: all but the first and the last belong to two pairs.",
        counting(lambda word: zip(word[::2], word[1::2], strict=False)),
    ),
    Bug(
        "any-two-tokens",
        "All tokens of a word are paired with all that follow; only neighbours are asked for.",
        "`itertools.pairwise` gives neighbours, `itertools.combinations` any two.",
        counting(lambda word: combinations(word, 2)),
    ),
    Bug(
        "around-the-end",
        "The last token of a word is paired with the first: to Python, word[-1] is the last.",
        "Begin with the pair of the places 0 and 1.",
        counting(lambda word: [(word[i - 1], word[i]) for i in range(len(word))]),
    ),
    Bug(
        "last-token-alone",
        "The last token of each word is counted as a pair with nothing behind it.",
        "A word of n tokens has n − 1 pairs, a word of one token none.",
        counting(lambda word: zip_longest(word, word[1:])),
    ),
    Bug(
        "too-short-slices",
        "The last token of each word is counted as a pair of one: a slice at the end is shorter.",
        "Go through the places 0 to len(word) − 2.",
        counting(lambda word: [word[i : i + 2] for i in range(len(word))]),
    ),
    Bug(
        "single-tokens",
        "Tokens are counted, not pairs of them.",
        "The keys are pairs (left, right) of neighbours.",
        counting(lambda word: word),
    ),
    overwritten,
    always_overwritten,
    zeros_kept,
    starts_at_one,
    list_of_counts,
)
