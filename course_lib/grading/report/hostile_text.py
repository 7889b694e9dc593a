"""Text from students, made fit to be shown: bounded, and with nothing in it that acts."""

from __future__ import annotations

import unicodedata

LIMIT = 300  # characters
_ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # terminal escapes, bidi overrides, half pairs
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def shown(text: str, limit: int = LIMIT) -> str:
    r"""The text with control and invisible characters as escapes such as \u202e, cut to a length.

    More than two combining marks in a row are escapes, too: they pile up over the lines above.
    """
    cut, marks, result = text[:limit], 0, []
    for character in cut:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        is_harmless = category not in _ACTING and marks <= 2
        result.append(character if is_harmless else _escape(character))
    return "".join(result) + ("…" if len(text) > limit else "")


def _escape(character: str) -> str:
    return (
        character.encode("ascii", "backslashreplace").decode()
        if ord(character) > 127
        else (repr(character)[1:-1])
    )


def spreadsheet_cell(value: object) -> object:
    """A CSV field that no spreadsheet takes for a formula: then an apostrophe stands before it."""
    if not isinstance(value, str):
        return value
    text = shown(value, 1_000)
    return f"'{text}" if value.startswith(_FORMULA) or text.startswith(_FORMULA) else text
