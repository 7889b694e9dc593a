"""A tokenizer on disk: vocab.json and merges.txt, as GPT-2's tools and Hugging Face's read them."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from course_lib.tokenizer.base import Tokenizer
from course_lib.tokenizer.pretokenize import GPT2_PATTERN
from course_lib.tokenizer.reading import (
    END_OF_TEXT,
    read_merges,
    read_object,
    read_pattern,
    read_special_tokens,
    read_vocab,
)
from course_lib.tokenizer.spelling import spell

VOCAB, MERGES, CONFIG = "vocab.json", "merges.txt", "tokenizer_config.json"
RIVALS = ("tokenizer.json", "added_tokens.json", "special_tokens_map.json")


def save(tokenizer: Tokenizer, folder: str | Path) -> None:
    """Write vocab.json, merges.txt and tokenizer_config.json into a folder, made if need be.

    All are complete on the disk before the first takes its place: what the folder held before
    stays if the disk is full. If the power fails while they take their places, `load` notices.
    `load` reads them, and with the pattern of GPT-2 so do `GPT2Tokenizer` and `GPT2TokenizerFast`
    of transformers and `ByteLevelBPETokenizer` of tokenizers, with the same ids (the last must be
    told the special tokens).

    Raises:
        ValueError: if two tokens would be spelled alike, one of them a special token.
        OSError: if they cannot be written, or the folder holds files of another tokenizer that
            would be read first.
    """
    folder = Path(folder)
    check_folder(folder)
    vocab, merges = _spelled(tokenizer), [f"{spell(a)} {spell(b)}" for a, b in tokenizer.merges]
    texts = {  # in this order: the new fingerprint is there before any file it does not fit
        CONFIG: json.dumps(_config(tokenizer, vocab, merges), ensure_ascii=False, indent=2),
        VOCAB: json.dumps(vocab, ensure_ascii=False),
        MERGES: "\n".join(["#version: 0.2", *merges, ""]),
    }
    _write_all(folder, {name: text.encode() for name, text in texts.items()})


def load(folder: str | Path) -> Tokenizer:
    """The tokenizer whose vocab.json and merges.txt lie in a folder, `save`'s or another tool's.

    Special tokens and pattern are those of its tokenizer_config.json. Where no file says what is
    special, "<|endoftext|>" is, if the vocabulary has it; the pattern is then GPT-2's.

    Raises:
        FileNotFoundError: if there is no vocab.json or no merges.txt.
        ValueError: if a file cannot be read, or says what no tokenizer of this kind can do.
    """
    folder = Path(folder)
    for name in (VOCAB, MERGES):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"there is no {name} in {folder}")
    config = read_object(folder / CONFIG) if (folder / CONFIG).is_file() else {}
    spelled, merges = read_object(folder / VOCAB), read_merges(folder / MERGES)
    lines = [f"{spell(a)} {spell(b)}" for a, b in merges]
    if config.get("fingerprint") not in (None, _fingerprint(spelled, lines)):
        raise ValueError(
            f"{VOCAB}, {MERGES} and {CONFIG} in {folder} do not belong together: one was changed, "
            "or saving them was interrupted; save the tokenizer again"
        )
    special = read_special_tokens(folder, config, spelled)
    vocab = read_vocab(folder / VOCAB, spelled, special)
    pattern = read_pattern(folder / CONFIG, config)
    try:
        return Tokenizer(vocab, merges, special, pattern)
    except ValueError as error:
        raise ValueError(f"{VOCAB} and {MERGES} in {folder} do not fit together: {error}") from None


def check_folder(folder: Path) -> None:
    """Raise OSError if a tokenizer cannot be saved to a folder, or would not be the one read there.

    Nothing is written, so this can be asked before a long training.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not there.is_dir():
        raise NotADirectoryError(f"nothing can be saved to {folder}: {there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(f"nothing can be saved to {folder}: {there} cannot be written")
    for name in (VOCAB, MERGES, CONFIG):
        if (folder / name).is_dir():
            raise IsADirectoryError(f"{folder / name} is a folder, and a file is to be put there")
    if rivals := [name for name in RIVALS if (folder / name).exists()]:
        raise FileExistsError(
            f"{folder} holds {rivals[0]}, which other tools would read along with what is saved "
            "there; choose another folder"
        )


def _spelled(tokenizer: Tokenizer) -> dict[str, int]:
    """The ids by spelled token, and by the text itself for a special token.

    A special token that merges make or need, such as a line break, is there both ways.
    """
    text_of = {token_id: text for text, token_id in tokenizer.special_tokens.items()}
    ordinary = {token for token_id, token in tokenizer.vocab.items() if token_id not in text_of}
    merged = {left + right for left, right in tokenizer.merges}
    spelled: dict[str, int] = {}
    for token_id, token in sorted(tokenizer.vocab.items()):
        keys = {text_of.get(token_id, spell(token))}
        if token not in ordinary and (token in merged or len(token) == 1):
            keys.add(spell(token))
        for key in keys:
            if spelled.setdefault(key, token_id) != token_id:
                raise ValueError(
                    f"tokens {spelled[key]} and {token_id} would both be {key!r} in {VOCAB}: "
                    "choose another text for the special one"
                )
    return spelled


def _config(tokenizer: Tokenizer, vocab: dict[str, int], merges: list[str]) -> dict[str, Any]:
    """What the vocabulary does not say, as transformers has it, with the pattern as our own key."""
    special = tokenizer.special_tokens
    plain = dict.fromkeys(("lstrip", "normalized", "rstrip", "single_word"), False)
    like_gpt2 = tokenizer.pattern.pattern == GPT2_PATTERN
    end = END_OF_TEXT if END_OF_TEXT in special else None
    return {
        **({"tokenizer_class": "GPT2Tokenizer"} if like_gpt2 else {}),
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        **dict.fromkeys(("bos_token", "eos_token", "unk_token"), end),
        "additional_special_tokens": [text for text in special if text != end],
        "added_tokens_decoder": {
            str(token_id): {"content": text, **plain, "special": True}
            for text, token_id in special.items()
        },
        "pattern": tokenizer.pattern.pattern,
        "fingerprint": _fingerprint(vocab, merges),
    }


def _fingerprint(vocab: dict[str, Any], merges: list[str]) -> str:
    """A hash of what the two files say, so that a file of another tokenizer is noticed."""
    return hashlib.sha256(json.dumps([sorted(vocab.items()), merges]).encode()).hexdigest()


def _write_all(folder: Path, contents: dict[str, bytes]) -> None:
    """Write files into a folder: all under another name first, and only then in their place."""
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".saving-", dir=folder) as waiting:
            for name, content in contents.items():
                with open(Path(waiting, name), "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            for name in contents:
                os.replace(Path(waiting, name), folder / name)
        if os.name == "posix":  # elsewhere a folder cannot be opened
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        error.add_note(f"while saving a tokenizer to {folder}")
        raise
