"""Text to bytes and back, against numbers from Unicode's tables and Python's own decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.tokenizer.utf8 import from_bytes, to_bytes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Az", [0x41, 0x7A]),
        ("é", [0xC3, 0xA9]),
        ("注", [0xE6, 0xB3, 0xA8]),
        ("🐋", [0xF0, 0x9F, 0x90, 0x8B]),
        ("\0\r\n", [0, 13, 10]),
        ("\ufeff", [0xEF, 0xBB, 0xBF]),
        ("\U0010ffff", [0xF4, 0x8F, 0xBF, 0xBF]),
    ],
)
def test_bytes_and_back(text, expected):
    found = to_bytes(text)
    assert found == expected
    assert all(type(byte) is int for byte in found)
    assert from_bytes(found) == text


@given(st.text())
def test_every_text_comes_back(text):
    assert from_bytes(to_bytes(text)) == text
    assert len(to_bytes(text)) == sum(
        1 + (ord(c) > 0x7F) + (ord(c) > 0x7FF) + (ord(c) > 0xFFFF) for c in text
    )


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        # The Unicode Standard, section 3.9, table 3-11: truncated sequences, one U+FFFD each
        ([0xE1, 0x80, 0xE2, 0xF0, 0x91, 0x92, 0xF1, 0xBF, 0x41], "\ufffd\ufffd\ufffd\ufffdA"),
        # and table 3-8: sequences of non-shortest form, one U+FFFD a byte
        ([0xC0, 0xAF, 0xE0, 0x80, 0xBF, 0xF0, 0x81, 0x82, 0x41], "\ufffd" * 8 + "A"),
        ([0xED, 0xA0, 0x80], "\ufffd" * 3),  # half of a surrogate pair
        ([0x80], "\ufffd"),
        ([0xE6, 0xB3], "\ufffd"),
        ([0x61, 0xE6, 0xB3, 0x62], "a\ufffdb"),
    ],
)
def test_what_is_no_utf8_becomes_the_replacement_character(ids, expected):
    assert from_bytes(ids) == expected


def test_bytes_may_come_one_by_one():
    assert from_bytes(byte for byte in (104, 105)) == "hi"


@pytest.mark.parametrize("wrong", [-1, 256])
def test_what_is_no_byte_is_refused(wrong):
    with pytest.raises(ValueError, match=rf"from 0 to 255, got {wrong}"):
        from_bytes([65, wrong])


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(ValueError, match=r"text has '\\ud800' at 1: half of a surrogate pair"):
        to_bytes("a\ud800")


def test_what_is_no_text_is_refused():
    with pytest.raises(TypeError, match="text must be a str, got bytes"):
        to_bytes(b"a")
