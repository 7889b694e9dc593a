"""Pre-tokens, against the published patterns, tiktoken's own and Hugging Face's pre-tokenizer."""

import pytest
import regex
import tiktoken_ext.openai_public as published
from hypothesis import given
from hypothesis import strategies as st
from reference_trainer import PUBLISHED
from tokenizers.pre_tokenizers import ByteLevel

from course_lib.data.corpora import state_of_the_union
from course_lib.data.messages import japanese_messages
from course_lib.data.source_code import python_source
from course_lib.tokenizer.count_pretokens import count_pretokens
from course_lib.tokenizer.pretokenize import (
    CL100K_PATTERN,
    GPT2_PATTERN,
    pretokens,
    split_special,
)

MIXED = st.text(
    st.sampled_from("aé漢あ1٣ \t\n\r\xa0\u3000\x1c\x85'’sdmtlverST.!_-🐋👩\u200d\u0301\ud7ff\ufffd")
)
WORKED = [
    ("", []),
    ("Hello world", ["Hello", " world"]),
    ("I'll don't 'quoted'", ["I", "'ll", " don", "'t", " '", "quoted", "'"]),
    ("a  b\n\n c", ["a", " ", " b", "\n\n", " c"]),
    ("x = 10000  ", ["x", " =", " 10000", "  "]),
    ("注意、Attention!!", ["注意", "、", "Attention", "!!"]),
    ("I'LL", ["I", "'", "LL"]),
    ("a\u0301", ["a", "\u0301"]),
]


@pytest.mark.parametrize(("text", "expected"), WORKED)
def test_worked_by_hand(text, expected):
    assert list(pretokens(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'LL don't", ["I", "'LL", " don", "'t"]),
        ("x = 10000", ["x", " =", " ", "100", "00"]),
        ("end.\n\n\tNext", ["end", ".\n\n", "\tNext"]),
        ("a  \n b ", ["a", "  \n", " b", " "]),
    ],
)
def test_worked_by_hand_for_cl100k(text, expected):
    assert list(pretokens(text, pattern=CL100K_PATTERN)) == expected


@pytest.fixture(scope="module")
def tiktokens_patterns():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "load_tiktoken_bpe", lambda *_, **__: {})  # which would fetch
        return {
            GPT2_PATTERN: published.r50k_base()["pat_str"],
            CL100K_PATTERN: published.cl100k_base()["pat_str"],
        }


def real_texts():
    yield state_of_the_union()[-1].text
    yield "\n".join(japanese for _, japanese in japanese_messages())
    yield python_source()[:200_000]


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, CL100K_PATTERN], ids=["gpt2", "cl100k"])
def test_real_text_is_cut_as_by_tiktokens_patterns(tiktokens_patterns, pattern):
    for text in real_texts():
        found = list(pretokens(text, pattern=pattern))
        assert found == regex.findall(tiktokens_patterns[pattern], text)
        assert "".join(found) == text


@given(text=MIXED | st.text())
def test_any_text_is_cut_as_by_the_published_patterns(tiktokens_patterns, text):
    assert list(pretokens(text)) == regex.findall(PUBLISHED, text)
    for pattern, theirs in tiktokens_patterns.items():
        assert list(pretokens(text, pattern=pattern)) == regex.findall(theirs, text)


def by_hugging_face(text):
    cut = ByteLevel(add_prefix_space=False, use_regex=True).pre_tokenize_str(text)
    return [text[start:end] for _, (start, end) in cut]


def test_real_text_is_cut_as_by_hugging_face():
    for text in real_texts():
        assert list(pretokens(text)) == by_hugging_face(text)


@given(text=MIXED)
def test_mixed_text_is_cut_as_by_hugging_face(text):
    assert list(pretokens(text)) == by_hugging_face(text)


@given(text=st.text(st.sampled_from("ab |")), specials=st.sets(st.text("a|", min_size=1)))
def test_special_tokens_are_parts_of_their_own_the_longest_first(text, specials):
    parts = split_special(text, specials)
    assert "".join(parts) == text
    assert "" not in parts
    place, expected = 0, [""]  # character by character
    while place < len(text):
        here = [token for token in specials if text.startswith(token, place)]
        if here:
            expected += [max(here, key=len), ""]
            place += len(expected[-2])
        else:
            expected[-1] += text[place]
            place += 1
    assert parts == [part for part in expected if part]


def test_special_tokens_are_left_out_and_part_what_stands_around_them():
    assert list(pretokens("a <|end|>b  <|end|>", ["<|end|>"])) == ["a", " ", "b", "  "]
    longest = split_special("<|end|><|end|>!", ["<|end|>", "<|end|><|end|>"])
    assert longest == ["<|end|><|end|>", "!"]
    # what means something in a regular expression means itself here
    assert split_special("a.b|c", [".", "b|"]) == ["a", ".", "b|", "c"]


def test_special_tokens_may_come_one_by_one():
    assert list(pretokens("a[X]b", (token for token in ["[X]"]))) == ["a", "b"]
    assert split_special("ab", iter([])) == ["ab"]
    assert split_special("a[X]b", iter(["[X]"])) == ["a", "[X]", "b"]


def test_the_letters_of_one_text_are_no_special_tokens():
    for cut in (split_special, lambda *given: list(pretokens(*given)), count_pretokens):
        with pytest.raises(TypeError, match=r"special_tokens must be several texts, got .* 'ab'"):
            cut("a b", "ab")


def test_the_expression_of_the_special_tokens_is_made_once(monkeypatch):
    escaped, escape = [], regex.escape
    monkeypatch.setattr(regex, "escape", lambda token: escaped.append(token) or escape(token))
    for text in ("a[once]b", "[once][second]", "c"):
        assert "".join(split_special(text, ["[once]", "[second]"])) == text
    assert escaped == ["[second]", "[once]"]
