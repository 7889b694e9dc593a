"""The oracle of the exercise utf8 agrees with Python's own codec."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from course_lib.checks.ex3_bpe._utf8_by_hand import decode, encode


def test_characters_at_every_border():
    borders = [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF]
    for character in map(chr, [*borders, *range(0xE000, 0x110000, 997)]):
        assert bytes(encode(character)) == character.encode()


def test_two_bytes_and_the_edges_of_longer_sequences():
    edges = (0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF)
    starts = itertools.product(range(0x7E, 256), range(0x7E, 0xC2))
    longer = itertools.product(range(0xE0, 0x100), edges, edges, edges)
    for ids in itertools.chain(starts, longer):
        assert decode(list(ids)) == bytes(ids).decode(errors="replace")


@given(st.text())
def test_any_text(text):
    assert encode(text) == list(text.encode())
    assert decode(encode(text)) == text


@given(st.binary())
def test_any_bytes(data):
    assert decode(list(data)) == data.decode(errors="replace")
