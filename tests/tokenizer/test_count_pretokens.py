"""Counts of pre-tokens and safe cuts, against pre-tokens of the whole text, one by one."""

import os
import re
import tracemalloc
from collections import Counter

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.data.corpora import state_of_the_union
from course_lib.data.messages import japanese_messages
from course_lib.data.source_code import python_source
from course_lib.tokenizer.chunks import last_cut, read_chunks
from course_lib.tokenizer.count_pretokens import (
    SPACE,
    count_pretokens,
    count_pretokens_in_files,
)
from course_lib.tokenizer.pretokenize import CL100K_PATTERN, GPT2_PATTERN, pretokens

# The third takes whitespace and what follows it together, so almost no cut would be safe for it.
PATTERNS = st.sampled_from([GPT2_PATTERN, CL100K_PATTERN, r"\s+\w+\s*|\S+|\s+"])
SPECIALS = st.sampled_from(
    [[], ["<|"], ["<|", "<|<|>"], [" <|", "a b"], ["\n\n", "\n"], ["a", "aa!"], ["\ufffd\ufffd"]]
)
LETTERS = "ab1٣é漢!.'s<|> \t\n\r\x0b\xa0\u3000\x85\u2028\x1c\u0301\ufffd"
TEXTS = st.text(st.sampled_from(LETTERS), max_size=60)
BYTES = st.lists(
    st.sampled_from(
        [*(letter.encode() for letter in LETTERS), b"\xff", b"\xe3\x81", b"\xf0\x9f", b"\xc2"]
    )
    | st.binary(max_size=2),
    max_size=40,
).map(b"".join)


def counted(text, special_tokens=(), pattern=GPT2_PATTERN):
    return Counter(pretokens(text, special_tokens, pattern))


def test_space_is_that_of_the_patterns_in_all_of_unicode():
    everything = "".join(map(chr, range(0x110000)))
    assert re.findall(SPACE, everything) == regex.findall(r"\s", everything)


@given(text=TEXTS | st.text(), special_tokens=SPECIALS, pattern=PATTERNS)
def test_counts_are_those_of_the_pretokens(text, special_tokens, pattern):
    found = count_pretokens(text, special_tokens, pattern)
    assert found == counted(text, special_tokens, pattern)
    assert all(found.values())


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, CL100K_PATTERN], ids=["gpt2", "cl100k"])
def test_counts_of_real_text(pattern):
    japanese = "\n".join(message for _, message in japanese_messages())
    for text in (state_of_the_union()[0].text, japanese, python_source()[:300_000]):
        assert count_pretokens(text, (), pattern) == counted(text, (), pattern)


@given(
    text=TEXTS,
    following=st.text(st.sampled_from(LETTERS), max_size=8),
    special_tokens=SPECIALS,
    pattern=PATTERNS,
)
def test_a_cut_is_safe_whatever_follows(text, following, special_tokens, pattern):
    cut = last_cut(text, special_tokens, pattern)
    whole = list(pretokens(text + following, special_tokens, pattern))
    if cut is None:
        return
    assert 0 < cut < len(text)
    parts = text[:cut], text[cut:] + following
    assert [word for part in parts for word in pretokens(part, special_tokens, pattern)] == whole


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("one two thr", GPT2_PATTERN, 7),
        ("one two thr", CL100K_PATTERN, 7),
        ("one two  ", GPT2_PATTERN, 7),
        ("end.\nNext", GPT2_PATTERN, 4),
        ("end.\nNext", CL100K_PATTERN, 5),  # ".\n" is one pre-token
        ("終わり。\n次", CL100K_PATTERN, 5),
        ("oneword", GPT2_PATTERN, None),
        ("", GPT2_PATTERN, None),
        (" x", GPT2_PATTERN, None),
    ],
)
def test_the_last_cut_is_found(text, pattern, expected):
    assert last_cut(text, (), pattern) == expected


def test_a_cut_keeps_away_from_what_may_become_a_special_token():
    assert last_cut("one two <|en", ["<|end|>"]) == 3  # "<|en" may go on to be one
    assert last_cut("a b<|end|>ccccccccc", ["<|end|>"]) == 10
    assert last_cut("a b<|end|>ccccccccc", ["<|end|>"], pattern=".+") == 10
    assert last_cut("ab<|end|>", ["<|end|>", "<|end|><|end|>"]) is None


@given(
    data=BYTES,
    chunk_size=st.integers(1, 30),
    special_tokens=SPECIALS,
    pattern=PATTERNS,
)
@settings(max_examples=300)
def test_chunks_of_any_bytes_hold_the_text_and_its_pretokens(
    tmp_path_factory, data, chunk_size, special_tokens, pattern
):
    path = tmp_path_factory.getbasetemp() / "text.txt"
    path.write_bytes(data)
    text = data.decode("utf-8", errors="replace")
    chunks = list(read_chunks(path, special_tokens, pattern, chunk_size))
    assert "".join(chunk for chunk, _ in chunks) == text
    assert sum(n_bytes for _, n_bytes in chunks) == len(data)
    assert sum(
        (counted(chunk, special_tokens, pattern) for chunk, _ in chunks), Counter()
    ) == counted(text, special_tokens, pattern)


@pytest.fixture
def files(tmp_path):
    texts = [
        "<|end|>".join(speech.text for speech in state_of_the_union()[:3]),
        "\n".join(message for _, message in japanese_messages()),
        "",
        python_source()[:200_000],
    ]
    paths = [tmp_path / f"{i}.txt" for i in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text.encode())
    return paths, texts


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, CL100K_PATTERN], ids=["gpt2", "cl100k"])
@pytest.mark.parametrize("n_processes", [1, 2])
def test_files_are_counted_alike_by_any_number_of_processes(files, pattern, n_processes):
    paths, texts = files
    expected = sum((counted(text, ["<|end|>"], pattern) for text in texts), Counter())
    found = count_pretokens_in_files(paths, ["<|end|>"], pattern, n_processes, chunk_size=20_000)
    assert found == expected


def test_line_ends_stay_as_they_are(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert count_pretokens_in_files([str(path)], n_processes=1) == counted("\ufeffa\r\nb\rc\n")


def test_memory_holds_a_few_chunks_of_a_large_file(tmp_path):
    path = tmp_path / "large.txt"
    path.write_bytes(b"as we may think, so we may speak\n" * 200_000)  # 6.6 MB
    tracemalloc.start()
    found = count_pretokens_in_files([path], n_processes=1, chunk_size=2**15)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found[" may"] == 400_000
    assert peak < 2e6


def test_a_file_without_any_place_to_cut_is_counted_too(tmp_path):
    path = tmp_path / "long.txt"
    path.write_bytes("漢".encode() * 100_000)
    assert count_pretokens_in_files([path], n_processes=1, chunk_size=1000) == {"漢" * 100_000: 1}


def shorten(path):
    os.truncate(path, 500)


def lengthen(path):
    with open(path, "ab") as file:
        file.write(b" more")


def rewrite(path):
    before = path.stat()
    path.write_bytes(b"z" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


@pytest.mark.parametrize("change", [shorten, lengthen, rewrite])
def test_a_file_that_changes_meanwhile_is_refused(tmp_path, change):
    path = tmp_path / "text.txt"
    path.write_bytes(b"one two " * 1000)
    chunks = read_chunks(path, chunk_size=100)
    next(chunks)
    change(path)
    with pytest.raises(OSError, match=r"text.txt changed while it was read: it had 8,000 bytes"):
        list(chunks)


def test_bad_input_is_explained(tmp_path):
    there = tmp_path / "text.txt"
    there.write_bytes(b"text")
    with pytest.raises(TypeError, match=r"paths must be a list of paths, got 'text.txt'"):
        count_pretokens_in_files("text.txt")
    with pytest.raises(ValueError, match="paths must name at least one file, got none"):
        count_pretokens_in_files([])
    with pytest.raises(ValueError, match="must be at least 1, got 0 and 8388608"):
        count_pretokens_in_files([there], n_processes=0)
    with pytest.raises(ValueError, match="must be at least 1, got 1 and 0"):
        count_pretokens_in_files([there], n_processes=1, chunk_size=0)
    with pytest.raises(FileNotFoundError, match=r"missing.txt"):
        count_pretokens_in_files([there, tmp_path / "missing.txt"])
    with pytest.raises(OSError, match=re.escape(f"{tmp_path} is no regular file")):
        count_pretokens_in_files([tmp_path])  # a folder


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_is_refused_before_it_is_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # opened for reading, it would wait for a writer
    with pytest.raises(OSError, match=r"pipe is no regular file: save .* to a file first"):
        count_pretokens_in_files([tmp_path / "pipe"])
