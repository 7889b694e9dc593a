"""Vocabularies on disk: read by other tools, whole or not at all, and plain about what is wrong."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tokenizers
from transformers import AutoTokenizer, GPT2Tokenizer, GPT2TokenizerFast
from vocabularies import AWKWARD, END, gpt2, learned, texts

from course_lib.tokenizer import Tokenizer, files, load, save
from course_lib.tokenizer.gpt2 import gpt2_files
from course_lib.tokenizer.pretokenize import CL100K_PATTERN

BYTES = {byte: bytes([byte]) for byte in range(256)}
# "é" and "x" would be written like a byte, and "ab" like what merging may have made.
WRITABLE = tuple(token for token in AWKWARD if token not in ("é", "x"))


def same(ours: Tokenizer, theirs: Tokenizer) -> bool:
    def parts(tokenizer):
        pattern = tokenizer.pattern.pattern
        return tokenizer.vocab, tokenizer.merges, tokenizer.special_tokens, pattern

    return parts(ours) == parts(theirs)


@pytest.mark.parametrize(
    "pattern", [gpt2().pattern.pattern, CL100K_PATTERN], ids=["gpt2", "cl100k"]
)
@pytest.mark.parametrize("special_tokens", [(), (END,), WRITABLE], ids=["none", "one", "many"])
def test_what_is_saved_is_loaded(special_tokens, pattern, tmp_path):
    tokenizer = learned(special_tokens, pattern)
    save(tokenizer, tmp_path / "new" / "folder")
    assert same(load(tmp_path / "new" / "folder"), tokenizer)
    save(tokenizer, str(tmp_path / "new" / "folder"))
    assert sorted(os.listdir(tmp_path / "new" / "folder")) == sorted(
        ["vocab.json", "merges.txt", "tokenizer_config.json"]
    )


def test_gpt2_is_written_with_the_keys_and_lines_that_were_published(tmp_path):
    save(gpt2(), tmp_path)
    encoder, merges = files_of_gpt2()
    assert json.loads((tmp_path / "vocab.json").read_text("utf-8")) == json.loads(encoder)
    assert (tmp_path / "merges.txt").read_text("utf-8") == merges


def files_of_gpt2():
    return [path.read_text("utf-8") for path in gpt2_files()]


def rivals_of(folder, special_tokens):
    byte_level = tokenizers.ByteLevelBPETokenizer.from_file(
        str(folder / "vocab.json"), str(folder / "merges.txt")
    )
    byte_level.add_special_tokens(list(special_tokens))
    yield lambda text: byte_level.encode(text).ids
    for kind in (GPT2Tokenizer, GPT2TokenizerFast, AutoTokenizer):
        theirs = kind.from_pretrained(folder)
        yield lambda text, theirs=theirs: theirs.encode(text)
        assert sorted(theirs.all_special_tokens) == sorted(special_tokens)


@pytest.mark.parametrize(
    "tokenizer",
    [gpt2(), learned(), learned((END,)), learned((END, END + END, "<|", "\n\n", "終わり"))],
    ids=["gpt2", "none", "one", "many"],
)
def test_other_tools_read_it_and_give_the_same_ids(tokenizer, tmp_path):
    save(tokenizer, tmp_path)
    for encode in rivals_of(tmp_path, tokenizer.special_tokens):
        for text in texts().values():
            assert encode(text[:20_000]) == tokenizer.encode(text[:20_000])


@pytest.mark.parametrize("kind", [GPT2Tokenizer, GPT2TokenizerFast])
def test_what_transformers_saves_is_loaded(kind, tmp_path):
    save(learned((END, "<|pad|>")), tmp_path / "ours")
    theirs = kind.from_pretrained(tmp_path / "ours")
    theirs.add_special_tokens({"additional_special_tokens": ["<|new|>"]})
    theirs.save_pretrained(tmp_path / "theirs")
    loaded = load(tmp_path / "theirs")
    text = f"a<|new|> b{END}<|pad|>"
    assert loaded.encode(text) == theirs.encode(text)
    assert loaded.special_tokens["<|new|>"] == 408


def test_a_folder_with_the_two_files_alone_is_loaded(tmp_path):
    for name, text in zip(("vocab.json", "merges.txt"), files_of_gpt2(), strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    assert same(load(tmp_path), gpt2())


def test_special_tokens_are_found_where_older_tools_wrote_them(tmp_path):
    save(learned(), tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 1024}')
    (tmp_path / "special_tokens_map.json").write_text(
        '{"eos_token": {"content": "<|end|>"}, "pad_token": null, '
        '"additional_special_tokens": ["<|a|>", "<|b|>"]}'
    )
    (tmp_path / "added_tokens.json").write_text('{"<|end|>": 500, "<|c|>": 502}')
    assert load(tmp_path).special_tokens == {
        "<|end|>": 500, "<|a|>": 503, "<|b|>": 504, "<|c|>": 502,
    }  # fmt: skip


def test_ids_may_have_gaps(tmp_path):
    tokenizer = Tokenizer(BYTES | {1000: b"ab", 2000: END.encode()}, [(b"a", b"b")], [END])
    save(tokenizer, tmp_path)
    assert same(load(tmp_path), tokenizer)
    for encode in rivals_of(tmp_path, [END]):
        assert encode(f"ab{END}") == [1000, 2000]


def test_a_special_token_that_merging_needs_is_written_both_ways(tmp_path):
    vocab = BYTES | {256: b" a", 257: b" ab"}
    tokenizer = Tokenizer(vocab, [(b" ", b"a"), (b" a", b"b")], [" a", "\n"])
    save(tokenizer, tmp_path)
    assert same(load(tmp_path), tokenizer)
    for encode in rivals_of(tmp_path, [" a", "\n"]):
        assert encode("b a\n ab") == tokenizer.encode("b a\n ab") == [98, 256, 10, 256, 98]


@pytest.mark.parametrize("special", ["é", "Ġ", "a"])
def test_two_tokens_that_would_be_written_alike_are_refused(special, tmp_path):
    vocab = BYTES | {256: special.encode()}
    with pytest.raises(ValueError, match=f"would both be '{special}' in vocab.json"):
        save(Tokenizer(vocab, [], [special]), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["tokenizer.json", "added_tokens.json", "special_tokens_map.json"])
def test_a_folder_whose_other_files_would_be_read_first_is_refused(name, tmp_path):
    (tmp_path / name).write_text("{}")
    with pytest.raises(FileExistsError, match=f"{tmp_path} holds {name}"):
        save(learned(), tmp_path)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt", "tokenizer_config.json"])
def test_a_folder_in_the_place_of_a_file_leaves_the_old_files(name, tmp_path):
    save(learned((END,)), tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(IsADirectoryError, match=f"{tmp_path}/{name} is a folder"):
        save(gpt2(), tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def no_space(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullDisk:
    """A file that takes some bytes and then no more."""

    def __init__(self, path, mode):
        self.file = open(path, mode)  # noqa: SIM115

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.file.close()

    def write(self, content):
        self.file.write(content[:100])
        no_space()


@pytest.mark.parametrize("fails", ["open", "write", "fsync"])
def test_a_full_disk_leaves_the_old_files(fails, tmp_path, monkeypatch):
    save(learned((END,)), tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with monkeypatch.context() as patch:
        if fails == "fsync":
            patch.setattr(os, "fsync", no_space)
        else:
            patch.setattr(
                files, "open", {"open": no_space, "write": FullDisk}[fails], raising=False
            )
        with pytest.raises(OSError, match="No space left") as caught:
            save(gpt2(), tmp_path)
    assert caught.value.__notes__ == [f"while saving a tokenizer to {tmp_path}"]
    assert same(load(tmp_path), learned((END,)))
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["vocab.json", "merges.txt", "tokenizer_config.json", "model.safetensors"]
    )


def test_a_full_disk_leaves_no_folder_that_was_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "open", FullDisk, raising=False)
    with pytest.raises(OSError, match="No space left"):
        save(learned(), tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, sys
from course_lib.tokenizer import from_pretrained, save
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
save(from_pretrained("gpt2"), sys.argv[1])
"""
KILLED = """
import os, sys
from course_lib.tokenizer import from_pretrained, save
replace, left = os.replace, [{n}]
def crash(*paths):
    if left[0] == 0:
        os._exit(9)
    left[0] -= 1
    replace(*paths)
os.replace = crash
save(from_pretrained("gpt2"), sys.argv[1])
"""


def run(code, folder):
    return subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True)


def test_a_limit_of_the_system_leaves_the_old_files(tmp_path):
    save(learned((END,)), tmp_path)
    result = run(LIMITED, tmp_path)
    assert "OSError: [Errno 27] File too large" in result.stderr
    assert same(load(tmp_path), learned((END,)))


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("alone", [False, True], ids=["three files", "the two files alone"])
def test_a_crash_leaves_the_old_files_or_is_noticed(n, alone, tmp_path):
    save(learned((END,)), tmp_path)
    if alone:
        (tmp_path / "tokenizer_config.json").unlink()
    assert run(KILLED.format(n=n), tmp_path).returncode == 9
    if n == 0:
        assert same(load(tmp_path), learned((END,)))
    else:
        with pytest.raises(ValueError, match="do not belong together"):
            load(tmp_path)
    save(gpt2(), tmp_path)
    assert same(load(tmp_path), gpt2())


@pytest.fixture
def folder(tmp_path) -> Path:
    """A tokenizer on disk that is changed by hand, so without its fingerprint."""
    save(learned((END,)), tmp_path)
    edit(tmp_path / "tokenizer_config.json", lambda config: config.pop("fingerprint"))
    return tmp_path


def edit(path, change):
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_a_file_that_is_missing_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"there is no {name} in {folder}"):
        load(folder)
    with pytest.raises(FileNotFoundError, match=r"there is no vocab\.json"):
        load(folder / "nowhere")


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt", "tokenizer_config.json"])
def test_a_file_that_is_not_utf8_is_named(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:50] + b"\xff" + content[50:])
    with pytest.raises(ValueError, match=f"{name} is not UTF-8: invalid start byte at byte 50"):
        load(folder)


@pytest.mark.parametrize("name", ["vocab.json", "tokenizer_config.json"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read as JSON: Expecting value"),
        ('{"a": 1', "cannot be read as JSON"),
        ('{"a": 1, "b": 2, "a": 3}', "cannot be read as JSON: it has 'a' twice"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("[1, 2]", "must hold a JSON object, got list"),
        ("null", "must hold a JSON object, got NoneType"),
    ],
)
def test_json_that_is_no_object_is_refused(folder, name, content, message):
    (folder / name).write_text(content)
    with pytest.raises(ValueError, match=f"{name} {message}"):
        load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda vocab: vocab.update({"new": 97}), "both b'a' and b'new' have id 97"),
        (lambda vocab: vocab.pop("Ġ"), r"lacks 1 of the 256 bytes, such as b' '"),
        (lambda vocab: vocab.update({"new": -1}), "'new' must have a whole number as its id"),
        (lambda vocab: vocab.update({"new": 1.5}), "'new' must have a whole number as its id"),
        (lambda vocab: vocab.update({"new": "7"}), "'new' must have a whole number as its id"),
        (lambda vocab: vocab.update({"new": None}), "'new' must have a whole number as its id"),
        (lambda vocab: vocab.update({END: None}), "must have a whole number as its id, got None"),
        (lambda vocab: vocab.update({"new": True}), "'new' must have a whole number as its id"),
        (lambda vocab: vocab.update({"日本": 999}), "'日本' has '日', which stands for no byte"),
        (lambda vocab: vocab.update({"a b": 999}), "'a b' has ' ', which stands for no byte"),
        (lambda vocab: vocab.update({"": 999}), r"vocab\[999\] must be at least one byte"),
        (lambda vocab: vocab.pop("Ġthe"), "do not fit together: merges.* lacks b' the'"),
    ],
)
def test_a_vocabulary_that_is_wrong_is_refused(folder, change, message):
    edit(folder / "vocab.json", change)
    with pytest.raises(ValueError, match=message) as caught:
        load(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a b c", "line 5: two tokens with a space between are expected, got 'a b c'"),
        ("ab", "line 5: two tokens with a space between are expected, got 'ab'"),
        (" b", "line 5: two tokens with a space between are expected, got ' b'"),
        ("日 b", "line 5: '日' has '日', which stands for no byte"),
        ("q q", "do not fit together: merges.* lacks b'qq'"),
        ("Ġ t", "do not fit together: merges.* which was merged before"),
    ],
)
def test_merges_that_are_wrong_are_refused(folder, line, message):
    lines = (folder / "merges.txt").read_text("utf-8").split("\n")
    (folder / "merges.txt").write_text("\n".join([*lines[:4], line, *lines[4:]]), "utf-8")
    with pytest.raises(ValueError, match=message):
        load(folder)


def test_line_ends_of_windows_change_nothing(folder):
    content = (folder / "merges.txt").read_bytes()
    (folder / "merges.txt").write_bytes(content.replace(b"\n", b"\r\n"))
    assert same(load(folder), learned((END,)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c.update(tokenizer_class="Qwen2Tokenizer") or c.pop("pattern"),
            "Qwen2Tokenizer",
        ),
        (
            lambda c: c["added_tokens_decoder"]["406"].update(content=None),
            "names special tokens in a form unknown here: None is no text",
        ),
        (
            lambda c: c["added_tokens_decoder"].update({"-1": {"content": "<|a|>"}}),
            r"'<\|a\|>' must have a whole number as its id, got '-1'",
        ),
        (lambda c: c.update(add_prefix_space=True), "a space before every text"),
        (lambda c: c["added_tokens_decoder"]["406"].update(lstrip=True), "is lstrip"),
        (lambda c: c.update(pattern="("), r"the pattern '\(' cannot be used: missing"),
        (lambda c: c.update(pattern="(a)b"), "config.json: pattern must have no groups"),
        (lambda c: c.update(pattern=5), "the pattern 5 cannot be used"),
        (lambda c: c.update(added_tokens_decoder=[5]), "special tokens in a form unknown"),
        (lambda c: c.update(added_tokens_decoder={"5": {}}), "special tokens in a form unknown"),
    ],
)
def test_what_we_would_cut_otherwise_is_refused(folder, change, message):
    edit(folder / "tokenizer_config.json", change)
    with pytest.raises(ValueError, match=message) as caught:
        load(folder)
    assert str(caught.value).startswith(f"{folder}/tokenizer_config.json")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("special_tokens_map.json", {"eos_token": {"content": None}}, "None is no text"),
        ("special_tokens_map.json", {"eos_token": {"content": 5}}, "5 is no text"),
        ("special_tokens_map.json", {"eos_token": 5}, "in a form unknown here"),
        ("added_tokens.json", {"<|a|>": -1}, "must have a whole number as its id, got -1"),
        ("added_tokens.json", {"<|a|>": None}, "must have a whole number as its id, got None"),
    ],
)
def test_what_older_tools_wrote_wrong_is_refused(folder, name, content, message):
    (folder / "tokenizer_config.json").unlink()
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as caught:
        load(folder)
    assert str(caught.value).startswith(f"{folder}/{name}")


def test_a_file_of_another_tokenizer_is_noticed(tmp_path):
    save(learned((END,)), tmp_path)
    lines = (tmp_path / "merges.txt").read_text("utf-8").splitlines()
    (tmp_path / "merges.txt").write_text("\n".join(lines[:-1]), "utf-8")
    with pytest.raises(ValueError, match=r"vocab\.json, merges\.txt and .* do not belong together"):
        load(tmp_path)
