"""The mistakes people make in a fast trainer, with the words that help."""

from __future__ import annotations

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe import _fast_wrong_ways as ways

STEPS = (
    Bug(
        "all-pairs-searched",
        "At each merge all pairs are looked at to find the commonest.",
        "Keep a heap (`heapq`), and push what changed. `max` and `sorted` over all counts, and a "
        "heap built anew, look at every pair.",
        ways.AllPairsSearched(),
    ),
    Bug(
        "all-words-searched",
        "At each merge all words are searched for the pair.",
        "Keep an index, a dict from each pair to the words that have it, and bring it up to date "
        "where a word changes.",
        ways.AllWordsSearched(),
    ),
    Bug(
        "counts-everything-anew",
        "After each merge everything is gone through again, however little has changed.",
        "Keep `counts` from merge to merge. For each pair keep the words that have it: a merge "
        "touches those alone, takes their old pairs off the counts and adds their new ones.",
        ways.PairsCountedAnew(),
    ),
)

HEAP = (
    Bug(
        "stale-entries-taken",
        "Whatever is on top of the heap is merged, though its count may be out of date.",
        "After `heappop`, compare the entry's count with `counts[pair]`; if they differ, it is "
        "no longer the commonest.",
        ways.StaleEntriesTaken(),
    ),
    Bug(
        "stale-entries-thrown-away",
        "A pair whose entry is out of date is thrown away, and never merged again.",
        "It has become rarer, not gone: push it back with its true count, unless that is 0.",
        ways.StaleEntriesThrownAway(),
    ),
    Bug(
        "lowest-pair",
        "Of equally common pairs the smallest is taken: a heap has its smallest entry on top.",
        "Turn the bytes around too, as the count: 255 − byte for each, and 256 behind the last.",
        ways.LowestPair(),
    ),
    Bug(
        "ties-by-id",
        "Of equally common pairs the one with the greatest ids is taken.",
        "Compare bytes: a merged token has a high id, but its bytes may begin with an a.",
        ways.GreatestIds(),
    ),
    Bug(
        "no-end-of-token",
        "Among equally common pairs “a” is taken for greater than “ab”.",
        "Turned around, a list of bytes that ends too early still comes first. Put a number at "
        "the end of each that is larger than all: [255 − byte, …, 256].",
        ways.NoEndOfToken(),
    ),
    Bug(
        "ties-by-printed-form",
        "Ties are broken by how Python prints the byte strings, where é begins with a backslash.",
        "Compare the byte strings themselves, not `str(token)`.",
        ways.PrintedForm(),
    ),
    Bug(
        "ties-by-text",
        "Ties are broken by the tokens as text; parts of characters all read �, and so are equal.",
        "Compare the byte strings themselves: Python compares them byte by byte.",
        ways.AsText(),
    ),
)

UPDATES = (
    Bug(
        "neighbours-not-lowered",
        "The pairs that a merge breaks up keep their counts.",
        "Where (b, c) becomes one token in a b c d, the pairs (a, b) and (c, d) are gone: take "
        "them off.",
        ways.NeighboursNotLowered(),
    ),
    Bug(
        "new-pairs-not-counted",
        "The pairs of a new token with its neighbours are never counted.",
        "Where (b, c) becomes X in a b c d, the pairs (a, X) and (X, d) are new: count them, and "
        "push them on the heap.",
        ways.NewPairsNotCounted(),
    ),
    Bug(
        "new-pairs-not-indexed",
        "The pairs of a new token are counted, but the index does not know their words, so merging "
        "them changes nothing.",
        "Wherever a pair is added to the counts, add the word to `words_with[pair]`.",
        ways.NewPairsNotIndexed(),
    ),
    Bug(
        "index-cleaned-too-far",
        "A word is taken off a pair's list when one occurrence is broken up, though it has more.",
        "Take it off when none is left; or leave it there: a word without the pair does no harm.",
        ways.IndexCleanedTooFar(),
    ),
    Bug(
        "once-in-a-word",
        "Where a word has the pair more than once, only the first occurrence is merged.",
        "Go on to the end of the word: `merge(word, pair, new_id)` does.",
        ways.OnceInAWord(),
    ),
    Bug(
        "words-for-places",
        "A pair that stands several times in a word is counted once for it, at first.",
        "Count every place, `for pair in pairwise(word)`; only the index is a set.",
        ways.WordsInPlaceOfPlaces(),
    ),
    Bug(
        "word-counts-ignored",
        "The counts change by one at a merge, however often the word stands in the text.",
        "Add and subtract the word's count.",
        ways.WordCountsIgnored(),
    ),
    Bug(
        "old-left-neighbour",
        "Where two occurrences touch, as in “abab”, the left neighbour of the second is taken as "
        "it was before; by then it is the new token.",
        "Look left in the word as it has become. Safest: take off all pairs of the old word, and "
        "add all pairs of the new one.",
        ways.OldLeftNeighbour(),
    ),
)

SPECIALS = (
    Bug(
        "specials-trained-on",
        "The letters of special tokens are trained on as if they were text.",
        "Cut them out: `pretokens(text, special_tokens)` takes them as its second argument.",
        ways.SpecialsTrainedOn(),
    ),
    Bug(
        "specials-not-counted",
        "The special tokens are not counted in vocab_size: there are as many merges too many.",
        "There is room for vocab_size − 256 − len(special_tokens) merges.",
        ways.SpecialsNotCounted(),
    ),
    Bug(
        "specials-sorted",
        "The special tokens stand in the order of the alphabet.",
        "Keep the order in which they were given; a set forgets it, and `sorted` changes it.",
        ways.SpecialsSorted(),
    ),
)

BUGS = (*STEPS, *HEAP, *UPDATES, *SPECIALS)
