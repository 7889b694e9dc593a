"""The textbook trainer with its parts exchangeable: each bug of `train_bpe` exchanges one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from course_lib.checks.ex3_bpe._merges import words_of

Token = Any  # what stands for a token; here its bytes
Word = tuple[Token, ...]
Counts = Mapping[tuple[Token, Token], int]


def spelled(word: str) -> Word:
    """The bytes of a word, each a byte string."""
    return tuple(bytes([byte]) for byte in word.encode())


def counted(words: Mapping[Word, int]) -> Counts:
    """How often each pair stands, in all places."""
    counts: Counter = Counter()
    for word, n in words.items():
        for pair in pairwise(word):
            counts[pair] += n
    return counts


def greatest(counts: Counts, vocab: Sequence[Token]) -> tuple[Token, Token]:
    """The commonest pair; of several the greatest."""
    return max(counts, key=lambda pair: (counts[pair], pair))


def by(key: Callable[..., Any]) -> Callable[[Counts, Sequence[Token]], tuple[Token, Token]]:
    """The commonest pair; of several that with the largest key of (left, right, ids)."""

    def choose(counts: Counts, vocab: Sequence[Token]) -> tuple[Token, Token]:
        ids = {token: place for place, token in enumerate(vocab)}
        return max(counts, key=lambda pair: (counts[pair], key(*pair, ids)))

    return choose


def merged(word: Word, pair: tuple[Token, Token]) -> Word:
    """The word with the pair joined, from left to right."""
    joined: list[Token] = []
    for token in word:
        if joined and (joined[-1], token) == pair:
            joined[-1] = pair[0] + pair[1]
        else:
            joined.append(token)
    return tuple(joined)


def room_for(vocab_size: int, special_tokens: Sequence[str]) -> int:
    """How many merges the vocabulary has room for."""
    return vocab_size - 256 - len(special_tokens)


def listed(
    tokens: Sequence[Token], merges: Sequence[Any], special_tokens: Sequence[str]
) -> tuple[Any, Any]:
    """The two results: bytes and merged tokens in order, then the special tokens."""
    return dict(enumerate([*tokens, *map(str.encode, special_tokens)])), list(merges)


BYTES = tuple(bytes([byte]) for byte in range(256))


def textbook(
    cut: Callable[[str, Sequence[str]], Sequence[str]] = words_of,
    spell: Callable[[str], Word] = spelled,
    tally: Callable[[Sequence[Word]], Mapping[Word, int]] = Counter,
    count: Callable[[Mapping[Word, int]], Counts] = counted,
    choose: Callable[[Counts, Sequence[Token]], tuple[Token, Token]] = greatest,
    room: Callable[[int, Sequence[str]], int] = room_for,
    least: int = 1,
    first: Callable[[Mapping[Word, int]], Sequence[Token]] = lambda words: BYTES,
    finish: Callable[..., tuple[Any, Any]] = listed,
    anew: bool = True,
) -> Callable[..., tuple[Any, Any]]:
    """`train_bpe`, with words and tokens as byte strings.

    Args:
        cut: the words of a text.
        spell: the tokens of a word.
        tally: how often each word stands.
        count: how often each pair stands.
        choose: the pair to merge.
        room: how many merges.
        least: how often a pair must stand.
        first: the tokens before any merge.
        finish: the two results.
        anew: whether pairs are counted again after each merge.
    """

    def train(text: str, vocab_size: int, special_tokens: Sequence[str] = ()) -> tuple[Any, Any]:
        words = tally([spell(word) for word in cut(text, special_tokens)])
        tokens, merges = list(first(words)), []
        counts = count(words)
        while len(merges) < room(vocab_size, special_tokens) and counts:
            pair = choose(counts, tokens)
            if counts[pair] < least:
                break
            tokens.append(pair[0] + pair[1])
            merges.append(pair)
            words = {merged(word, pair): n for word, n in words.items()}
            counts = count(words) if anew else {p: n for p, n in counts.items() if p != pair}
        return finish(tokens, merges, special_tokens)

    return train
