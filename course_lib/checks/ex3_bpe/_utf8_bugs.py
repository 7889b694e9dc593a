"""The mistakes people make between text and bytes, with the words that help."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._utf8_ways import (
    REPLACEMENT,
    a_mark_for_each,
    decoded,
    encoded,
    from_bytes,
    to_bytes,
    up_to_the_first,
    whole_or,
)


def _to_bug(name: str, sentence: str, hint: str, wrong: Callable) -> Bug:
    return Bug(name, f"to_bytes: {sentence}", hint, (wrong, from_bytes))


def _from_bug(name: str, sentence: str, hint: str, wrong: Callable) -> Bug:
    return Bug(name, f"from_bytes: {sentence}", hint, (to_bytes, wrong))


UTF_8 = 'Ask for UTF-8 by name: `text.encode("utf-8")`.'
BACK = 'Make a `bytes` object of all the numbers, then `.decode("utf-8", errors="replace")`.'

BUGS = (
    _to_bug(
        "code-points",
        "these are the numbers of the characters in Unicode, as `ord` gives them; above 127 they "
        "are not bytes, and there are more than 256 of them.",
        UTF_8,
        lambda text: [ord(character) for character in text],
    ),
    _to_bug(
        "low-bytes",
        "of each character's number only the lowest eight bits are kept, and those are shared by "
        "many characters.",
        "One character may need up to four bytes: let `encode` cut it up.",
        lambda text: [ord(character) % 256 for character in text],
    ),
    _to_bug(
        "utf-16",
        "this is UTF-16: two bytes or four for each character, behind a mark of two bytes.",
        UTF_8,
        encoded("utf-16"),
    ),
    _to_bug(
        "utf-16-without-mark",
        "this is UTF-16: two bytes or four for each character, an English letter too.",
        UTF_8,
        encoded("utf-16-le"),
    ),
    _to_bug(
        "byte-order-mark",
        "there are three bytes in front (239, 187, 191), which are no part of the text: "
        '"utf-8-sig" writes that mark.',
        UTF_8,
        encoded("utf-8-sig"),
    ),
    _to_bug(
        "ascii-ignored",
        "characters outside ASCII vanish.",
        f"UTF-8 has bytes for every character, so nothing need be ignored. {UTF_8}",
        encoded("ascii", "ignore"),
    ),
    _to_bug(
        "ascii-replaced",
        "characters outside ASCII become question marks (63).",
        f"UTF-8 has bytes for every character, so nothing need be replaced. {UTF_8}",
        encoded("ascii", "replace"),
    ),
    _to_bug("ascii", "ASCII has no é and no あ, so this raises.", UTF_8, encoded("ascii")),
    _to_bug(
        "latin-1",
        "Latin-1 has 256 characters; é is among them in one byte, あ is not, and raises.",
        UTF_8,
        encoded("latin-1"),
    ),
    _to_bug(
        "normalised",
        "the text is normalised first: e and an accent behind it become one character é.",
        "Encode the text as it is; a tokenizer that changes it cannot give it back.",
        lambda text: to_bytes(unicodedata.normalize("NFC", text)),
    ),
    _to_bug(
        "one-list-a-character",
        "there is a list for each character; one flat list of bytes is asked for.",
        "Encode the whole text at once, or `extend` one list in place of `append`.",
        lambda text: [list(character.encode()) for character in text],
    ),
    _to_bug(
        "bytes-object",
        "this is a `bytes` object; a list of whole numbers is asked for.",
        "`list(…)` of a bytes object is the list of its numbers.",
        lambda text: text.encode(),
    ),
    _to_bug(
        "bytes-of-one",
        "the list holds `bytes` objects of length 1 in place of whole numbers.",
        "`list(encoded)` gives numbers; slices such as `encoded[i : i + 1]` are bytes again.",
        lambda text: [bytes([byte]) for byte in text.encode()],
    ),
    _from_bug(
        "errors-ignored",
        "bytes that are no UTF-8 vanish, and nobody sees that something was lost.",
        'Put � in their place: `errors="replace"`.',
        decoded("utf-8", "ignore"),
    ),
    _from_bug(
        "errors-strict",
        "bytes that are no UTF-8 raise. A model may write any bytes in any order, and its text is "
        "to be shown nevertheless.",
        '`errors="replace"` puts � in their place.',
        decoded("utf-8"),
    ),
    _from_bug(
        "chr-of-each-byte",
        "each byte is read as a character of its own by `chr`, which is Latin-1: あ becomes three.",
        BACK,
        lambda ids: "".join(map(chr, ids)),
    ),
    _from_bug(
        "each-byte-alone",
        "each byte is decoded alone, so a character of several bytes becomes several �.",
        f"Join the bytes first, decode once. {BACK}",
        lambda ids: "".join(bytes([byte]).decode(errors="replace") for byte in ids),
    ),
    _from_bug(
        "a-mark-for-each-byte",
        "there is one � for every byte that is wrong; a character that begins and then breaks off "
        "gets one � in all.",
        f"Python's own decoder follows that rule. {BACK}",
        a_mark_for_each,
    ),
    _from_bug(
        "marks-run-together",
        "several � in a row are made one; the bytes 129, 130 begin nothing, and are two.",
        "Leave the � as the decoder writes them.",
        lambda ids: re.sub(f"{REPLACEMENT}+", REPLACEMENT, from_bytes(ids)),
    ),
    _from_bug(
        "all-or-nothing",
        "where any byte is wrong the whole text becomes one �.",
        'Only the wrong bytes are replaced: `errors="replace"` in place of `except`.',
        whole_or(lambda whole: REPLACEMENT),
    ),
    _from_bug(
        "empty-when-broken",
        "where any byte is wrong the whole text is lost.",
        'Only the wrong bytes are replaced: `errors="replace"` in place of `except`.',
        whole_or(lambda whole: ""),
    ),
    _from_bug(
        "latin-1-when-broken",
        "where any byte is wrong the whole text is read as Latin-1, its good characters too.",
        'Only the wrong bytes are replaced: `errors="replace"` in place of `except`.',
        whole_or(lambda whole: whole.decode("latin-1")),
    ),
    _from_bug(
        "ends-at-the-first",
        "the text ends before the first byte that is wrong.",
        "Put � there and go on with the next byte.",
        up_to_the_first,
    ),
    _from_bug(
        "question-marks",
        "a question mark stands for what is wrong; nobody could tell it from one in the text.",
        "The character for this purpose is U+FFFD, �.",
        lambda ids: from_bytes(ids).replace(REPLACEMENT, "?"),
    ),
    _from_bug(
        "written-out",
        "wrong bytes are written out, as `\\xe3`.",
        'Put � in their place: `errors="replace"`.',
        decoded("utf-8", "backslashreplace"),
    ),
    _from_bug(
        "smuggled",
        "wrong bytes become halves of surrogate pairs, which no file and no screen takes.",
        'Put � in their place: `errors="replace"`.',
        decoded("utf-8", "surrogateescape"),
    ),
    _from_bug(
        "from-utf-16",
        "the bytes are read as UTF-16, two to a character.",
        BACK,
        decoded("utf-16", "replace"),
    ),
    _from_bug(
        "mark-dropped",
        'the character U+FEFF at the start is dropped: "utf-8-sig" does that.',
        BACK,
        decoded("utf-8-sig", "replace"),
    ),
)
