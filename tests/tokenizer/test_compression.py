"""Bytes per token, by hand and at its bounds."""

import pytest

from course_lib.tokenizer.base import Tokenizer
from course_lib.tokenizer.compression import bytes_per_token


@pytest.fixture
def tokenizer():
    """The bytes, and two merges."""
    vocab = {byte: bytes([byte]) for byte in range(256)} | {256: b"an", 257: "é".encode()}
    return Tokenizer(vocab, [(b"a", b"n"), (b"\xc3", b"\xa9")])


def test_by_hand(tokenizer):
    assert bytes_per_token(tokenizer, "banana") == 6 / 4  # b|an|an|a
    assert bytes_per_token(tokenizer, "éa") == 3 / 2
    assert bytes_per_token(tokenizer, "ね") == 1  # three bytes, three tokens
    assert bytes_per_token(tokenizer, "x") == 1


def test_an_empty_text_is_refused(tokenizer):
    with pytest.raises(ValueError, match="text must have at least one character, got ''"):
        bytes_per_token(tokenizer, "")
