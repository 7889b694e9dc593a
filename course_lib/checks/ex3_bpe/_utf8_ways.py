"""Ways from text to bytes and back, right and wrong, that bugs are made of."""

from __future__ import annotations

import re
from collections.abc import Callable

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def to_bytes(text: str) -> list[int]:
    """The right bytes."""
    return list(text.encode())


def from_bytes(ids: list[int]) -> str:
    """The right text."""
    return bytes(ids).decode(errors="replace")


def encoded(*how: str) -> Callable[[str], list[int]]:
    """The bytes in some encoding, with some way to treat what it lacks."""
    return lambda text: list(text.encode(*how))


def decoded(*how: str) -> Callable[[list[int]], str]:
    """The text in some encoding, with some way to treat what is wrong."""
    return lambda ids: bytes(ids).decode(*how)


def whole_or(otherwise: Callable[[bytes], str]) -> Callable[[list[int]], str]:
    """The text where all of it is UTF-8, and something else where not."""

    def from_bytes(ids: list[int]) -> str:
        try:
            return bytes(ids).decode()
        except UnicodeDecodeError:
            return otherwise(bytes(ids))

    return from_bytes


def up_to_the_first(ids: list[int]) -> str:
    """What comes before the first byte that is wrong."""
    try:
        return bytes(ids).decode()
    except UnicodeDecodeError as error:
        return bytes(ids[: error.start]).decode()


def a_mark_for_each(ids: list[int]) -> str:
    """As many marks as there are bytes that are wrong."""
    hidden = bytes(ids).decode(errors="surrogateescape")
    return re.sub("[\udc80-\udcff]", REPLACEMENT, hidden)
