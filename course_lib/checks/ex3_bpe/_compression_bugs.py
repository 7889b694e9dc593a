"""The mistakes people make in bytes per token, with the words that help."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import mean

from course_lib.checks.base import Bug, bug
from course_lib.checks.ex3_bpe._small_tokenizer import SmallTokenizer


def right(tokenizer: SmallTokenizer, text: str) -> float:
    """Bytes by tokens."""
    if not text:
        raise ValueError("the text is empty")
    return len(text.encode()) / len(tokenizer.encode(text))


def refusing_the_empty(
    ratio: Callable[[SmallTokenizer, str], float],
) -> Callable[[SmallTokenizer, str], float]:
    """A wrong ratio with the right answer to an empty text."""

    def bytes_per_token(tokenizer: SmallTokenizer, text: str) -> float:
        if not text:
            raise ValueError("the text is empty")
        return ratio(tokenizer, text)

    return bytes_per_token


def without_a_token(otherwise: float) -> Callable[[SmallTokenizer, str], float]:
    """The right ratio, and a number for an empty text."""
    return lambda tokenizer, text: right(tokenizer, text) if text else otherwise


@bug(
    "An empty text has no tokens, and this divides by their number.",
    "Look first: `if not text: raise ValueError(…)`, with words that say what was expected.",
)
def empty_divided(tokenizer: SmallTokenizer, text: str) -> float:
    """No look at the text."""
    return len(text.encode()) / len(tokenizer.encode(text))


def white_space_refused(tokenizer: SmallTokenizer, text: str) -> float:
    """A text of white space is taken for empty."""
    return right(tokenizer, text if text.strip() else "")


UTF_8 = 'Count `text.encode("utf-8")`.'
ASKED = "Bytes of the text above, number of its tokens below."

BUGS = (
    Bug(
        "characters-for-bytes",
        "Characters are counted, not bytes: `len(text)` takes a, あ and 😀 for one each, "
        "and they have one byte, three and four.",
        UTF_8,
        refusing_the_empty(lambda t, text: len(text) / len(t.encode(text))),
    ),
    Bug(
        "upside-down",
        "The ratio is upside down: these are tokens per byte.",
        ASKED,
        refusing_the_empty(lambda t, text: len(t.encode(text)) / len(text.encode())),
    ),
    Bug(
        "tokens-per-character",
        "These are tokens per character, known as fertility where it is counted per word.",
        ASKED,
        refusing_the_empty(lambda t, text: len(t.encode(text)) / len(text)),
    ),
    Bug(
        "bytes-per-character",
        "These are bytes per character; the tokenizer is not asked.",
        ASKED,
        refusing_the_empty(lambda t, text: len(text.encode()) / len(text)),
    ),
    Bug(
        "utf-16-length",
        "The bytes are those of UTF-16: two or four for each character, and a mark in front.",
        UTF_8,
        refusing_the_empty(lambda t, text: len(text.encode("utf-16")) / len(t.encode(text))),
    ),
    Bug(
        "distinct-tokens",
        "Only different tokens are counted: a set, or the keys of a dict, forgets repetitions.",
        "Count the whole list that `encode` returns.",
        refusing_the_empty(lambda t, text: len(text.encode()) / len(set(t.encode(text)))),
    ),
    Bug(
        "distinct-averaged",
        "The lengths of the different tokens are averaged, the frequent ones once like the rare.",
        "Every occurrence counts: go through the list that `encode` returns, not through a set.",
        refusing_the_empty(lambda t, text: mean(len(t.vocab[i]) for i in set(t.encode(text)))),
    ),
    Bug(
        "vocabulary-averaged",
        "This is the average length of the vocabulary's tokens; the text is not asked.",
        ASKED,
        refusing_the_empty(lambda t, text: mean(map(len, t.vocab.values()))),
    ),
    Bug(
        "vocabulary-size",
        "The bytes are divided by the size of the vocabulary.",
        "Divide by the number of tokens of this text: `len(tokenizer.encode(text))`.",
        refusing_the_empty(lambda t, text: len(text.encode()) / len(t.vocab)),
    ),
    Bug(
        "per-word",
        "The bytes are divided by the number of words between spaces.",
        "Divide by the number of tokens: `len(tokenizer.encode(text))`.",
        refusing_the_empty(lambda t, text: len(text.encode()) / len(text.split())),
    ),
    Bug(
        "word-by-word",
        "The words are encoded one by one, without the spaces that belong to their tokens.",
        "Encode the text as it is: `tokenizer.encode(text)`.",
        refusing_the_empty(
            lambda t, text: len(text.encode()) / sum(len(t.encode(word)) for word in text.split())
        ),
    ),
    Bug(
        "characters-of-tokens",
        "Each token is decoded alone and its characters are counted; a token that is a part of a "
        "character becomes one �.",
        UTF_8,
        refusing_the_empty(lambda t, text: mean(len(t.decode([i])) for i in t.encode(text))),
    ),
    Bug(
        "whole-division",
        "`//` drops what is behind the point.",
        "Divide with `/`.",
        refusing_the_empty(lambda t, text: len(text.encode()) // len(t.encode(text))),
    ),
    Bug(
        "rounded",
        "The ratio is rounded.",
        "Return it as it is; whoever prints it can round.",
        refusing_the_empty(lambda t, text: round(right(t, text), 1)),
    ),
    Bug(
        "in-bits",
        "This is eight times too much: bits in place of bytes.",
        "Leave the factor 8 out.",
        refusing_the_empty(lambda t, text: 8 * right(t, text)),
    ),
    Bug(
        "white-space-refused",
        "A text of nothing but white space is refused; it has bytes and tokens like any other.",
        "Only the empty text has no tokens: `if not text`, without `.strip()`.",
        white_space_refused,
    ),
    empty_divided,
    Bug(
        "empty-is-zero",
        "An empty text gives 0, which reads like a measurement: it would spoil every average.",
        "There is nothing to measure: raise ValueError.",
        without_a_token(0.0),
    ),
    Bug(
        "empty-is-nan",
        "An empty text gives NaN, which spoils every average that it enters, in silence.",
        "There is nothing to measure: raise ValueError.",
        without_a_token(math.nan),
    ),
)
