"""Check of `Tokenizer.decode(token_ids)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs, show
from course_lib.checks.ex3_bpe import _tokenizer_oracle as oracle
from course_lib.checks.ex3_bpe._decode_bugs import BUGS
from course_lib.checks.ex3_bpe._own_work import own_work

WORDS = {0: b"low", 1: b" ", 2: b"er", 3: b" low", 4: b"\n"}
CUT = {0: b"a", 1: b"\xe6", 2: b"\x97\xa5", 3: b"\xe6\x97", 4: b"\xa5", 5: b"\xe6\x9c\xac"}
REFUSED = "it raised ValueError"


def cases(rng: torch.Generator) -> Iterator[Case]:
    """A few tokens for each clause of the contract, then texts cut into bytes at random."""
    yield _case("tokens", [0, 2], WORDS, "two tokens")
    yield _case("tokens", [3, 2, 1, 4], WORDS, "white space belongs to tokens")
    yield _case("tokens", [], WORDS, "no tokens, no text")
    yield _case("tokens", [7, 3, 7], {9: b"c", 7: b"a", 3: b"b"}, "ids with gaps, in no order")
    yield _case("tokens", [0, 2, 3], WORDS, "the ids come from a generator", one_by_one=True)
    yield _case("characters", [1, 2], CUT, "日 in two tokens")
    yield _case("characters", [0, 3, 4, 5, 0], CUT, "日 in two tokens, 本 in one")
    yield _case("partial", [3], CUT, "the start of a character is shown as one �")
    yield _case("partial", [0, 3, 0], CUT, "a character that breaks off")
    yield _case("partial", [4, 0, 1], CUT, "the end of one character, the start of another")
    end = ["<|end|>"]
    yield _case("special", [0, 5, 2], WORDS, "<|end|> has the id 5", special_tokens=end)
    yield _case("special", [5, 5, 0], WORDS, "<|end|> has the id 5", special_tokens=end)
    yield _case("unknown", [0, 7], WORDS, "there is no token 7")
    yield _case("unknown", [-1, 0], WORDS, "there is no token −1")
    gaps = {9: b"c", 7: b"a", 3: b"b"}
    yield _case("unknown", [7, 8], gaps, "there is no token 8, though there are 7 and 9")

    text = "日本語の文字、é, ü, 🙂 and a few words".encode()
    in_first, last_word = int(torch.randint(1, 3, (), generator=rng)), len(text) - len("words")
    anywhere = torch.randint(3, last_word, (12,), generator=rng).tolist()
    cuts = sorted({in_first, last_word, *anywhere})
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    drawn = torch.randperm(90, generator=rng).tolist()
    ids = dict(zip(dict.fromkeys(parts), drawn, strict=False))
    vocab = {token_id: part for part, token_id in ids.items()}
    whole = [ids[part] for part in parts]
    yield _case("characters", whole, vocab, "a text cut at random bytes")
    some = [token_id for place, token_id in enumerate(whole[2:-1]) if place % 3]
    kept = [*whole[:2], *some, whole[0], whole[-1]]  # 日, …, the start of 日, "words"
    yield _case("partial", kept, vocab, "a text cut at random bytes, parts of it missing")


def _case(
    name: str, token_ids: list[int], vocab: dict[int, bytes], note: str, **more: Plain
) -> Case:
    return Case(name, {"token_ids": token_ids, "vocab": vocab, **more}, note)


def run(implementation: Callable[..., Any], case: Case) -> Plain:
    """Make a tokenizer of the case's vocabulary and decode the ids."""
    with own_work(implementation, "decode"):
        return _decoded(implementation, case)


def _decoded(implementation: Callable[..., Any], case: Case) -> Plain:
    special_tokens = case.inputs.get("special_tokens", [])
    tokenizer = implementation(dict(case.inputs["vocab"]), [], list(special_tokens))
    token_ids = case.inputs["token_ids"]
    if case.inputs.get("one_by_one"):
        return tokenizer.decode(token_id for token_id in list(token_ids))
    if case.property != "unknown":
        return tokenizer.decode(token_ids)
    decode = tokenizer.decode
    try:
        return [decode(token_ids)]
    except ValueError:
        return REFUSED


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with all bytes joined and read by Python's own decoder."""
    if case.property == "unknown":
        if outputs == REFUSED:
            return None
        got = outputs[0] if isinstance(outputs, list) and outputs else outputs
        return f"expected a ValueError, since an id is not in the vocabulary; got {show(got)}"
    tokens = oracle.with_special(case.inputs["vocab"], case.inputs.get("special_tokens", []))
    content = bytearray()
    for token_id in case.inputs["token_ids"]:
        content += tokens[token_id]
    return differs(outputs, str(content, "utf-8", "replace"), what="the text")


CHECK = Check(
    id="ex3_bpe/decode",
    title="Decoding",
    references=("course_lib.tokenizer.base.Tokenizer",),
    properties=(
        Property("tokens", 1, "the tokens' bytes, one after the other"),
        Property("characters", 1, "a character may lie in several tokens"),
        Property("partial", 1, "bytes that are no UTF-8 are shown as U+FFFD"),
        Property("special", 1, "special tokens are written out"),
        Property("unknown", 1, "an id that the vocabulary lacks raises ValueError"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "decode(encode(text)) is text, for every text. The other way round it need not hold: many "
        "lists of ids spell the same text, and encode gives only one of them."
    ),
)
