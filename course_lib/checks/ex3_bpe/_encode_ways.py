"""Wrong ways to do one step of encode, and right ways with one thing missing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import regex

from course_lib.checks.ex3_bpe._tokenizer_parts import Parts

Pair = tuple[bytes, bytes]


def longest_from_the_left(self: Parts, tokens: list[bytes]) -> list[bytes]:
    """At each place the longest token of the vocabulary."""
    text, found = b"".join(tokens), []
    while text:
        n = next(n for n in range(len(text), 0, -1) if text[:n] in self.ids)
        found.append(text[:n])
        text = text[n:]
    return found


def first_from_the_left(self: Parts, tokens: list[bytes]) -> Pair | None:
    """The first pair that some merge joins."""
    return next((pair for pair in pairwise(tokens) if pair in self.ranks), None)


def sweep(self: Parts, tokens: list[bytes]) -> list[bytes]:
    """Once from left to right, joining every pair that some merge joins."""
    after, place = [], 0
    while place < len(tokens):
        n = 2 if tuple(tokens[place : place + 2]) in self.ranks else 1
        after.append(b"".join(tokens[place : place + n]))
        place += n
    return after


def sweeps(self: Parts, tokens: list[bytes]) -> list[bytes]:
    """Sweeps until nothing changes."""
    while (after := sweep(self, tokens)) != tokens:
        tokens = after
    return tokens


def one_round(self: Parts, tokens: list[bytes]) -> list[bytes]:
    """The best pair, wherever it stands, and then nothing more."""
    pair = self.chosen(tokens)
    return tokens if pair is None else self.joined(tokens, pair)


def each_merge_once(self: Parts, tokens: list[bytes]) -> list[bytes]:
    """Through all merges, each at its first place only."""
    for pair in self.ranks:
        if pair in pairwise(tokens):
            tokens = at_one_place(self, tokens, pair)
    return tokens


def last_learned(self: Parts, tokens: list[bytes]) -> Pair | None:
    """The pair of the highest rank."""
    known = [pair for pair in pairwise(tokens) if pair in self.ranks]
    return max(known, key=self.ranks.__getitem__, default=None)


def highest_or_unknown(self: Parts, tokens: list[bytes]) -> Pair | None:
    """The pair of the highest rank, where a pair without a rank has the highest of all."""
    highest = max(pairwise(tokens), key=lambda pair: self.ranks.get(pair, 10**9), default=None)
    return highest if highest in self.ranks else None


def without_rank_0(self: Parts, tokens: list[bytes]) -> Pair | None:
    """Rank 0, which is false, counts as no rank."""
    known = [pair for pair in pairwise(tokens) if self.ranks.get(pair)]
    return min(known, key=self.ranks.__getitem__, default=None)


def of_lowest_id(self: Parts, tokens: list[bytes]) -> Pair | None:
    """The pair whose token has the lowest id."""
    known = [pair for pair in pairwise(tokens) if b"".join(pair) in self.ids]
    return min(known, key=lambda pair: self.ids[b"".join(pair)], default=None)


def by_joined_bytes(self: Parts, tokens: list[bytes]) -> Pair | None:
    """The pair whose joined bytes were made first, by whatever merge."""
    made = {left + right: rank for (left, right), rank in self.ranks.items()}
    known = [pair for pair in pairwise(tokens) if b"".join(pair) in made]
    return min(known, key=lambda pair: made[b"".join(pair)], default=None)


def at_one_place(self: Parts, tokens: list[bytes], pair: Pair) -> list[bytes]:
    """The leftmost place only, as in `parts[first : first + 2] = [...]`."""
    first = next(place for place, here in enumerate(pairwise(tokens)) if here == pair)
    return [*tokens[:first], b"".join(pair), *tokens[first + 2 :]]


def overlapping(self: Parts, tokens: list[bytes], pair: Pair) -> list[bytes]:
    """In "aaa" both pairs are joined."""
    after, is_open = [], True
    for place, token in enumerate(tokens):
        if tuple(tokens[place : place + 2]) == pair:
            after.append(b"".join(pair))
            is_open = False
        else:
            after += [token] if is_open else []
            is_open = True
    return after


def from_the_right(self: Parts, tokens: list[bytes], pair: Pair) -> list[bytes]:
    """Of places that overlap the last is joined."""
    mirrored = [token[::-1] for token in reversed(tokens)]
    joined = Parts.joined(self, mirrored, (pair[1][::-1], pair[0][::-1]))
    return [token[::-1] for token in reversed(joined)]


def without_the_last(self: Parts, tokens: list[bytes], pair: Pair) -> list[bytes]:
    """The loop ends one short: a last token that is not merged is lost."""
    kept = Parts.joined(self, tokens, pair)
    return kept if tuple(tokens[-2:]) == pair and kept[-1] == b"".join(pair) else kept[:-1]


def by_order(self: Parts, token: bytes) -> int:
    """Ids counted: 256 bytes, then the merges."""
    made = {left + right: 256 + rank for (left, right), rank in self.ranks.items()}
    return token[0] if len(token) == 1 else made[token]


def byte_as_id(self: Parts, token: bytes) -> int:
    """A single byte is its own id."""
    return token[0] if len(token) == 1 else self.ids[token]


def splitting(order: Callable[[list[str]], list[str]], escape: Callable = regex.escape) -> Any:
    """Special tokens tried in some order."""

    def split(self: Parts, text: str) -> list[str]:
        if not self.special_tokens:
            return [text]
        inner = "|".join(map(escape, order(list(self.special_tokens))))
        return [part for part in regex.split("(" + inner + ")", text) if part]

    return split


def in_one_pattern(self: Parts, text: str) -> list[str]:
    """Special tokens as alternatives in front of the pattern, one expression for both."""
    by_length = sorted(self.special_tokens, key=len, reverse=True)
    return regex.findall("|".join([*map(regex.escape, by_length), self.pattern.pattern]), text)


def one_token_after_the_other(self: Parts, text: str) -> list[str]:
    """The whole text is split at the longest special token, then what is left at the next."""
    parts = [text]
    for token in sorted(self.special_tokens, key=len, reverse=True):
        expression = "(" + regex.escape(token) + ")"
        parts = [
            piece
            for part in parts
            for piece in ([part] if part in self.special_tokens else regex.split(expression, part))
        ]
    return parts


def special_dropped(self: Parts, text: str) -> list[str]:
    """Split without the special tokens themselves."""
    return [part for part in Parts.split(self, text) if part not in self.special_tokens]


def without_special(self: Parts, text: str) -> list[Any]:
    """The pattern cuts the whole text, and what it finds is merged, whatever it is."""
    found = [self.merged(self.first_tokens(piece)) for piece in self.pretokens(text)]
    return [self.id_of(token) for tokens in found for token in tokens]


def appended(self: Parts, text: str) -> list[Any]:
    """The ids of each pre-token stay together; a special token is one id."""
    special = self.special_tokens
    return [special[part] if part in special else self.ids_of(part) for part in self.parts(text)]
