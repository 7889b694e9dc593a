"""The mistakes people make in the textbook trainer, with the words that help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._merges import parts_of
from course_lib.checks.ex3_bpe._textbook_ways import (
    Counts,
    Token,
    Word,
    by,
    textbook,
)
from course_lib.checks.ex3_bpe._train_bpe_result_bugs import RESULT_BUGS


def whole_parts(text: str, special_tokens: Sequence[str]) -> list[str]:
    """No pre-tokens: everything between two special tokens is one word."""
    return list(parts_of(text, special_tokens))


def split_at_spaces(text: str, special_tokens: Sequence[str]) -> list[str]:
    """Words without the space before them."""
    return [word for part in parts_of(text, special_tokens) for word in part.split()]


def each_once(words: Sequence[Word]) -> Mapping[Word, int]:
    """Every different word counts one."""
    return dict.fromkeys(words, 1)


def without_overlaps(words: Mapping[Word, int]) -> Counts:
    """In "aaa" the pair (a, a) once."""
    counts: Counter = Counter()
    for word, n in words.items():
        last = None
        for place, pair in enumerate(pairwise(word)):
            if last is not None and last == (place - 1, pair):
                last = None
            else:
                counts[pair] += n
                last = place, pair
    return counts


def once_a_word(words: Mapping[Word, int]) -> Counts:
    """A pair that stands twice in a word counts once there."""
    counts: Counter = Counter()
    for word, n in words.items():
        for pair in dict.fromkeys(pairwise(word)):
            counts[pair] += n
    return counts


def first_seen(counts: Counts, vocab: Sequence[Token]) -> tuple[Token, Token]:
    """What `max` or `most_common` takes without being told."""
    return max(counts, key=counts.__getitem__)


def lowest(counts: Counts, vocab: Sequence[Token]) -> tuple[Token, Token]:
    """The commonest pair; of several the smallest."""
    return min(counts, key=lambda pair: (-counts[pair], pair))


def as_text(token: bytes) -> str:
    """A token as text."""
    return token.decode("utf-8", errors="replace")


TIES = (
    Bug(
        "lowest-pair",
        "Of equally common pairs the smallest is taken.",
        "Take the greatest: `max` with the key (count, left bytes, right bytes).",
        textbook(choose=lowest),
    ),
    Bug(
        "first-seen",
        "Of equally common pairs the one that was counted first is taken, which depends on the "
        "order of the text.",
        "`max(counts, key=counts.get)` and `most_common` know no tie-break: let the key go on, "
        "(count, left bytes, right bytes).",
        textbook(choose=first_seen),
    ),
    Bug(
        "ties-by-id",
        "Of equally common pairs the one with the greatest ids is taken.",
        "Compare the tokens' bytes: the key is (counts[pair], vocab[left], vocab[right]). A merged "
        "token has a high id, but its bytes may begin with an a.",
        textbook(choose=by(lambda left, right, ids: (ids[left], ids[right]))),
    ),
    Bug(
        "ties-by-joined-bytes",
        "Of equally common pairs the one with the greatest joined bytes is taken.",
        "Compare the left tokens first, then the right ones: (left, right), not left + right.",
        textbook(choose=by(lambda left, right, ids: left + right)),
    ),
    Bug(
        "ties-by-length",
        "Of equally common pairs the one that makes the longest token is taken.",
        "Length is not asked for: compare the byte strings as Python does, the left ones first.",
        textbook(choose=by(lambda left, right, ids: (len(left + right), left, right))),
    ),
    Bug(
        "ties-by-printed-form",
        "Ties are broken by how Python prints the byte strings, where é begins with a backslash.",
        "Compare the byte strings themselves, not `str(token)`.",
        textbook(choose=by(lambda left, right, ids: (str(left), str(right)))),
    ),
    Bug(
        "ties-by-text",
        "Ties are broken by the tokens as text; parts of characters all read �, and so are equal.",
        "Compare the byte strings themselves: Python compares them byte by byte.",
        textbook(choose=by(lambda left, right, ids: (as_text(left), as_text(right)))),
    ),
)

WORDS = (
    Bug(
        "across-words",
        "Merges cross from one pre-token to the next, as if the text were one word.",
        "Cut the text with `pretokens` first, and count pairs inside each word.",
        textbook(cut=whole_parts),
    ),
    Bug(
        "split-at-spaces",
        "The text is cut at spaces, so the spaces themselves are lost and nothing else is cut.",
        "`pretokens(text, special_tokens)` leaves the space with the word behind it.",
        textbook(cut=split_at_spaces),
    ),
    Bug(
        "each-word-once",
        "Every different word counts once, however often it stands in the text.",
        "Keep words with their counts, `Counter(…)`, and let a pair count as often as its word.",
        textbook(tally=each_once),
    ),
    Bug(
        "overlaps-not-counted",
        "Pairs that overlap are counted once: (a, a) in “aaa” stands twice.",
        "Count every place: `pairwise(word)`, as `count_pairs` does.",
        textbook(count=without_overlaps),
    ),
    Bug(
        "once-a-word",
        "A pair that stands several times in a word is counted once for it.",
        "Count every place: go through `pairwise(word)`, not through a set of it.",
        textbook(count=once_a_word),
    ),
    Bug(
        "counted-once-for-all",
        "The pairs are counted once, before the first merge, and then taken in that order.",
        "A merge changes its neighbours' pairs and makes new ones: count again after each.",
        textbook(anew=False),
    ),
    Bug(
        "characters-for-bytes",
        "The first tokens are characters, not bytes.",
        "Begin with `word.encode()`: é is two bytes, and す is three.",
        textbook(spell=lambda word: tuple(letter.encode() for letter in word)),
    ),
)

BUGS = (*TIES, *WORDS, *RESULT_BUGS)
