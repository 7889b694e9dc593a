"""Vocabularies for a page: each list of merges as pairs of tokens, two bytes each, in base64."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from struct import pack
from typing import Any

from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.pretokenize import GPT2_PATTERN

MOST = 2**16 - 256  # merges, so that every token's number fits into two bytes


def pack_vocabularies(
    tokenizers: Mapping[str, Tokenizer],
) -> tuple[list[dict[str, Any]], list[str]]:
    """What the page needs of each tokenizer, and the lists of merges that they refer to.

    A vocabulary whose merges are the first ones of another's has no list of its own.

    Raises ValueError if the page could not encode as a tokenizer does: its pattern is not GPT-2's,
    it has more merges than fit, or a merge is not of two earlier tokens into the next id.
    """
    for name, tokenizer in tokenizers.items():
        _check(name, tokenizer)
    lists: list[list[tuple[bytes, bytes]]] = []
    for tokenizer in sorted(tokenizers.values(), key=lambda one: -len(one.merges)):
        if _place(lists, tokenizer) is None:
            lists.append(tokenizer.merges)
    described = []
    for name, tokenizer in tokenizers.items():
        byte_ids = [tokenizer.ids[bytes([byte])] for byte in range(256)]
        described.append(
            {
                "name": name,
                "merges": _place(lists, tokenizer),
                "n_merges": len(tokenizer.merges),
                "byte_ids": [] if byte_ids == list(range(256)) else byte_ids,
                "special_tokens": dict(tokenizer.special_tokens),
            }
        )
    return described, [pack_merges(merges) for merges in lists]


def pack_merges(merges: Sequence[tuple[bytes, bytes]]) -> str:
    """The merges as numbers: a byte is its own number, and merge k makes token 256 + k."""
    numbers = {bytes([byte]): byte for byte in range(256)}
    pairs: list[int] = []
    for left, right in merges:
        pairs += (numbers[left], numbers[right])
        numbers[left + right] = len(numbers)
    return b64encode(pack(f"<{len(pairs)}H", *pairs)).decode()


def _place(lists: list[list[tuple[bytes, bytes]]], tokenizer: Tokenizer) -> int | None:
    """Number of the list that begins with a tokenizer's merges."""
    n_merges = len(tokenizer.merges)
    return next((i for i, one in enumerate(lists) if one[:n_merges] == tokenizer.merges), None)


def _check(name: str, tokenizer: Tokenizer) -> None:
    if tokenizer.pattern.pattern != GPT2_PATTERN:
        raise ValueError(f"{name} must cut by GPT-2's pattern, got {tokenizer.pattern.pattern!r}")
    if len(tokenizer.merges) > MOST:
        raise ValueError(f"{name} must have at most {MOST} merges, got {len(tokenizer.merges)}")
    known = {bytes([byte]) for byte in range(256)}
    if not known <= tokenizer.ids.keys():
        raise ValueError(f"{name} must hold all 256 bytes, got {len(known & tokenizer.ids.keys())}")
    for rank, (left, right) in enumerate(tokenizer.merges):
        if not {left, right} <= known or tokenizer.ids.get(left + right) != 256 + rank:
            raise ValueError(
                f"merge {rank} of {name} must make id {256 + rank} of two earlier tokens, "
                f"got {left!r} and {right!r}"
            )
        known.add(left + right)
