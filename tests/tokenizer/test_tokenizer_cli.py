"""`course tokenizer`: pipes of any length, and plain sentences where something is wrong."""

import errno
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner
from vocabularies import END, learned, texts

from course_lib.cli import app
from course_lib.tokenizer import files, load, save
from course_lib.tokenizer.pretokenize import CL100K_PATTERN, GPT2_PATTERN
from course_lib.tokenizer_cli import _numbers

COURSE = [sys.executable, "-m", "course_lib.cli", "tokenizer"]


def run(*arguments, stdin=b""):
    return CliRunner().invoke(app, ["tokenizer", *map(str, arguments)], input=stdin)


@pytest.fixture
def folder(tmp_path):
    save(learned((END,)), tmp_path / "saved")
    return tmp_path / "saved"


@pytest.mark.parametrize("name", ["English", "Japanese", "special", "spaces", "control", "empty"])
def test_text_goes_to_ids_and_back(name, folder, tmp_path):
    text = texts()[name]
    path = tmp_path / "text"
    path.write_bytes(text.encode())
    from_file, from_pipe = run("encode", folder, path), run("encode", folder, stdin=text.encode())
    assert from_file.stdout == from_pipe.stdout
    assert list(map(int, from_file.stdout.split())) == load(folder).encode(text)
    (tmp_path / "ids").write_text(from_file.stdout)
    assert run("decode", folder, tmp_path / "ids").stdout_bytes == text.encode()
    assert run("decode", folder, stdin=from_file.stdout).stdout_bytes == text.encode()


def test_gpt2_is_known_by_name():
    assert run("encode", "gpt2", stdin=b"Hello world").stdout == "15496 995\n"
    assert run("decode", "gpt2", stdin=b"15496\n 995 \t50256").stdout == f"Hello world{END}"


def test_what_is_no_utf8_is_replaced_and_said(folder, tmp_path):
    (tmp_path / "text").write_bytes(b"caf\xe9 \xe3\x81")
    result = run("encode", folder, tmp_path / "text")
    assert result.exit_code == 0
    assert load(folder).decode(map(int, result.stdout.split())) == "caf\ufffd \ufffd"
    expected = f"{tmp_path}/text is not all UTF-8: U+FFFD (\ufffd) stands in 2 places\n"
    assert result.stderr == expected
    assert "standard input is not all" in run("encode", folder, stdin=b"\xff").stderr


def test_bytes_that_are_no_characters_are_shown_as_such():
    assert run("decode", "gpt2", stdin=b"10545 245 98 245").stdout == " \u65e5\ufffd"
    assert run("decode", "gpt2", stdin=b"10545").stdout == " \ufffd"


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("encode", "./none"), b"", "name_or_folder must be a folder, and "),
        (("encode", "."), b"", "there is no vocab.json in ."),
        (("encode", "gpt2", "none"), b"", "none: No such file or directory"),
        (("encode", "gpt2", "."), b"", ".: Is a directory"),
        (("decode", "gpt2"), b"1 two 3", "'two' is no token id"),
        (("decode", "gpt2"), b"1 -2", "'-2' is no token id"),
        (("decode", "gpt2"), b"1 50257", "50257 is no id of this tokenizer"),
        (("decode", "gpt2"), b"1 " + b"9" * 5000, f"'{'9' * 40}' is no token id"),
        (("encode", "~nobody-of-this-name/x"), b"", "name_or_folder must be a folder, and "),
        (("inspect", "./none"), b"", "name_or_folder must be a folder, and "),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments, stdin, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("closed", "arguments", "message"),
    [
        (">&-", ["encode", "gpt2"], "stdout is closed\n"),
        (">&-", ["decode", "gpt2"], "stdout is closed\n"),
        (">&-", ["inspect", "gpt2"], "stdout is closed\n"),
        ("<&-", ["encode", "gpt2"], "stdin is closed\n"),
        ("<&-", ["decode", "gpt2"], "stdin is closed\n"),
    ],
)
def test_a_stream_that_is_closed_is_named(closed, arguments, message):
    shell = ["sh", "-c", f'"$@" {closed}', "sh"]
    result = subprocess.run([*shell, *COURSE, *arguments], capture_output=True, text=True, input="")
    assert (result.returncode, result.stderr) == (1, message)


def test_a_number_without_an_end_is_refused_as_soon_as_it_is_too_long():
    read = []

    def digits():
        for _ in range(1000):
            read.append("1" * 50)
            yield read[-1]

    with pytest.raises(ValueError, match=f"'{'1' * 40}' is no token id"):
        list(_numbers(digits()))
    assert len(read) == 1


def test_inspect_shows_every_token_of_a_text():
    shown = run("inspect", "gpt2", "Hi [b]日").stdout
    rows = [line.split("│")[1:-1] for line in shown.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["'Hi'", "17250", "48 69"],
        ["' ['", "685", "20 5b"],
        ["'b'", "65", "62"],
        ["']'", "60", "5d"],
        [r"b'\xe6\x97'", "33768", "e6 97"],
        [r"b'\xa5'", "98", "a5"],
    ]
    assert shown.splitlines()[-1] == "7 characters, 9 bytes, 6 tokens: 1.50 bytes a token"


def test_inspect_shows_sizes_and_the_longest_tokens(folder):
    shown = run("inspect", folder).stdout
    for part in ("tokens         │ 407", "merges         │ 150", f"'{END}'", "of GPT-2"):
        assert part in shown
    longest = max(learned().vocab.values(), key=len)
    assert repr(longest.decode()) in shown
    assert str(learned().ids[longest]) in shown


def test_inspect_takes_an_empty_text():
    assert run("inspect", "gpt2", "").stdout.endswith("0 characters, 0 bytes, 0 tokens\n")


def test_a_reader_that_has_seen_enough_is_no_error(folder, tmp_path):
    (tmp_path / "text").write_text("many words " * 100_000)
    with subprocess.Popen(
        [*COURSE, "encode", str(folder), str(tmp_path / "text")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert len(process.stdout.read(10)) == 10
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_long_text_is_encoded_and_decoded_in_little_memory(folder):
    """8 MB may take no more memory than 1 MB, measured by the system."""
    # A process inherits the peak of the one that starts it, so a small one stands between.
    launcher = (
        "import resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )

    def peak(command, stdin):
        command = [sys.executable, "-S", "-c", launcher, *command]
        ended = subprocess.run(
            command, input=stdin[0] * stdin[1], stdout=subprocess.PIPE, check=True
        )
        return int(ended.stdout)

    unit = 1 if sys.platform == "darwin" else 1024
    for command, piece in (
        ("encode", b"Some words of text.\n" * 5000),
        ("decode", b"97 98 " * 17000),
    ):
        peaks = [peak([*COURSE, command, str(folder)], (piece, n)) * unit for n in (10, 80)]
        assert peaks[1] < peaks[0] + 8e6


def test_training_writes_what_encoding_reads(tmp_path):
    for number, name in enumerate(("English", "Japanese")):
        (tmp_path / f"{number}.txt").write_text(texts()[name][:5000], "utf-8")
    result = run(
        "train", tmp_path / "0.txt", tmp_path / "1.txt", "--vocab-size", 300, "--special", END,
        "--special", "<|pad|>", "--out", tmp_path / "out", "--workers", 1,
    )  # fmt: skip
    assert result.exit_code == 0
    assert result.stdout == ""
    for bar in ("counting", "merging"):
        assert bar in result.stderr
    assert f"wrote 300 tokens and 42 merges to {tmp_path}/out" in result.stderr
    tokenizer = load(tmp_path / "out")
    assert tokenizer.special_tokens == {END: 298, "<|pad|>": 299}
    assert tokenizer.decode(tokenizer.encode(f"a{END}日本")) == f"a{END}日本"


@pytest.mark.parametrize("special", ["h", "é", "Ġhello", "Ċ"])
def test_a_special_token_that_files_could_not_tell_is_refused_before_training(special, tmp_path):
    (tmp_path / "short.txt").write_text("say hello hello hello")
    result = run(
        "train", tmp_path / "short.txt", "--vocab-size", 265, "--special", special,
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert result.exit_code == 1
    refusal = "--special must not be what vocab.json calls a byte or another text, got "
    assert f"{refusal}{special!r}" in result.stderr
    assert "merging" not in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("special", ["<|end|>", "<café>", "日本", "[PAD]"])
def test_an_ordinary_special_token_is_taken(special, tmp_path):
    (tmp_path / "short.txt").write_text("say hello hello hello")
    options = ["--vocab-size", 260, "--special", special, "--out", tmp_path / "out"]
    assert run("train", tmp_path / "short.txt", *options).exit_code == 0
    assert load(tmp_path / "out").special_tokens == {special: 259}


def test_training_says_when_merges_run_out_and_what_it_replaced(tmp_path):
    (tmp_path / "short.txt").write_text("abab ab")
    said = [
        run("train", tmp_path / "short.txt", "--vocab-size", size, "--out", tmp_path / "out").stderr
        for size in (1000, 257)
    ]
    n_tokens = len(load(tmp_path / "out").vocab)
    assert n_tokens == 257
    assert "that is fewer than 1,000 tokens" in said[0]
    assert "in place of" not in said[0]
    assert "in place of the tokenizer there" in said[1]
    assert "fewer" not in said[1]


@pytest.mark.parametrize(
    ("pattern", "longest"), [(None, b"12345"), ("gpt2", b"12345"), ("cl100k", b"123")]
)
def test_training_takes_the_pattern_that_is_asked_for(pattern, longest, tmp_path):
    (tmp_path / "numbers.txt").write_text("12345" + " 12345" * 50)
    options = ["--pattern", pattern] if pattern else []
    result = run(
        "train", tmp_path / "numbers.txt", "--vocab-size", 300, "--out", tmp_path / "out", *options
    )
    assert result.exit_code == 0
    tokenizer = load(tmp_path / "out")
    numbers = [token for token in tokenizer.vocab.values() if token.isdigit()]
    assert max(numbers, key=len) == longest
    assert tokenizer.pattern.pattern == (CL100K_PATTERN if pattern == "cl100k" else GPT2_PATTERN)


def test_a_full_disk_is_named_with_the_folder(tmp_path, monkeypatch):
    def no_space(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "open", no_space, raising=False)
    (tmp_path / "a.txt").write_text("some text")
    result = run("train", tmp_path / "a.txt", "--out", tmp_path / "out", "--vocab-size", 260)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f"[Errno 28] No space left on device, while saving a tokenizer to {tmp_path}/out"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--vocab-size", 256, "--special", END], "vocab_size"),
        (["--vocab-size", 300, "--special", END, "--special", END], "special"),
    ],
)
def test_training_says_what_it_cannot_do(options, message, tmp_path):
    (tmp_path / "a.txt").write_text("some text")
    result = run("train", tmp_path / "a.txt", "--out", tmp_path / "out", *options)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert message in result.stderr
    result = run("train", tmp_path / "none.txt", "--out", tmp_path / "out", "--vocab-size", 300)
    assert result.exit_code == 1
    assert "none.txt" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("a.txt", "nothing can be saved to a.txt: a.txt is no folder"),
        ("a.txt/below", "nothing can be saved to a.txt/below: {here}/a.txt is no folder"),
        ("held", "held/vocab.json is a folder, and a file is to be put there"),
        ("", "--out must name a folder, got ''"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_before_the_work(out, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("some text")
    (tmp_path / "held" / "vocab.json").mkdir(parents=True)
    result = run("train", "a.txt", "--out", out, "--vocab-size", 260)
    assert result.exit_code == 1
    assert result.stderr == message.format(here=tmp_path) + "\n"  # and no progress bar


def test_a_special_token_that_is_no_utf8_is_shown_with_its_option(tmp_path):
    (tmp_path / "a.txt").write_text("some text")
    arguments = ["train", tmp_path / "a.txt", "--out", tmp_path / "out", "--vocab-size", "260"]
    result = subprocess.run([*COURSE, *arguments, "--special", b"\xff\xfe"], capture_output=True)
    assert result.returncode == 1
    assert result.stderr == b"--special must be UTF-8, got b'\\xff\\xfe'\n"
