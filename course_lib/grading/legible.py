"""Text that nobody vouches for, as text that can be shown and stored."""

from __future__ import annotations

import re

# What a terminal would act on: colours and movements, window titles, character sets.
_ESCAPES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]+[0-~]"
    "|\x1b[0-Z\\\\^-~]"
)
# Controls but \n and \t, and the signs that turn the direction of the text around them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")  # no file can hold them


def legible(text: str) -> str:
    r"""The text as a terminal would leave it, any other control written out, as in `\x07`."""
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPES.sub("", storable(text))
    if "\r" in text:  # a progress bar: what came last stands in the line
        lines = text.split("\n")
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return _UNSEEN.sub(_written_out, text)


def storable(text: str) -> str:
    """The text with a sign in place of each half character."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def cut(text: str, max_bytes: int) -> str:
    """The start of the text that takes at most this many bytes in a file."""
    return text[:max_bytes].encode()[:max_bytes].decode(errors="ignore")


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
