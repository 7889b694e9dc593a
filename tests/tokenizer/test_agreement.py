"""The same ids as tiktoken and Hugging Face's tokenizers, on all kinds of text."""

import pytest
import tiktoken
from vocabularies import (
    AWKWARD,
    END,
    gpt2,
    hugging_face_gpt2,
    learned,
    texts,
    tiktoken_gpt2,
    tiktoken_of,
)

from course_lib.tokenizer.pretokenize import CL100K_PATTERN, GPT2_PATTERN, pretokens

NAMES = list(texts())


@pytest.mark.parametrize("name", NAMES)
def test_gpt2s_ids_are_tiktokens(name):
    text = texts()[name]
    assert gpt2().encode(text) == tiktoken_gpt2().encode(text, allowed_special="all")


@pytest.mark.parametrize("name", NAMES)
def test_gpt2s_ids_are_those_of_hugging_face(name):
    text = texts()[name]
    assert gpt2().encode(text) == hugging_face_gpt2().encode(text).ids


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, CL100K_PATTERN], ids=["gpt2", "cl100k"])
@pytest.mark.parametrize("special_tokens", [(), (END,)], ids=["none", "one"])
def test_a_vocabulary_that_we_learned_gives_tiktoken_the_same_ids(pattern, special_tokens):
    ours = learned(special_tokens, pattern)
    theirs = tiktoken_of(ours)
    for text in texts().values():
        assert ours.encode(text) == theirs.encode(
            text, allowed_special="all", disallowed_special=()
        )


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, CL100K_PATTERN], ids=["gpt2", "cl100k"])
@pytest.mark.parametrize("name", NAMES)
def test_text_is_cut_where_tiktoken_cuts_it(name, pattern):
    text = texts()[name]
    parts = [part.encode() for part in pretokens(text, pattern=pattern)]
    # tiktoken makes one token of a part that is a token, and of no other text.
    tokens = dict.fromkeys([*(bytes([byte]) for byte in range(256)), *parts])
    ranks = {token: rank for rank, token in enumerate(tokens)}
    theirs = tiktoken.Encoding("parts", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    assert theirs.encode_ordinary(text) == [ranks[part] for part in parts]


def test_decoding_agrees_where_bytes_are_no_characters():
    for token_ids in ([10545, 245], [245, 98], [220, 50256, 241], [30325, 222, 30325]):
        expected = tiktoken_gpt2().decode(token_ids, errors="replace")
        assert gpt2().decode(token_ids) == expected
        assert hugging_face_gpt2().decode(token_ids, skip_special_tokens=False) == expected


@pytest.mark.parametrize("name", NAMES)
def test_text_comes_back(name):
    for tokenizer in (gpt2(), learned(AWKWARD), learned(AWKWARD, CL100K_PATTERN)):
        assert tokenizer.decode(tokenizer.encode(texts()[name])) == texts()[name]
