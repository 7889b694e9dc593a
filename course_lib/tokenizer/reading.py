"""Read the files of a vocabulary, and say what is wrong with them."""

import json
import re
from pathlib import Path
from typing import Any

from course_lib.tokenizer.pretokenize import GPT2_PATTERN, compile_pattern
from course_lib.tokenizer.spelling import unspell

END_OF_TEXT = "<|endoftext|>"
LIKE_GPT2 = ("GPT2", "Roberta", "Bart")  # classes of transformers that cut text with its pattern


def read_text(path: Path) -> str:
    """What a file says. Raises ValueError if it is not UTF-8."""
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from None


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object. Raises ValueError if it is none, or has a key twice."""

    def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            keys = [key for key, _ in pairs]
            raise ValueError(f"it has {max(keys, key=keys.count)!r} twice")
        return found

    text = read_text(path)
    try:
        found = json.loads(text, object_pairs_hook=without_twins)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold a JSON object, got {type(found).__name__}")
    return found


def read_merges(path: Path) -> list[tuple[bytes, bytes]]:
    """The pairs of merges.txt: two spelled tokens a line, under a line that begins "#version"."""
    merges = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        line = line.rstrip("\r")
        if not line or (number == 1 and line.startswith("#version")):
            continue
        pair = line.split(" ")
        if len(pair) != 2 or not all(pair):
            raise ValueError(
                f"{path}, line {number}: two tokens with a space between are expected, got {line!r}"
            )
        try:
            merges.append((unspell(pair[0]), unspell(pair[1])))
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
    return merges


def read_vocab(
    path: Path, spelled: dict[str, Any], special_tokens: dict[str, int | None]
) -> dict[int, bytes]:
    """The bytes of each token, by id, from the spelled tokens of vocab.json.

    Special tokens are not spelled but written as they are. Raises ValueError if an id is no whole
    number or belongs to two tokens, if a token cannot be read, or if a single byte is missing.
    """
    vocab: dict[int, bytes] = {}
    for key, token_id in (spelled | special_tokens).items():
        if token_id is None and key not in spelled:
            continue
        if not isinstance(token_id, int) or isinstance(token_id, bool) or token_id < 0:
            raise ValueError(f"{path}: {key!r} must have a whole number as its id, got {token_id}")
        try:
            token = key.encode() if key in special_tokens else unspell(key)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        if vocab.setdefault(token_id, token) != token:
            raise ValueError(f"{path}: both {vocab[token_id]!r} and {token!r} have id {token_id}")
    missing = {bytes([byte]) for byte in range(256)} - set(vocab.values())
    if missing:
        raise ValueError(f"{path} lacks {len(missing)} of the 256 bytes, such as {min(missing)!r}")
    return dict(sorted(vocab.items()))


def read_special_tokens(
    folder: Path, config: dict[str, Any], spelled: dict[str, Any]
) -> dict[str, int | None]:
    """The special tokens that the files name, with the ids that these give them, or None.

    They are those of tokenizer_config.json or, if it has no list of them, of
    special_tokens_map.json and added_tokens.json, which older tools write; without these,
    "<|endoftext|>" if there is one.
    """
    tokens: dict[str, int | None] = {}
    path = folder / "tokenizer_config.json"
    try:
        if (listed := config.get("added_tokens_decoder")) is not None:
            for token_id, token in listed.items():
                tokens[_text(token)] = _whole(path, token["content"], token_id)
                if stripped := [k for k in ("lstrip", "rstrip", "single_word") if token.get(k)]:
                    raise ValueError(
                        f"{path}: the special token {token['content']!r} is {stripped[0]}, and "
                        "here special tokens leave the text around them alone"
                    )
            return {text: spelled.get(text, token_id) for text, token_id in tokens.items()}
        if END_OF_TEXT in spelled:
            tokens[END_OF_TEXT] = None
        if (path := folder / "special_tokens_map.json").is_file():
            for named in read_object(path).values():
                for token in named if isinstance(named, list) else [named]:
                    if token is not None:  # as in "pad_token": null
                        tokens[_text(token)] = None
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} names special tokens in a form unknown here: {error}") from None
    if (path := folder / "added_tokens.json").is_file():
        for text, token_id in read_object(path).items():
            tokens[text] = _whole(path, text, token_id)
    return {text: spelled.get(text, token_id) for text, token_id in tokens.items()}


def _text(token: Any) -> str:
    """The text of a special token, which is written as it is or as the "content" of an object."""
    text = token if isinstance(token, str) else token["content"]
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no text")
    return text


def _whole(path: Path, text: str, token_id: Any) -> int:
    """The id of a special token, a number or its digits."""
    if type(token_id) not in (int, str) or not re.fullmatch("[0-9]{1,18}", str(token_id)):
        raise ValueError(f"{path}: {text!r} must have a whole number as its id, got {token_id!r}")
    return int(token_id)


def read_pattern(path: Path, config: dict[str, Any]) -> str:
    """The pattern that tokenizer_config.json names, or else that of GPT-2.

    Raises ValueError if it names another kind of tokenizer instead.
    """
    kind = str(config.get("tokenizer_class") or LIKE_GPT2[0])
    if "pattern" not in config and not kind.startswith(LIKE_GPT2):
        raise ValueError(
            f"{path} names a {kind}, and how that cuts text into pre-tokens is not said there. "
            'Where it is known, write it there as "pattern"'
        )
    if config.get("add_prefix_space"):
        raise ValueError(f"{path} wants a space before every text (add_prefix_space)")
    pattern = config.get("pattern", GPT2_PATTERN)
    try:
        return compile_pattern(pattern).pattern
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
