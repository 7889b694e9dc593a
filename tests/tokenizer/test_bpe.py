"""The textbook trainer, against worked examples and a trainer that knows no ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_trainer import reference_merges

from course_lib.data.messages import japanese_messages
from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.bpe import count_pairs, merge, room_for_merges, train_bpe


def test_pairs_are_counted_at_every_place_with_the_count_of_their_word():
    assert count_pairs({(1, 2, 1, 2): 3, (2, 1): 10, (5,): 7, (): 9}) == {(1, 2): 6, (2, 1): 13}
    assert count_pairs({(1, 1, 1): 1}) == {(1, 1): 2}
    assert count_pairs({(1, 1, 1, 1): 2}) == {(1, 1): 6}
    assert count_pairs({}) == {}


def test_counting_leaves_the_words_as_they_are():
    words = {(1, 2, 3): 1}
    count_pairs(words)
    assert words == {(1, 2, 3): 1}


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([], []),
        ([7], [7]),
        ([7, 7], [9]),
        ([7, 7, 7], [9, 7]),
        ([7, 7, 7, 7], [9, 9]),
        ([1, 7, 7, 2, 7, 7], [1, 9, 2, 9]),
        ([1, 2], [1, 2]),
    ],
)
def test_merging_from_left_to_right(ids, expected):
    given_ids = list(ids)
    assert merge(ids, (7, 7), 9) == expected
    assert merge(tuple(ids), (7, 7), 9) == expected
    assert ids == given_ids


@given(st.lists(st.integers(0, 2)), st.tuples(st.integers(0, 2), st.integers(0, 2)))
def test_merging_is_what_replacing_text_is(ids, pair):
    text = "".join(map(str, ids)).replace(f"{pair[0]}{pair[1]}", "9")
    assert merge(ids, pair, 9) == [int(letter) for letter in text]


def test_the_example_of_every_book():
    # aa stands at four places (two of them overlap), every other pair at one or two. After it,
    # (aa, a) and (a, b) both stand twice. Left halves
    # are compared first, and b"aa" is greater than b"a", though b"aaa" is smaller than b"ab".
    vocab, merges = train_bpe("aaabdaaabac", 259)
    assert merges == [(b"a", b"a"), (b"aa", b"a"), (b"aaa", b"b")]
    assert [vocab[i] for i in (256, 257, 258)] == [b"aa", b"aaa", b"aaab"]
    ids = list(b"aaabdaaabac")
    by_bytes = {token: i for i, token in vocab.items()}
    for left, right in merges:
        ids = merge(ids, (by_bytes[left], by_bytes[right]), by_bytes[left + right])
    assert ids == [258, ord("d"), 258, ord("a"), ord("c")]  # five tokens, as in Wikipedia's


def test_of_equally_common_pairs_the_greatest_is_taken():
    _, merges = train_bpe("ab cd", 257)
    assert merges == [(b"c", b"d")]  # against (a, b) and the pair of a space and c
    # 0xC3 is greater than any letter: bytes count, not characters
    assert train_bpe("zy é", 257)[1] == [(b"\xc3", b"\xa9")]


def test_the_vocabulary_has_bytes_then_merges_then_special_tokens():
    vocab, merges = train_bpe("low low<|end|>lower", 260, ["<|end|>", "<|pad|>"])
    assert list(vocab) == list(range(260))
    assert [vocab[i] for i in range(256)] == [bytes([i]) for i in range(256)]
    assert [vocab[256], vocab[257]] == [a + b for a, b in merges]
    assert [vocab[258], vocab[259]] == [b"<|end|>", b"<|pad|>"]


def test_special_tokens_are_neither_counted_nor_bridged():
    _, merges = train_bpe("xy<|end|>" * 50 + "abab", 262, ["<|end|>"])
    assert merges == [(b"x", b"y"), (b"a", b"b"), (b"ab", b"ab")]


def test_training_ends_when_nothing_is_left_to_merge():
    vocab, merges = train_bpe("abc", 1000, ["<|end|>"])
    assert merges == [(b"b", b"c"), (b"a", b"bc")]
    assert vocab[258] == b"<|end|>"
    assert len(vocab) == 259
    assert train_bpe("", 300) == ({i: bytes([i]) for i in range(256)}, [])


# Few letters, so that ties and overlaps abound.
TEXTS = st.text(st.sampled_from("aab  éあ'\n1"), max_size=40)


@given(TEXTS, st.integers(0, 12), st.sampled_from([[], ["ab"], ["ab", "aba"]]))
def test_the_merges_are_those_of_brute_force(text, n_merges, special_tokens):
    vocab, merges = train_bpe(text, 256 + n_merges + len(special_tokens), special_tokens)
    assert merges == reference_merges(text, n_merges, special_tokens)
    assert len(vocab) == 256 + len(merges) + len(special_tokens)


def test_real_text():
    text = " ".join(f"{english} {japanese}" for english, japanese in japanese_messages()[:300])
    assert train_bpe(text, 356)[1] == reference_merges(text, 100)


@given(st.text(st.sampled_from("aaab"), max_size=60), st.integers(0, 30))
def test_no_two_tokens_have_the_same_bytes(text, n_merges):
    # Where a string of bytes ends up as two tokens, all its merges fell inside it, as everywhere.
    vocab, _ = train_bpe(text, 256 + n_merges)
    assert len(set(vocab.values())) == len(vocab)


def test_a_special_token_of_one_byte_is_a_token_beside_the_byte():
    vocab, merges = train_bpe("ab\nab", 258, ["\n"])
    assert vocab == {i: bytes([i]) for i in range(256)} | {256: b"ab", 257: b"\n"}
    assert Tokenizer(vocab, merges, ["\n"]).encode("ab\nab") == [256, 257, 256]


def test_room_for_merges():
    assert room_for_merges(256) == 0
    assert room_for_merges(1000, ["<|end|>", "<|pad|>"]) == 742


@pytest.mark.parametrize(
    ("vocab_size", "special_tokens", "error", "message"),
    [
        (255, [], ValueError, r"vocab_size must be at least 256 \+ 0, got 255"),
        (257, ["<a>", "<b>"], ValueError, r"vocab_size must be at least 256 \+ 2, got 257"),
        (300, ["<a>", "<a>"], ValueError, "special_tokens has '<a>' twice"),
        (300, [""], ValueError, "a special token must have at least one character, got ''"),
        (300, ["\ud83d"], ValueError, r"a special token has '\\ud83d' at 0: half of a surrogate"),
        (300, "<a>", TypeError, "special_tokens must be several texts, got the text '<a>'"),
        (300, [b"<a>"], TypeError, "a special token must be a str, got bytes"),
        ("260", [], TypeError, "vocab_size must be a whole number, got '260'"),
        (None, [], TypeError, "vocab_size must be a whole number, got None"),
        (260.5, [], TypeError, r"vocab_size must be a whole number, got 260\.5"),
        (300, iter(["<a>"]), TypeError, "special_tokens must be a list, got list_iterator"),
    ],
)
def test_bad_input_is_explained(vocab_size, special_tokens, error, message):
    for trainer in (room_for_merges, lambda *given: train_bpe("text", *given)):
        with pytest.raises(error, match=message):
            trainer(vocab_size, special_tokens)
