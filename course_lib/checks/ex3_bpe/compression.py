"""Check of `bytes_per_token(tokenizer, text) -> float`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs, kind_of
from course_lib.checks.ex3_bpe._compression_bugs import BUGS
from course_lib.checks.ex3_bpe._small_tokenizer import SmallTokenizer

LETTERS, CHARACTERS = "aaeeinrst     ", "ねこはかわいい。éß😀a "


def cases(rng: torch.Generator) -> Iterator[Case]:
    """A text in ASCII, texts in which characters have several bytes, and the empty text."""

    def draw(n: int, letters: str) -> str:
        places = torch.randint(len(letters), (n,), generator=rng).tolist()
        return "".join(letters[place] for place in places)

    yield _case("ratio", "banana", ["an"], "tokens: b, an, an, a; six bytes, so 6 / 4")
    yield _case(
        "ratio", "the cat, the cat", ["the", " the", " cat"], "the| cat|,| the| cat: 16 / 5"
    )
    yield _case("ratio", "abcd", ["xy"], "no longer token fits: each byte is one")
    yield _case("ratio", "to be or not", ["to be or not"], "the whole text is one token")
    yield _case("ratio", f"t{draw(60, LETTERS)}s", ["an", "st", "in", "e ", " t", "  "], "drawn")
    yield _case("ratio", " \n  ", ["  "], "white space is text: tokens for ␣, ↵ and ␣␣, so 4 / 3")
    yield _case("bytes", "ねこだ", ["ねこ"], "ねこ is one token, だ three: nine bytes, so 9 / 4")
    yield _case("bytes", "café", ["ca"], "tokens: ca, f, and the two bytes of é")
    yield _case("bytes", "😀😀!", ["😀"], "each 😀 has four bytes")
    text = f"😀ね{draw(40, CHARACTERS)}"
    yield _case("bytes", text, ["ね", "こ", "い", "かわい", "é", " a"], "drawn")
    yield _case("empty", "", ["an"], "an empty text has no tokens: ValueError is asked for")


def _case(name: str, text: str, tokens: Sequence[str], note: str) -> Case:
    return Case(name, {"text": text, "longer_tokens": list(tokens)}, note)


def run(implementation: Callable[..., Plain], case: Case) -> Plain:
    """Hand over a tokenizer of the case's tokens; the empty text may be refused."""
    tokenizer = SmallTokenizer(case.inputs["longer_tokens"])
    if case.property != "empty":
        return implementation(tokenizer, case.inputs["text"])
    try:
        return {"returned": implementation(tokenizer, case.inputs["text"])}
    except ValueError:
        return {"raised": "ValueError"}


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the average length of the text's tokens."""
    if case.property == "empty":
        if "raised" in outputs:
            return None
        return f"expected ValueError for an empty text, got {kind_of(outputs['returned'])}"
    tokenizer = SmallTokenizer(case.inputs["longer_tokens"])
    lengths = [len(tokenizer.vocab[i]) for i in tokenizer.encode(case.inputs["text"])]
    return differs(outputs, sum(lengths) / len(lengths), what="bytes per token")


CHECK = Check(
    id="ex3_bpe/compression",
    title="Bytes per token",
    references=("course_lib.tokenizer.compression.bytes_per_token",),
    properties=(
        Property("ratio", 1, "the length of the text divided by the number of its tokens"),
        Property("bytes", 2, "the length in bytes of UTF-8, whatever the script"),
        Property("empty", 1, "ValueError for an empty text"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "Bytes are the same for every tokenizer, tokens are not: a loss per token divided by bytes "
        "per token is a loss per byte, and only those can be compared between two models."
    ),
)
