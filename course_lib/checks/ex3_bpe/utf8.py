"""Check of `to_bytes(text)` and `from_bytes(ids)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex3_bpe._utf8_bugs import BUGS
from course_lib.checks.ex3_bpe._utf8_by_hand import decode, encode
from course_lib.checks.ex3_bpe._whole import whole_differs

TEXTS = {
    "a": "a character of one byte",
    "é": "a character of two bytes",
    "あ": "a character of three bytes",
    "😀": "a character of four bytes",
    "naïve 食べた!": "characters of one, two and three bytes",
    "e\N{COMBINING ACUTE ACCENT}": "two characters that are drawn as one: they stay two",
    "\N{BYTE ORDER MARK}a": "U+FEFF is a character like any other, at the start too",
    " a\tb\r\n\0": "white space and control characters stay",
    "": "the empty text",
}
ALPHABET = "ab \n~éßñЖع€あ語한\uffff😀🗾"
BROKEN = (
    ([0xE3, 0x81], "the first two of the three bytes of あ: one � for both"),
    ([0x81, 0x82], "the last two of the three bytes of あ: they begin nothing, so one � for each"),
    ([0x61, 0xE3, 0x81, 0x62], "a, あ that breaks off, b"),
    ([0xE3, 0x81, 0x82, 0xE3, 0x81], "あ, and あ cut short"),
    ([0xF0, 0x9F, 0x98], "the first three of the four bytes of 😀: one �"),
    ([0x61, 0xFF, 0x62], "0xFF occurs in no UTF-8"),
    ([0xE3, 0xE3, 0x81, 0x82], "a first byte, then the whole あ"),
    ([0xC0, 0xAF], "a slash in two bytes: a longer form than needed is no UTF-8"),
    ([0xED, 0xA0, 0x80], "half of a surrogate pair is no character"),
    ([0xF4, 0x90, 0x80, 0x80], "above U+10FFFF there are no characters"),
)


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Characters of every length, texts with peculiarities, and bytes that are no UTF-8."""

    def draw(n: int, below: int) -> list[int]:
        return torch.randint(below, (n,), generator=rng).tolist()

    texts = {**TEXTS, "".join(ALPHABET[i] for i in draw(30, len(ALPHABET))): "characters drawn"}
    for text, note in texts.items():
        yield Case("bytes", {"text": text}, note)
        yield Case("text", {"ids": encode(text)}, note)
    for ids, note in BROKEN:
        yield Case("broken", {"ids": ids}, note)
    cut = encode("".join(ALPHABET[7 + i] for i in draw(8, len(ALPHABET) - 7)))
    yield Case("broken", {"ids": cut[1:-1]}, "the first and the last byte are missing")
    yield Case("broken", {"ids": draw(40, 256)}, "bytes drawn")


def run(implementation: tuple[Callable[..., Plain], Callable[..., Plain]], case: Case) -> Plain:
    """Call the function that the case is about."""
    to_bytes, from_bytes = implementation
    called = to_bytes if case.property == "bytes" else from_bytes
    return called(*case.inputs.values())


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with UTF-8 worked out bit by bit."""
    if case.property == "bytes":
        return whole_differs(outputs, encode(case.inputs["text"]), "the bytes")
    return differs(outputs, decode(case.inputs["ids"]), what="the text")


CHECK = Check(
    id="ex3_bpe/utf8",
    title="Text as bytes",
    references=("course_lib.tokenizer.utf8.to_bytes", "course_lib.tokenizer.utf8.from_bytes"),
    properties=(
        Property("bytes", 2, "to_bytes: the one to four bytes of every character"),
        Property("text", 1, "from_bytes: the text, where the bytes are UTF-8"),
        Property("broken", 2, "from_bytes: � for bytes that are no UTF-8, and the rest unharmed"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "256 tokens now spell every text in every script, so no word is unknown. The price is "
        "length: Japanese takes three tokens a character, which the merges will have to win back."
    ),
)
