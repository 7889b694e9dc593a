"""UTF-8 by arithmetic on code points, with no codec: the oracle of `utf8`."""

from __future__ import annotations

_SMALLEST = {1: 0, 2: 0x80, 3: 0x800, 4: 0x10000}  # a shorter form exists for what lies below
_LARGEST, _HALVES = 0x10FFFF, range(0xD800, 0xE000)  # halves of surrogate pairs are no characters
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def encode(text: str) -> list[int]:
    """The bytes of each character: the bits of its number, six to a byte, behind a first byte."""
    encoded = []
    for code in map(ord, text):
        length = max(n for n, smallest in _SMALLEST.items() if code >= smallest)
        if length == 1:
            encoded.append(code)
            continue
        six_bits = [0x80 | code >> shift & 0x3F for shift in range(6 * length - 12, -1, -6)]
        encoded += [0xF00 >> length & 0xFF | code >> 6 * (length - 1), *six_bits]
    return encoded


def decode(ids: list[int]) -> str:
    """The characters, and U+FFFD for each longest run of bytes that could begin one but breaks off.

    A byte that begins no character is such a run of its own.
    """
    text, place = "", 0
    while place < len(ids):
        runs = [ids[place : place + n] for n in (4, 3, 2, 1)]
        run = next((run for run in runs if _could_begin(run)), runs[-1])
        complete = _could_begin(run) and len(run) == _length(run[0])
        text += chr(_code(run)) if complete else _REPLACEMENT
        place += len(run)
    return text


def _length(first: int) -> int:
    """How many bytes a character has by its first byte, 0 where none begins so."""
    if first < 0x80:
        return 1
    return next((n for n in (2, 3, 4) if first >> 7 - n == 2 ** (n + 1) - 2), 0)


def _code(run: list[int]) -> int:
    """The code point that the bits spell."""
    if len(run) == 1:
        return run[0]
    code = run[0] & 2 ** (7 - len(run)) - 1
    for byte in run[1:]:
        code = code << 6 | byte & 0x3F
    return code


def _could_begin(run: list[int]) -> bool:
    """Whether some character's bytes begin so: its code point lies between two that are known."""
    length = _length(run[0])
    if len(run) > length or any(byte >> 6 != 0b10 for byte in run[1:]):
        return False
    missing = length - len(run)
    low = max(_code(run + [0x80] * missing), _SMALLEST[length])
    high = min(_code(run + [0xBF] * missing), _LARGEST)
    return low <= high and not (low in _HALVES and high in _HALVES)
