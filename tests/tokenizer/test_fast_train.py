"""The fast trainers, against brute force, the textbook trainer and one another."""

import hashlib
import os
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_trainer import reference_merges, words_of

from course_lib.data.messages import japanese_messages
from course_lib.data.source_code import python_source
from course_lib.tokenizer import array_train
from course_lib.tokenizer.array_train import learn_merges
from course_lib.tokenizer.bpe import train_bpe
from course_lib.tokenizer.fast_train import fast_train_bpe, train_from_files
from course_lib.tokenizer.pretokenize import CL100K_PATTERN, pretokens

# Few letters, so that ties and overlaps abound, and long runs of one.
TEXTS = st.one_of(
    st.text(st.sampled_from("aab  éあ'\n1"), max_size=60),
    st.lists(st.text("ab", max_size=12), max_size=8).map(" ".join),
    st.text("a", max_size=40),
)
SPECIALS = st.sampled_from([[], ["ab"], ["ab", "aba"], ["  "]])


def by_arrays(text, vocab_size, special_tokens=(), few=array_train.FEW):
    """What `train_from_files` does, without files."""
    words = Counter(pretokens(text, special_tokens))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_train, "FEW", few)
        tokens, merges = learn_merges(words, vocab_size - 256 - len(special_tokens))
    vocab = dict(enumerate([*tokens, *(token.encode() for token in special_tokens)]))
    return vocab, [(tokens[left], tokens[right]) for left, right in merges]


@given(TEXTS, st.integers(0, 20), SPECIALS)
def test_the_merges_are_those_of_brute_force(text, n_merges, special_tokens):
    expected = reference_merges(text, n_merges, special_tokens)
    vocab_size = 256 + n_merges + len(special_tokens)
    vocab, merges = fast_train_bpe(text, vocab_size, special_tokens)
    assert merges == expected
    made = [left + right for left, right in expected]
    singles = [bytes([byte]) for byte in range(256)]
    assert list(vocab) == list(range(len(vocab)))
    assert list(vocab.values()) == [*singles, *made, *(token.encode() for token in special_tokens)]


# With 0 numpy merges everything, with 1,000 the loop, with 3 each its part.
@pytest.mark.parametrize("few", [0, 3, 1000])
@given(text=TEXTS, n_merges=st.integers(0, 20), special_tokens=SPECIALS)
def test_arrays_learn_the_same(few, text, n_merges, special_tokens):
    vocab_size = 256 + n_merges + len(special_tokens)
    found = by_arrays(text, vocab_size, special_tokens, few)
    assert found == fast_train_bpe(text, vocab_size, special_tokens)


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("length", range(1, 34))
def test_runs_of_one_letter(few, length):
    for text in ("a" * length, "b" + "a" * length + "b", f"{'a' * length} {'a' * length}b"):
        assert by_arrays(text, 270, few=few)[1] == reference_merges(text, 14)


def test_the_example_of_every_book():
    assert fast_train_bpe("aaabdaaabac", 259) == train_bpe("aaabdaaabac", 259)


@pytest.fixture(scope="module")
def real_text():
    messages = japanese_messages()[:150]
    both = "<|end|>".join(f"{english}\n{japanese}" for english, japanese in messages)
    return both + "<|end|>" + python_source()[:10_000]


def test_all_trainers_agree_on_real_text(real_text, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(real_text.encode())
    special_tokens = ["<|end|>", "<|pad|>"]
    expected = train_bpe(real_text, 420, special_tokens)
    assert expected[1] == reference_merges(real_text, 162, special_tokens)
    assert fast_train_bpe(real_text, 420, special_tokens) == expected
    assert train_from_files([path], 420, special_tokens, n_processes=1) == expected
    assert by_arrays(real_text, 420, special_tokens, few=0) == expected


def test_every_merge_down_to_the_rarest_pair(real_text):
    text = real_text[:6000]
    expected = fast_train_bpe(text, 10**6)
    assert by_arrays(text, 10**6) == expected
    _, merges = expected
    counted = Counter(tuple(word) for word in words_of(text, []))
    assert (
        len(
            {b"".join(word) for word in counted if len(word) > 1}
            - {left + right for left, right in merges}
        )
        == 0
    )  # each word has become one token


def test_no_two_tokens_have_the_same_bytes(real_text):
    vocab, _ = fast_train_bpe(real_text, 3000)
    assert len(set(vocab.values())) == len(vocab)


def test_several_files_are_several_texts(tmp_path):
    for name, text in (("a", "xyz xy"), ("b", "xy")):
        (tmp_path / name).write_text(text)
    vocab, merges = train_from_files(
        [tmp_path / "a", str(tmp_path / "b")], 1000, ["<|end|>"], n_processes=1
    )
    assert merges == [(b"x", b"y"), (b"xy", b"z"), (b" ", b"xy")]
    assert list(vocab.values())[256:] == [b"xy", b"xyz", b" xy", b"<|end|>"]


def test_the_pattern_decides_where_merges_end(tmp_path):
    path = tmp_path / "digits.txt"
    path.write_text("12345 12345")
    longest = {
        name: max(map(len, train_from_files([path], 300, n_processes=1, **given)[0].values()))
        for name, given in (("gpt2", {}), ("cl100k", {"pattern": CL100K_PATTERN}))
    }
    assert longest == {"gpt2": 6, "cl100k": 3}


def test_bytes_that_are_no_utf8_are_learned_as_the_replacement_character(tmp_path):
    path = tmp_path / "broken.txt"
    path.write_bytes(b"\xff \xff")
    vocab, _ = train_from_files([path], 1000, n_processes=1)
    assert list(vocab.values())[256:] == [b"\xef\xbf", "\ufffd".encode(), " \ufffd".encode()]


def test_files_without_text_give_bytes_alone(tmp_path):
    path = tmp_path / "empty.txt"
    path.write_text("")
    assert train_from_files([path], 1000) == ({i: bytes([i]) for i in range(256)}, [])


def test_training_is_the_same_in_every_process_and_under_every_hash_seed(real_text, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(real_text[:30_000].encode())
    script = tmp_path / "train.py"
    script.write_text(
        "import contextlib, hashlib, io, sys\n"
        "from pathlib import Path\n"
        "from course_lib.tokenizer.fast_train import fast_train_bpe, train_from_files\n"
        "if __name__ == '__main__':\n"
        "    path, special = Path(sys.argv[1]), ['<|end|>']\n"
        "    with contextlib.redirect_stdout(io.StringIO()):\n"
        "        by_files = train_from_files([path], 600, special, n_processes=2)\n"
        "    text = path.read_bytes().decode('utf-8', errors='replace')\n"
        "    for result in (by_files, fast_train_bpe(text, 600, special)):\n"
        "        print(hashlib.sha256(repr(result).encode()).hexdigest())\n"
    )
    text = path.read_bytes().decode("utf-8", errors="replace")
    here = hashlib.sha256(repr(fast_train_bpe(text, 600, ["<|end|>"])).encode()).hexdigest()
    for seed in ("0", "1", "12345"):
        ended = subprocess.run(
            [sys.executable, script, path],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert ended.stdout.split() == [here, here]


@pytest.mark.parametrize(
    ("vocab_size", "special_tokens", "error", "message"),
    [
        (256, ["<a>"], ValueError, r"vocab_size must be at least 256 \+ 1, got 256"),
        (300, ["<a>", "<a>"], ValueError, "special_tokens has '<a>' twice"),
        (300, [""], ValueError, "a special token must have at least one character"),
        (300, "<a>", TypeError, "special_tokens must be several texts"),
        (300, [5], TypeError, "a special token must be a str, got int"),
    ],
)
def test_bad_input_is_explained(vocab_size, special_tokens, error, message):
    with pytest.raises(error, match=message):
        fast_train_bpe("text", vocab_size, special_tokens)
    with pytest.raises(error, match=message):  # before any file is opened
        train_from_files(["missing.txt"], vocab_size, special_tokens)


@pytest.mark.parametrize("trainer", [train_bpe, fast_train_bpe])
@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, TypeError, "text must be a str, got NoneType"),
        (b"text", TypeError, "text must be a str, got bytes"),
        ("a\ud800", ValueError, r"text has '\\ud800' at 1: half of a surrogate pair"),
    ],
)
def test_what_is_no_text_is_refused(trainer, text, error, message):
    with pytest.raises(error, match=message):
        trainer(text, 300)


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"missing.txt"):
        train_from_files(["missing.txt"], 300)
