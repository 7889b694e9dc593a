"""Mistakes in the textbook trainer with special tokens, with the results, and at the end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._merges import parts_of, words_of
from course_lib.checks.ex3_bpe._textbook_ways import (
    Counts,
    Token,
    counted,
    listed,
    room_for,
    textbook,
)


def specials_deleted(text: str, special_tokens: Sequence[str]) -> list[str]:
    """What stood before a special token runs on into what stood behind it."""
    return words_of("".join(parts_of(text, special_tokens)))


def specials_not_escaped(text: str, special_tokens: Sequence[str]) -> list[str]:
    """The bars in "<|end|>" taken for the regular expression's "or"."""
    parts = re.split("|".join(special_tokens), text) if special_tokens else [text]
    return [word for part in parts for word in words_of(part)]


def without_a_default(counts: Counts, vocab: Sequence[Token]) -> tuple[Token, Token]:
    """Raises ValueError where no pair is left."""
    return max(counts, key=lambda pair: (counts[pair], pair))


class _NeverEmpty(Counter):
    """Counts that a `while` goes on with though nothing is in them."""

    def __bool__(self) -> bool:
        return True


def specials_first(tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]) -> Any:
    """Special tokens from 0 on."""
    return dict(enumerate([*map(str.encode, special_tokens), *tokens])), merges


def specials_before_merges(
    tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]
) -> Any:
    """Special tokens from 256 on."""
    middle = map(str.encode, special_tokens)
    return dict(enumerate([*tokens[:256], *middle, *tokens[256:]])), merges


def specials_sorted(tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]) -> Any:
    """Special tokens in the order of the alphabet."""
    return listed(tokens, merges, sorted(special_tokens))


def specials_left_out(tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]) -> Any:
    """Room for the special tokens, but not they."""
    return dict(enumerate(tokens)), merges


def from_one(tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]) -> Any:
    """Ids that begin with 1."""
    vocab, merges = listed(tokens, merges, special_tokens)
    return {token_id + 1: token for token_id, token in vocab.items()}, merges


def inverted(tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]) -> Any:
    """From bytes to ids."""
    vocab, merges = listed(tokens, merges, special_tokens)
    return {token: token_id for token_id, token in vocab.items()}, merges


def as_text(tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]) -> Any:
    """Strings, one character a byte."""
    vocab, merges = listed(tokens, merges, special_tokens)
    return (
        {token_id: token.decode("latin-1") for token_id, token in vocab.items()},
        [tuple(token.decode("latin-1") for token in pair) for pair in merges],
    )


def ids_in_merges(tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]) -> Any:
    """Pairs of ids."""
    ids = {token: token_id for token_id, token in enumerate(tokens)}
    vocab, merges = listed(tokens, merges, special_tokens)
    return vocab, [(ids[left], ids[right]) for left, right in merges]


def joined_in_merges(tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]) -> Any:
    """What each merge made, in place of the two that it was made of."""
    vocab, merges = listed(tokens, merges, special_tokens)
    return vocab, [left + right for left, right in merges]


def merges_alone_in_vocab(
    tokens: Sequence[Token], merges: Any, special_tokens: Sequence[str]
) -> Any:
    """No single bytes."""
    return listed(tokens[256:], merges, special_tokens)


SPECIALS = (
    Bug(
        "specials-not-counted",
        "The special tokens are not counted in vocab_size: there are as many merges too many.",
        "There is room for vocab_size − 256 − len(special_tokens) merges.",
        textbook(room=lambda vocab_size, special_tokens: vocab_size - 256),
    ),
    Bug(
        "specials-trained-on",
        "The letters of special tokens are trained on as if they were text.",
        "Cut them out: `pretokens(text, special_tokens)` takes them as its second argument.",
        textbook(cut=lambda text, special_tokens: words_of(text)),
    ),
    Bug(
        "specials-deleted",
        "Special tokens are deleted, and the text before each runs on into the text behind it.",
        "Cut the text there: no merge and no pre-token reaches across a special token.",
        textbook(cut=specials_deleted),
    ),
    Bug(
        "specials-not-escaped",
        "A special token is read as a regular expression, where | means “or”.",
        "`re.escape` each before they are joined with |, or let `pretokens` cut them out.",
        textbook(cut=specials_not_escaped),
    ),
    Bug(
        "specials-first",
        "The special tokens come first in the vocabulary, so every byte's id is shifted.",
        "Ids 0 to 255 are the bytes, then come the merges, and the special tokens last.",
        textbook(finish=specials_first),
    ),
    Bug(
        "specials-before-merges",
        "The special tokens come before the merges in the vocabulary.",
        "Give them the last ids, after the loop over merges.",
        textbook(finish=specials_before_merges),
    ),
    Bug(
        "specials-sorted",
        "The special tokens stand in the order of the alphabet.",
        "Keep the order in which they were given; a set forgets it, and `sorted` changes it.",
        textbook(finish=specials_sorted),
    ),
    Bug(
        "specials-left-out",
        "The special tokens are missing in the vocabulary.",
        "Give each an id after the last merge: `vocab[len(vocab)] = token.encode()`.",
        textbook(finish=specials_left_out),
    ),
)

RESULTS = (
    Bug(
        "ids-from-one",
        "The ids begin with 1.",
        "The id of a byte is the byte itself: `{byte: bytes([byte]) for byte in range(256)}`.",
        textbook(finish=from_one),
    ),
    Bug(
        "vocab-inverted",
        "The vocabulary leads from bytes to ids.",
        "Turn it around: vocab[token_id] is the bytes of a token.",
        textbook(finish=inverted),
    ),
    Bug(
        "only-bytes-that-occur",
        "The vocabulary begins with the bytes that occur in the text, not with all 256.",
        "A text to come may hold any byte: ids 0 to 255 are for all of them.",
        textbook(first=lambda words: sorted({token for word in words for token in word})),
    ),
    Bug(
        "bytes-left-out",
        "The vocabulary holds the merged tokens, but not the 256 bytes.",
        "Begin with `vocab = {byte: bytes([byte]) for byte in range(256)}`.",
        textbook(finish=merges_alone_in_vocab),
    ),
    Bug(
        "text-for-bytes",
        "Tokens are strings, not byte strings.",
        "A token may be part of a character, which no string can hold: keep `bytes`.",
        textbook(finish=as_text),
    ),
    Bug(
        "ids-in-merges",
        "The merges are pairs of ids, not of byte strings.",
        "Look both up: `(vocab[left], vocab[right])`. So the merges mean the same to everyone.",
        textbook(finish=ids_in_merges),
    ),
    Bug(
        "joined-in-merges",
        "The merges are the tokens that were made, not the pairs that they were made of.",
        "Keep the two parts: `merges.append((vocab[left], vocab[right]))`.",
        textbook(finish=joined_in_merges),
    ),
)

ENDS = (
    Bug(
        "vocab-size-merges",
        "There are vocab_size merges, beside the 256 bytes.",
        "vocab_size counts all tokens: the bytes and the special tokens leave room for the rest.",
        textbook(room=lambda vocab_size, special_tokens: vocab_size),
    ),
    Bug(
        "one-merge-too-many",
        "There is one merge too many.",
        "Stop when there are vocab_size − 256 − len(special_tokens) merges.",
        textbook(room=lambda vocab_size, special_tokens: room_for(vocab_size, special_tokens) + 1),
    ),
    Bug(
        "one-merge-too-few",
        "There is one merge too few.",
        "There is room for vocab_size − 256 − len(special_tokens) merges, ids from 256 on.",
        textbook(room=lambda vocab_size, special_tokens: room_for(vocab_size, special_tokens) - 1),
    ),
    Bug(
        "stops-at-once",
        "Training stops when the commonest pair stands only once.",
        "Go on while there is any pair: stopping there was not asked for.",
        textbook(least=2),
    ),
    Bug(
        "no-pair-left",
        "Training goes on though no pair is left, and fails.",
        "Leave the loop when `counts` is empty; the vocabulary is smaller then.",
        textbook(count=lambda words: _NeverEmpty(counted(words)), choose=without_a_default),
    ),
)

RESULT_BUGS = (*SPECIALS, *RESULTS, *ENDS)
