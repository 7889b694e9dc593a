"""Text as bytes and back: the 256 tokens that every byte-level tokenizer begins with."""

from collections.abc import Iterable

from course_lib.tokenizer.validation import check_text


def to_bytes(text: str) -> list[int]:
    """The bytes of a text in UTF-8, each from 0 to 255.

    A letter of English is one byte, an accented one two, a Japanese character three, an emoji four.

    Raises ValueError for half of a surrogate pair, which is no character.

    Source: RFC 3629 (2003).
    """
    check_text(text)
    return list(text.encode("utf-8"))


def from_bytes(ids: Iterable[int]) -> str:
    """The text that bytes spell, with U+FFFD (�) in place of those that are no UTF-8.

    Bytes that begin a character and then break off become one U+FFFD together (the Unicode
    Standard, section 3.9, "maximal subpart"); so whatever a model writes can be shown.

    Raises ValueError if a number is not a byte.
    """
    ids = list(ids)
    for byte in ids:
        if not 0 <= byte <= 255:
            raise ValueError(f"ids must be bytes, from 0 to 255, got {byte}")
    return bytes(ids).decode("utf-8", errors="replace")
