"""What a tokenizer must give, found by other ways than a student's: the judges' yardstick.

A text is walked for special tokens character by character, and a pre-token becomes ids by applying
the merges one after the other, each to the whole pre-token.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import regex
import torch

from course_lib.checks.base import Plain
from course_lib.checks.ex3_bpe._merges import GPT2

Merges = Sequence[tuple[bytes, bytes]]
PRIVATE = 0xF0000  # the first of 65,534 code points that no text uses


def pairs(text: str) -> list[tuple[bytes, bytes]]:
    """Merges written as in "a+b ab+_", where _ is a space."""
    merges = (merge.replace("_", " ").encode().split(b"+") for merge in text.split(" ") if merge)
    return [(left, right) for left, right in merges]


def byte_vocab(merges: Merges) -> dict[int, bytes]:
    """The bytes, then what the merges make, in order: ids as training gives them."""
    tokens = [bytes([byte]) for byte in range(256)] + [left + right for left, right in merges]
    return dict(enumerate(tokens))


def with_special(vocab: Mapping[int, bytes], special_tokens: Sequence[str]) -> dict[int, bytes]:
    """The vocabulary with the special tokens at its end."""
    behind = range(max(vocab) + 1, max(vocab) + 1 + len(special_tokens))
    return {**vocab, **dict(zip(behind, (text.encode() for text in special_tokens), strict=True))}


def split(text: str, special_tokens: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in parts, and of each whether it is a special token."""
    parts: list[tuple[str, bool]] = []
    start = place = 0
    while place < len(text):
        here = [token for token in special_tokens if text.startswith(token, place)]
        if not here:
            place += 1
            continue
        parts += [(text[start:place], False), (max(here, key=len), True)]
        start = place = place + len(parts[-1][0])
    return [part for part in [*parts, (text[start:], False)] if part[0]]


def merged(pretoken: str, merges: Merges) -> list[bytes]:
    """The tokens of a pre-token: each merge in turn replaces its pair everywhere."""
    tokens = dict.fromkeys([bytes([byte]) for byte in range(256)])
    tokens |= dict.fromkeys(left + right for left, right in merges)
    letter = {token: chr(PRIVATE + place) for place, token in enumerate(tokens)}
    word = "".join(letter[bytes([byte])] for byte in pretoken.encode())
    for left, right in merges:
        word = word.replace(letter[left] + letter[right], letter[left + right])
    return [list(tokens)[ord(sign) - PRIVATE] for sign in word]


def encoded(
    text: str,
    vocab: Mapping[int, bytes],
    merges: Merges,
    special_tokens: Sequence[str] = (),
    pattern: str | None = None,
) -> list[int]:
    """The ids of a text; no two tokens of the vocabulary may have the same bytes."""
    ids = {token: token_id for token_id, token in with_special(vocab, special_tokens).items()}
    compiled = regex.compile(pattern) if pattern else GPT2
    token_ids: list[int] = []
    known: dict[str, list[int]] = {}
    for part, is_special in split(text, special_tokens):
        if is_special:
            token_ids.append(ids[part.encode()])
            continue
        for match in compiled.finditer(part):
            word = match.group()
            if word not in known:
                known[word] = [ids[token] for token in merged(word, merges)]
            token_ids += known[word]
    return token_ids


def learned(text: str, n_merges: int) -> list[tuple[bytes, bytes]]:
    """Merges learned from one word of ASCII, those left out that would make a token once more."""
    word, merges = [letter.encode() for letter in text], []
    made = set(word)
    while len(merges) < n_merges:
        counts = Counter(pairwise(word))
        counts = Counter({pair: n for pair, n in counts.items() if pair[0] + pair[1] not in made})
        if not counts:
            break
        left, right = counts.most_common(1)[0][0]
        merges.append((left, right))
        made.add(left + right)
        rest, word = word, []
        while rest:
            n = 2 if rest[:2] == [left, right] else 1
            word, rest = [*word, b"".join(rest[:n])], rest[n:]
    return merges


def drawn_word(rng: torch.Generator, letters: str, length: int) -> str:
    """A random word."""
    places = torch.randint(len(letters), (length,), generator=rng).tolist()
    return "".join(letters[place] for place in places)


def are_ids(value: Plain) -> bool:
    """Whether a result is a list of whole numbers."""
    return isinstance(value, list | tuple) and all(type(item) is int for item in value)


def spelled(token_ids: Sequence[int], vocab: Mapping[int, bytes], n: int = 12) -> str:
    """Token ids with the tokens that they stand for, for a student to read."""
    shown = [f"{i} {vocab[i]!r}" if i in vocab else f"{i} (no token)" for i in token_ids[:n]]
    return "[" + ", ".join(shown) + (", …" if len(token_ids) > n else "") + "]"
