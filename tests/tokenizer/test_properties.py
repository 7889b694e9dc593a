"""What holds for every text, for every vocabulary, however the text is cut."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vocabularies import AWKWARD, END, all_kinds, gpt2, learned, texts

from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.base import LONG
from course_lib.tokenizer.long_pretokens import merge_by_rank
from course_lib.tokenizer.pretokenize import CL100K_PATTERN

KINDS = all_kinds()
AWKWARD_PIECES = [*AWKWARD, "'ll", "'ve", "'S", "\r\n", "   ", "\t", "\u3000", "\x85", "\x1c"]
AWKWARD_PIECES += ["1234", "ſ", "日本", "e\u0301", "👩‍👩‍👧", "<|endof", "text|>", "!", "..", "\0"]

any_text = st.text(st.characters(codec="utf-8"))
awkward_text = st.lists(
    st.sampled_from(AWKWARD_PIECES) | st.sampled_from("".join(AWKWARD_PIECES)), max_size=20
).map("".join)
any_pieces = st.lists(any_text | awkward_text, max_size=12)


@settings(deadline=None)
@given(any_text | awkward_text)
def test_decoding_undoes_encoding(text):
    for tokenizer in KINDS:
        token_ids = tokenizer.encode(text)
        assert tokenizer.decode(token_ids) == text
        assert all(token_id in tokenizer.vocab for token_id in token_ids)


@settings(deadline=None, max_examples=300)
@given(any_pieces)
def test_a_stream_has_the_ids_of_the_whole(pieces):
    text = "".join(pieces)
    for tokenizer in KINDS:
        whole = tokenizer.encode(text)
        assert list(tokenizer.encode_iterable(pieces)) == whole
        assert list(tokenizer.encode_iterable(iter(text))) == whole  # by characters


@pytest.mark.parametrize(
    "text",
    [
        "it'll we've\r\n\r\n x",
        "a \n \n  b!\n\n  c",
        f"a   {END}{END} b",
        "<|endoftext<|endoftext|>|>",
        "xaabc a b'll  aaa",
        "日本 １２３４５!!\n\n\té ",
    ],
)
def test_a_stream_has_the_ids_of_the_whole_wherever_it_is_cut_twice(text):
    for tokenizer in KINDS:
        whole = tokenizer.encode(text)
        for first, second in combinations(range(len(text) + 1), 2):
            pieces = [text[:first], text[first:second], "", text[second:]]
            assert list(tokenizer.encode_iterable(pieces)) == whole


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_stream_of_real_text_has_the_ids_of_the_whole(size):
    text = "".join(part[:3000] for part in texts().values())
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    for tokenizer in (gpt2(), learned((END,), CL100K_PATTERN)):
        assert list(tokenizer.encode_iterable(pieces)) == tokenizer.encode(text)


special_tokens = st.lists(st.text("ab <|>\n", min_size=1, max_size=5), max_size=5, unique=True)


@settings(deadline=None)
@given(special_tokens, st.lists(st.text("ab <|>\n", max_size=6), max_size=8))
def test_special_tokens_may_contain_and_overlap_each_other(special_tokens, pieces):
    for pattern in (gpt2().pattern.pattern, CL100K_PATTERN):
        tokenizer = Tokenizer(
            {byte: bytes([byte]) for byte in range(256)}, [], special_tokens, pattern
        )
        whole = tokenizer.encode("".join(pieces))
        assert whole == longest_first("".join(pieces), tokenizer)
        assert list(tokenizer.encode_iterable(pieces)) == whole


def longest_first(text, tokenizer):
    """The ids where nothing is merged, by trying every special token at every place."""
    token_ids = []
    while text:
        fitting = [token for token in tokenizer.special_tokens if text.startswith(token)]
        token = max(fitting, key=len, default=text[0])
        token_ids.append(tokenizer.ids[token.encode()])
        text = text[len(token) :]
    return token_ids


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.text("abc"), st.text("abc")), max_size=30), st.text("abc", max_size=90)
)
def test_a_heap_merges_as_the_rule_says(drawn, text):
    # Of whatever merges are drawn, keep those that fit: one token may then be made in two ways.
    tokens, merges = {b"a", b"b", b"c"}, []
    for left, right in ((a.encode(), b.encode()) for a, b in drawn):
        if left in tokens and right in tokens and (left, right) not in merges:
            merges.append((left, right))
            tokens.add(left + right)
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    assert merge_by_rank(singles(text), ranks) == merged_by_the_rule(singles(text), ranks)


@settings(deadline=None)
@given(st.text("abcdefgh ", min_size=LONG - 2, max_size=LONG + 2))
def test_nothing_changes_where_pretokens_become_long(text):
    for tokenizer in (gpt2(), learned()):
        expected = merged_by_the_rule(singles(text), tokenizer.ranks)
        assert tokenizer.encode_pretoken(text) == tuple(tokenizer.ids[part] for part in expected)


def singles(text):
    return [bytes([byte]) for byte in text.encode()]


def merged_by_the_rule(parts, ranks):
    """Each time the leftmost of the pairs with the lowest rank, found by looking at all."""
    while found := [
        (ranks[pair], place) for place, pair in enumerate(pairwise(parts)) if pair in ranks
    ]:
        place = min(found)[1]
        parts = [*parts[:place], parts[place] + parts[place + 1], *parts[place + 2 :]]
    return parts
