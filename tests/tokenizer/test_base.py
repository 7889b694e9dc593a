"""Encoding by hand, what is refused, and what encoding costs in steps and in memory."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest
import torch
from vocabularies import END, gpt2, learned

from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.count_pretokens import count_pretokens
from course_lib.tokenizer.pretokenize import CL100K_PATTERN, pretokens

BYTES = {byte: bytes([byte]) for byte in range(256)}


def tokenizer_of(merges, special_tokens=(), **options):
    vocab = BYTES | {256 + i: a + b for i, (a, b) in enumerate(merges)}
    return Tokenizer(vocab, merges, special_tokens, **options)


def pairs(text):
    """Merges out of "a b, ab c"."""
    return [tuple(part.encode() for part in pair.split()) for pair in text.split(",")]


def test_merges_are_taken_in_the_order_in_which_they_were_learned():
    tokenizer = tokenizer_of(pairs("b c, a b, a bc"))
    assert tokenizer.encode("abc") == [258]  # bc first, then a with bc; never ab
    assert tokenizer.encode("abbc") == [257, 256]
    assert tokenizer.encode("cab") == [ord("c"), 257]
    # The longest tokens from the left would be "aa" and "ab", but "ab" was learned first.
    assert tokenizer_of(pairs("a b, a a")).encode("aab") == [97, 256]


def test_of_equal_pairs_the_leftmost_is_merged_first():
    tokenizer = tokenizer_of(pairs("a a, aa aa"))
    assert tokenizer.encode("aaa") == [256, 97]
    assert tokenizer.encode("aaaa") == [257]
    assert tokenizer.encode("aaaaaaa") == [257, 256, 97]


def test_no_merge_crosses_two_pretokens():
    tokenizer = tokenizer_of([(b"a", b"b"), (b"b", b" "), (b"ab", b" ")])
    assert tokenizer.encode("ab ab") == [256, 32, 256]


def test_a_special_token_is_one_id_and_the_longest_is_meant():
    tokenizer = tokenizer_of(pairs("< |"), ["<|e|>", "<|e|><|e|>"])
    assert tokenizer.special_tokens == {"<|e|>": 257, "<|e|><|e|>": 258}
    assert tokenizer.encode("<|e|>") == [257]
    assert tokenizer.encode("<|e|><|e|><|e|>") == [258, 257]
    assert tokenizer.encode("a<|e|>b<|e") == [97, 257, 98, 256, 101]
    assert tokenizer.decode([257, 97, 258]) == "<|e|>a<|e|><|e|>"


def test_a_special_token_that_the_vocabulary_has_keeps_its_id():
    vocab = BYTES | {300: b"<|a|>"}
    tokenizer = Tokenizer(vocab, [], ["<|a|>", "<|b|>"])
    assert tokenizer.special_tokens == {"<|a|>": 300, "<|b|>": 301}
    assert tokenizer.encode("<|b|><|a|>") == [301, 300]
    assert 301 not in vocab  # the caller's own stays as it was


def test_what_stands_before_a_special_token_is_cut_as_at_the_end_of_a_text():
    tokenizer = Tokenizer(BYTES | {256: b"  ", 257: b"   "}, [(b" ", b" "), (b"  ", b" ")], [END])
    assert tokenizer.encode(f"a   {END}") == [97, 257, 258]
    assert tokenizer.encode("a   <") == [97, 256, 32, 60]


def test_characters_may_lie_in_several_tokens():
    tokenizer = learned()
    assert tokenizer.decode([0xE3, 0x81]) == "\ufffd"
    assert tokenizer.decode([0xE3, 0x81, 0x82]) == "あ"
    assert tokenizer.decode(iter([0x61, 0xFF, 0x62])) == "a\ufffdb"
    assert tokenizer.decode([]) == ""


@pytest.mark.parametrize(
    "ids", [np.array([72, 105]), torch.tensor([72, 105]), (72, np.uint16(105))]
)
def test_ids_may_be_whole_numbers_of_any_kind(ids):
    assert learned().decode(ids) == "Hi"


@pytest.mark.parametrize("wrong", [-1, 406, 10**30, "a", 1.0, None, b"a", [1]])
def test_what_is_no_id_is_named(wrong):
    with pytest.raises(ValueError, match="is no id of the vocabulary") as caught:
        learned().decode([97, wrong])
    assert repr(wrong) in str(caught.value)


@pytest.mark.parametrize("wrong", [None, b"text", 5, ["text"]])
def test_what_is_no_text_is_refused(wrong):
    with pytest.raises(TypeError, match=f"text must be a str, got {type(wrong).__name__}"):
        learned().encode(wrong)
    with pytest.raises(TypeError, match="text must be a str"):
        list(learned().encode_iterable(["a", wrong]))


def test_a_stream_of_one_text_is_refused():
    with pytest.raises(TypeError, match="texts must be several texts, got the text 'abc'"):
        list(learned().encode_iterable("abc"))


def test_half_of_a_surrogate_pair_is_named_with_its_place():
    for encode in (learned().encode, lambda text: list(learned().encode_iterable(["a", text]))):
        with pytest.raises(ValueError, match=r"text has '\\ud83d' at 3: half of a surrogate pair"):
            encode("日本 \ud83d\ude00")


@pytest.mark.parametrize(
    ("vocab", "merges", "special_tokens", "message"),
    [
        (BYTES, [], ["a", "b", "a"], "special_tokens has 'a' twice"),
        (BYTES, [], ["<|e|>", ""], "a special token must have at least one character"),
        (BYTES, [], ["\ud800"], "a special token has .* half of a surrogate pair"),
        (BYTES, pairs("a b"), [], r"merges\[0\] .* lacks b'ab'"),
        (BYTES | {256: b"abc"}, pairs("ab c"), [], r"merges\[0\] .* lacks b'ab'"),
        (BYTES | {256: b"abc"}, pairs("a bc"), [], r"merges\[0\] .* lacks b'bc'"),
        (BYTES | {256: b"ab"}, pairs("a b, a b"), [], r"merges\[1\] .* merged before"),
        (BYTES | {256: b"a"}, [], [], "vocab has b'a' twice: as 97 and as 256"),
        (BYTES | {256: b""}, [], [], r"vocab\[256\] must be at least one byte, got b''"),
        (BYTES | {256: "ab"}, [], [], r"vocab\[256\] must be at least one byte, got 'ab'"),
        (BYTES | {-1: b"ab"}, [], [], "vocab must have whole numbers from 0 as ids, got -1"),
        ({b"ab": 0}, [], [], "vocab must have whole numbers from 0 as ids, got b'ab'"),
        ({True: b"ab"}, [], [], "vocab must have whole numbers from 0 as ids, got True"),
    ],
)
def test_a_vocabulary_that_contradicts_itself_is_refused(vocab, merges, special_tokens, message):
    with pytest.raises(ValueError, match=message):
        Tokenizer(vocab, merges, special_tokens)


@pytest.mark.parametrize(
    ("vocab", "merges", "message"),
    [
        ([b"a"], [], "vocab must be a dict from ids to bytes, got list"),
        (BYTES, [(b"a",)], r"merges\[0\] must be a tuple of two bytes objects, got \(b'a',\)"),
        (BYTES, [[b"a", b"b"]], r"merges\[0\] must be a tuple .*, got \[b'a', b'b'\]"),
        (BYTES, ["ab"], r"merges\[0\] must be a tuple of two bytes objects, got 'ab'"),
        (BYTES, [("a", "b")], r"merges\[0\] must be a tuple .*, got \('a', 'b'\)"),
        (BYTES, [5], r"merges\[0\] must be a tuple of two bytes objects, got 5"),
    ],
)
def test_a_vocabulary_of_another_form_is_refused(vocab, merges, message):
    with pytest.raises(TypeError, match=message):
        Tokenizer(vocab, merges)


@pytest.mark.parametrize("special_tokens", ["<|e|>", [b"<|e|>"], [5]])
def test_special_tokens_are_several_texts(special_tokens):
    with pytest.raises(TypeError, match="special"):
        Tokenizer(BYTES, [], special_tokens)


def test_merges_and_special_tokens_may_come_one_by_one():
    given = BYTES | {256: b"ab"}, iter(pairs("a b")), iter([END])
    tokenizer = Tokenizer(*given)
    assert tokenizer.merges == pairs("a b")
    assert tokenizer.encode(f"ab{END}") == [256, 257]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a)b|.", r"pattern must have no groups but \(\?:...\), got '\(a\)b\|\.'"),
        ("(?P<name>a)|.", "pattern must have no groups"),
        ("", "pattern must match at least one character, got ''"),
        ("a*", r"pattern must match at least one character, got 'a\*'"),
        ("(", r"the pattern '\(' cannot be used: missing"),
        (None, "the pattern None cannot be used"),
    ],
)
def test_a_pattern_that_would_lose_text_is_refused(pattern, message):
    with pytest.raises(ValueError, match=message):
        Tokenizer(BYTES, [], pattern=pattern)
    with pytest.raises(ValueError, match=message):
        list(pretokens("ab", pattern=pattern))
    with pytest.raises(ValueError, match=message):
        count_pretokens("ab", pattern=pattern)


def test_a_special_token_of_one_byte_leaves_the_byte_its_id():
    tokenizer = Tokenizer(BYTES | {256: b"\n"}, [], ["\n"])
    assert tokenizer.encode("a\nb") == [97, 256, 98]
    assert tokenizer.decode([10, 256]) == "\n\n"


class Counting(dict):
    """A dict that counts how often it is asked."""

    asked = 0

    def get(self, key, default=None):
        self.asked += 1
        return super().get(key, default)

    def __getitem__(self, key):
        self.asked += 1
        return super().__getitem__(key)

    def __contains__(self, key):
        self.asked += 1
        return super().__contains__(key)


@pytest.mark.parametrize("unit", ["a", "etaoin", "the", "日本語", "=-"])
def test_a_very_long_pretoken_costs_in_proportion_to_its_length(unit):
    tokenizer = Tokenizer(gpt2().vocab, gpt2().merges)
    asked = []
    for n_bytes in (3_000, 30_000):
        tokenizer.ranks = Counting(gpt2().ranks)
        tokenizer.encode_pretoken(unit * (n_bytes // len(unit.encode())))
        asked.append(tokenizer.ranks.asked)
    # A pair at a time: two looks when it is found, one at the heap's top, two for its neighbours.
    assert 30_000 <= asked[1] <= 8 * 30_000
    assert asked[1] <= 10.5 * asked[0]


def test_pretokens_are_merged_once_and_remembered_within_bounds():
    tokenizer = learned(())
    tokenizer.cached.cache_clear()
    tokenizer.encode("the cat and the dog and the bird")
    info = tokenizer.cached.cache_info()
    assert (info.misses, info.hits) == (6, 2)  # "the" and " the" are two
    assert info.maxsize is not None


@pytest.mark.parametrize("duplicate", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy])
@pytest.mark.parametrize("pattern", [gpt2().pattern.pattern, CL100K_PATTERN])
def test_a_tokenizer_can_be_pickled_and_copied(duplicate, pattern):
    merges, special_tokens = pairs("a b, ab c"), ["\n", "<|e|><|e|>", "<|e|>"]
    vocab = BYTES | {300: b"ab", 400: b"abc", 500: b"\n", 450: b"<|e|>"}
    tokenizer = Tokenizer(vocab, merges, special_tokens, pattern)
    again = duplicate(tokenizer)
    for name in ("vocab", "ids", "merges", "ranks", "special_tokens"):
        assert getattr(again, name) == getattr(tokenizer, name)
    assert again.pattern.pattern == pattern
    assert again.encode("abc\n<|e|> 12345 x") == tokenizer.encode("abc\n<|e|> 12345 x")


def test_a_byte_that_the_vocabulary_lacks_is_named():
    tokenizer = Tokenizer({0: b"a", 1: b"b", 2: b"ab"}, [(b"a", b"b")], ["c"])
    assert tokenizer.encode("abc") == list(tokenizer.encode_iterable(["a", "bc"])) == [2, 3]
    for text in ("ab d", "ab" * 100 + " "):
        with pytest.raises(ValueError, match="the vocabulary lacks the byte b' '"):
            tokenizer.encode(text)


def test_long_pretokens_are_not_remembered():
    tokenizer = learned(())
    tokenizer.cached.cache_clear()
    for text in ("a" * 65, "日" * 100_000, "=" * 64):
        assert tokenizer.encode(text) == list(tokenizer.encode_iterable([text, "."]))[:-1]
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.cached.cache_info().currsize == 2  # "=" * 64 and the "." that ends a stream


class CountingPattern:
    """A pattern that counts the characters it is given to cut."""

    def __init__(self, pattern):
        self.pattern, self.n_characters = pattern, 0

    def findall(self, text):
        self.n_characters += len(text)
        return self.pattern.findall(text)


@pytest.mark.parametrize(
    "text",
    ["a" * 4000, "a " + "日" * 4000 + " b", "word " * 800],
    ids=["one word", "one of three words", "short words"],
)
def test_a_stream_is_cut_in_proportion_to_its_length(text):
    tokenizer = Tokenizer(learned().vocab, learned().merges)
    tokenizer.pattern = CountingPattern(tokenizer.pattern)
    assert list(tokenizer.encode_iterable(iter(text))) == learned().encode(text)
    # Beside two short pre-tokens for each character, the text itself a few times.
    assert tokenizer.pattern.n_characters <= 12 * len(text)


def test_a_stream_is_read_as_its_ids_are_asked_for():
    asked = []

    def texts():
        for number in range(1000):
            asked.append(number)
            yield f"line number {number}\n"

    token_ids = learned((END,)).encode_iterable(texts())
    assert asked == []
    next(token_ids)
    assert len(asked) <= 2
    for _ in range(200):
        next(token_ids)
    assert len(asked) < 60


@pytest.mark.parametrize(
    "pattern", [gpt2().pattern.pattern, CL100K_PATTERN], ids=["gpt2", "cl100k"]
)
@pytest.mark.parametrize(
    "piece",
    ["A line of text, and 'll.\n", "日本語の文。", "0 1 ", "!\n", "  x\r\n", "<|end", "12345 "],
)
def test_a_stream_holds_little_however_long_it_is(piece, pattern):
    tokenizer = learned((END, "<|end|>"), pattern)
    peaks = []
    for n_pieces in (1_000, 8_000):
        for _ in tokenizer.encode_iterable(piece for _ in range(100)):
            pass
        tracemalloc.start()
        for _ in tokenizer.encode_iterable(piece for _ in range(n_pieces)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000
    assert peaks[1] < 30_000


def test_a_stream_takes_any_pattern_that_leaves_nothing_out():
    tokenizer = tokenizer_of(pairs("a b, ab ab"), pattern=r"\w+|\W+")
    assert list(tokenizer.encode_iterable(iter("abab-ab-abab"))) == tokenizer.encode("abab-ab-abab")


def test_an_empty_stream_has_no_ids():
    assert list(learned().encode_iterable([])) == list(learned().encode_iterable(["", ""])) == []
    assert learned().encode("") == []
