"""Batches: the same ids in the same order, whichever process made them."""

import os
import subprocess
import sys

import pytest
from vocabularies import AWKWARD, END, gpt2, learned, texts

from course_lib.tokenizer import batch
from course_lib.tokenizer.batch import encode_batch
from course_lib.tokenizer.pretokenize import CL100K_PATTERN


def one_by_one(tokenizer, batch_of_texts):
    return [tokenizer.encode(text) for text in batch_of_texts]


@pytest.mark.parametrize(
    "tokenizer", [gpt2(), learned(AWKWARD, CL100K_PATTERN)], ids=["gpt2", "learned"]
)
def test_two_processes_give_the_same_ids_in_the_same_order(tokenizer, monkeypatch):
    monkeypatch.setattr(batch, "CHUNK", 5_000)  # so that every process gets several
    documents = [text[:4000] for text in texts().values()] * 3
    assert encode_batch(tokenizer, documents, n_processes=2) == one_by_one(tokenizer, documents)


def test_a_small_batch_stays_in_this_process(monkeypatch, capsys):
    monkeypatch.setattr(batch, "ProcessPoolExecutor", None)
    documents = (text for text in ["a", "", f"b{END}", "日本"])
    assert encode_batch(learned((END,)), documents) == one_by_one(
        learned((END,)), ["a", "", f"b{END}", "日本"]
    )
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("cores", "n_processes"), [(8, 3), (2, 2), (None, 1)])
def test_a_large_batch_gets_as_many_processes_as_are_worth_it(cores, n_processes, monkeypatch):
    asked = []

    class Pool:
        def __init__(self, n, *rest):
            asked.append(n)
            rest[1](*rest[2])

        def __enter__(self):
            return self

        def __exit__(self, *problem):
            pass

        map = staticmethod(map)

    monkeypatch.setattr(batch, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(batch, "_tokenizer", None)
    monkeypatch.setattr(batch, "WORTH_A_PROCESS", 1000)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    documents = ["word " * 100] * 5
    assert encode_batch(learned(), documents) == one_by_one(learned(), documents)
    assert asked == ([n_processes] if n_processes > 1 else [])


def test_a_long_batch_shows_its_progress_on_standard_output(monkeypatch, capsys):
    monkeypatch.setattr(batch, "CHUNK", 1000)
    encode_batch(learned(), ["word " * 300] * 2)
    shown = capsys.readouterr()
    assert "100%" in shown.out
    assert "3.00k/3.00k" in shown.out
    assert shown.err == ""


def test_no_texts_have_no_ids():
    assert encode_batch(learned(), []) == []
    assert encode_batch(learned(), [], n_processes=4) == []


@pytest.mark.parametrize("n_processes", [1, 2])
@pytest.mark.parametrize(
    ("documents", "error", "message"),
    [
        ("one text", TypeError, "texts must be several texts, got one of 8 characters"),
        (["a", None], TypeError, r"texts\[1\] must be a str, got NoneType"),
        (["a", "b", "c\udc80"], ValueError, r"texts\[2\] has '\\udc80' at 1"),
    ],
)
def test_a_text_that_cannot_be_encoded_is_named(documents, error, message, n_processes):
    with pytest.raises(error, match=message):
        encode_batch(learned(), documents, n_processes)


def test_no_process_is_too_few():
    with pytest.raises(ValueError, match="n_processes must be at least 1, got 0"):
        encode_batch(learned(), ["a"], n_processes=0)


def test_a_script_may_ask_for_processes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from course_lib.tokenizer import Tokenizer\n"
        "from course_lib.tokenizer.batch import encode_batch\n"
        "if __name__ == '__main__':\n"
        "    tokenizer = Tokenizer({byte: bytes([byte]) for byte in range(256)}, [])\n"
        "    print(encode_batch(tokenizer, ['ab', 'c', ''], n_processes=2))\n"
    )
    result = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[[97, 98], [99], []]\n", "")


@pytest.mark.parametrize(
    "work",
    [
        "from course_lib.tokenizer import Tokenizer\n"
        "from course_lib.tokenizer.batch import encode_batch\n"
        "tokenizer = Tokenizer({byte: bytes([byte]) for byte in range(256)}, [])\n"
        "encode_batch(tokenizer, ['ab', 'c'], n_processes=2)\n",
        "from course_lib.tokenizer.count_pretokens import count_pretokens_in_files\n"
        "count_pretokens_in_files([__file__], n_processes=2, chunk_size=20)\n",
    ],
    ids=["encode_batch", "count_pretokens_in_files"],
)
def test_a_script_without_the_usual_line_is_told_so(work, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(work)
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300)
    assert result.returncode == 1
    # The processes that end early say something too, and Python's resource tracker may.
    last = [line for line in result.stderr.splitlines() if line.startswith("RuntimeError: ")][-1]
    assert "a process ended before its work was done" in last
    assert 'under `if __name__ == "__main__":`' in last
    assert "n_processes=1" in last
