"""Bytes per token, by hand."""

import pytest
from vocabularies import END, gpt2, learned

from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.compression import bytes_per_token

BYTES = Tokenizer({byte: bytes([byte]) for byte in range(256)}, [])


@pytest.mark.parametrize("text", ["a", "abc", "日本", "é", "👍🏽"])
def test_single_bytes_are_one_byte_a_token(text):
    assert bytes_per_token(BYTES, text) == 1.0


def test_bytes_are_counted_and_not_characters():
    # GPT-2 cuts both characters in two.
    assert gpt2().encode("日本") == [33768, 98, 17312, 105]
    assert bytes_per_token(gpt2(), "日本") == 6 / 4
    assert bytes_per_token(gpt2(), "Hello world") == 11 / 2


def test_a_special_token_counts_with_its_bytes():
    assert bytes_per_token(learned((END,)), END) == len(END)


def test_an_empty_text_has_no_ratio():
    with pytest.raises(ValueError, match="text must have at least one character"):
        bytes_per_token(BYTES, "")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, TypeError, "text must be a str, got NoneType"),
        (b"", TypeError, "text must be a str, got bytes"),
        ("\ud800", ValueError, r"text has '\\ud800' at 0: half of a surrogate pair"),
    ],
)
def test_what_is_no_text_is_refused(text, error, message):
    with pytest.raises(error, match=message):
        bytes_per_token(BYTES, text)
