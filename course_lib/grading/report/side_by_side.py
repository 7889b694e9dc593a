"""Two answers beside each other, aligned where they are the same but for names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from course_lib.grading.report.shingles import text_tokens

MAX_LINES = 120  # of each side


@dataclass(frozen=True)
class Row:
    """A line of each, "" where one has no line there."""

    left: str
    right: str
    kind: str  # "same", "renamed" (but for names and spaces) or "different"


def side_by_side(left: str, right: str) -> tuple[Row, ...]:
    """The rows that lay one answer beside the other, at most `MAX_LINES` lines of each."""
    lefts, rights = (_lines(code) for code in (left, right))
    keys = [[tuple(text_tokens(line)) for line in lines] for lines in (lefts, rights)]
    matcher = SequenceMatcher(None, *keys, autojunk=False)
    return tuple(
        row
        for tag, i, i_end, j, j_end in matcher.get_opcodes()
        for row in _rows(lefts[i:i_end], rights[j:j_end], tag == "equal")
    )


def _lines(code: str) -> list[str]:
    lines = [line.expandtabs(4)[:300].rstrip() for line in code[:100_000].split("\n")]
    return [line for line in lines if line][:MAX_LINES]


def _rows(lefts: list[str], rights: list[str], is_alike: bool) -> Iterator[Row]:
    for left, right in zip_longest(lefts, rights, fillvalue=""):
        yield Row(left, right, "same" if left == right else "renamed" if is_alike else "different")
