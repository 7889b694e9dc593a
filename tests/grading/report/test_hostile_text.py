"""Nothing that a student writes acts on a page, a terminal or a spreadsheet."""

import pytest

from course_lib.grading.report.hostile_text import shown, spreadsheet_cell


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text, Ünïcode, 漢字, عربي", "plain text, Ünïcode, 漢字, عربي"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("user\u202egpj.exe", r"user\u202egpj.exe"),
        ("\u2066isolate\u2069", r"\u2066isolate\u2069"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("\0", r"\x00"),
        ("two\nlines\t", r"two\nlines\t"),
        ("\u2028", r"\u2028"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("e" + "\u0301" * 4, "e\u0301\u0301" + r"\u0301\u0301"),
        ("", ""),
    ],
)
def test_what_acts_is_escaped(text, expected):
    assert shown(text) == expected


def test_length_is_bounded():
    assert shown("a" * 10, 10) == "a" * 10
    assert shown("a" * 10_000_000, 10) == "a" * 10 + "…"
    assert len(shown("\U000e0041" * 10_000)) <= 10 * 300 + 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_formula_becomes_text(start):
    assert spreadsheet_cell(f"{start}1+1").startswith("'")


def test_other_cells_stay_as_they_are():
    assert spreadsheet_cell("s001") == "s001"
    assert spreadsheet_cell(-0.5) == -0.5
    assert spreadsheet_cell("a=b") == "a=b"
