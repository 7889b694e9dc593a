"""Check of `Tokenizer.encode_iterable(texts)`, given a right `encode`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs, kind_of
from course_lib.checks.ex3_bpe import _stream_runs as runs
from course_lib.checks.ex3_bpe import _tokenizer_oracle as oracle
from course_lib.checks.ex3_bpe._own_work import own_work
from course_lib.checks.ex3_bpe._stream_bugs import BUGS

END, TWICE = "<|end|>", "<|end|><|end|>"
ENGLISH = [" low", " lower", " lowest", " low,"]
ENGLISH_MERGES = "l+o lo+w _+low e+r _low+er e+s es+t _low+est"
JAPANESE = ["東京、", "大阪、", "札幌へ。"]
MOST_HELD = 1_000  # characters that were read and not yet given as ids
MOST_BYTES = 20 * 1024  # at any time, more than before the stream


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Texts of a few letters, cut at every kind of place; then long streams."""
    words = "l+o lo+w e+r"
    yield _case("pieces", ["lo", "w"], "l+o lo+w", "a word in two pieces")
    yield _case("pieces", ["low"], words, "one piece")
    yield _case("pieces", ["ab", "c"], "b+c a+bc", "two letters that do not merge, until c comes")
    yield _case("pieces", ["", "lo", "", "w", ""], words, "empty pieces")
    yield _case("pieces", [], words, "no piece, no ids")
    yield _case("pieces", ["low lo", "w\n", "lower"], words, "a line break at an edge")
    yield _case("pieces", list("lower low, low"), words, "letter by letter")
    drawn = torch.randint(3, (12,), generator=rng).tolist()
    text = " ".join(["low", "lower", "slow"][place] for place in drawn)
    yield _case("pieces", _cut(text, 9, rng), words, "drawn words, cut at random")

    yield _case("what follows", ["a ", " b"], "_+b", "the pre-tokens are 'a', ' ' and ' b'")
    yield _case("what follows", ["a", "  ", "b"], "_+_", "the pre-tokens are 'a', ' ' and ' b'")
    yield _case("what follows", ["a ", " "], "_+_", "at the end the two spaces are one pre-token")
    yield _case("what follows", ["a\n", " ", " b"], "\n+_ _+b", r"'a', '\n ' and ' b'")
    yield _case("what follows", ["a\n\nb c", " d"], "\n+\n _+c", r"'a', '\n', '\n', 'b', …")
    yield _case("what follows", ["a\t\tb c", " d"], "\t+\t _+c", r"'a', '\t', '\t', 'b', …")
    yield _case("what follows", ["we'r", "e"], "'+r 'r+e", "the pre-tokens are 'we' and ''re'")
    yield _case("what follows", ["we", "'", "l", "l"], "'+l 'l+l", "'we' and ''ll'")

    yield _case("special", ["a<|e", "nd|>b"], "", "across an edge", [END])
    yield _case("special", [*f"a{END}"], "<+|", "letter by letter", [END])
    yield _case("special", [END, END], "", "the longer one is meant", [END, TWICE])
    yield _case("special", [END, "<|e", "d"], "<+|", "no longer one after all", [TWICE, END])
    yield _case("special", ["a<|", "en", "a"], "<+|", "no special token after all", [END])
    yield _case("special", ["a<|en"], "<+|", "at the end of the text", [END])
    yield _case("special", ["a ", f" {END} ", "b"], "_+_ _+b", "white space around it", [END])

    for note, stream, size in (
        ("English, one space between words", ENGLISH, 200),
        ("English, special tokens between words", [*ENGLISH, END], 200),
        ("Japanese, no space at all", JAPANESE, 100),
    ):
        yield _stream("in time", stream, 30, size, note)
    yield _stream("memory", ENGLISH, 80, 300, "24,000 characters")


def _cut(text: str, n_cuts: int, rng: torch.Generator) -> list[str]:
    cuts = sorted(torch.randint(len(text), (n_cuts,), generator=rng).tolist())
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _case(
    name: str, pieces: list[str], merges: str, note: str, special: list[str] | None = None
) -> Case:
    pairs = oracle.pairs(merges)
    return Case(name, {"pieces": pieces, "merges": pairs, "special_tokens": special or []}, note)


def _stream(name: str, words: list[str], n_pieces: int, n_characters: int, note: str) -> Case:
    stream = {"words": words, "n_pieces": n_pieces, "n_characters": n_characters}
    rest = {"merges": oracle.pairs(ENGLISH_MERGES), "special_tokens": [END]}
    return Case(name, {**stream, **rest}, f"{note}; the words again and again, cut into pieces")


def run(implementation: Callable[..., Any], case: Case) -> Plain:
    """Make the tokenizer, exchange its `encode` for a right one, and give it the stream."""
    tokenizer = runs.tokenizer_for(implementation, case)
    how = {"in time": runs.ids_at_each_draw, "memory": runs.memory}
    with own_work(implementation, "encode_iterable"):
        return how.get(case.property, runs.ids)(tokenizer, case)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the ids of the joined text, and with what may be held back."""
    if case.property == "in time":
        return _judge_draws(case, outputs)
    if case.property == "memory":
        return _judge_memory(case, outputs)
    special_tokens = case.inputs["special_tokens"]
    expected = _expected(case, "".join(case.inputs["pieces"]))
    problem = differs(outputs, expected, what="the ids")
    if problem is None or not oracle.are_ids(outputs):
        return problem
    vocab = oracle.with_special(oracle.byte_vocab(case.inputs["merges"]), special_tokens)
    spelled = [oracle.spelled(token_ids, vocab) for token_ids in (expected, outputs)]
    return f"expected the ids {spelled[0]}, got {spelled[1]}"


def _expected(case: Case, text: str) -> list[int]:
    merges = case.inputs["merges"]
    return oracle.encoded(text, oracle.byte_vocab(merges), merges, case.inputs["special_tokens"])


def _judge_draws(case: Case, counts: Plain) -> str | None:
    """At each draw, the characters drawn before, less those whose ids were given by then."""
    n_pieces, size = case.inputs["n_pieces"], case.inputs["n_characters"]
    if not oracle.are_ids(counts):
        return f"expected a stream of ids, got {kind_of(counts)}"
    text = "".join(runs.long_stream(case))
    vocab = oracle.byte_vocab(case.inputs["merges"])
    vocab = oracle.with_special(vocab, case.inputs["special_tokens"])
    ends = list(accumulate((len(vocab[i]) for i in _expected(case, text)), initial=0))
    for drawn, n_ids in enumerate(counts):
        given = text.encode()[: ends[min(n_ids, len(ends) - 1)]]
        held = drawn * size - len(given.decode("utf-8", "ignore"))
        if held > MOST_HELD:
            return (
                f"when your code asked for piece {drawn + 1} of {n_pieces}, it had given "
                f"{n_ids or 'no'} ids for the {drawn * size:,} characters before: {held:,} "
                f"characters were held back, and at most {MOST_HELD:,} may be"
            )
    if len(counts) <= n_pieces:
        n_read = max(0, len(counts) - 1)
        return f"expected all {n_pieces} pieces to be read and the end to be reached, got {n_read}"
    return None


def _judge_memory(case: Case, outputs: Plain) -> str | None:
    if not isinstance(outputs, dict) or set(outputs) != {"n_ids", "n_read", "held"}:
        return f"expected a stream of ids, got {kind_of(outputs)}"
    n_ids, n_read, held = outputs["n_ids"], outputs["n_read"], outputs["held"]
    if n_read < case.inputs["n_pieces"]:
        return f"expected all {case.inputs['n_pieces']} pieces to be read, got {n_read} of them"
    expected = len(_expected(case, "".join(runs.long_stream(case))))
    if not expected / 2 < n_ids < expected * 2:  # their values are other properties'
        return f"expected {expected:,} ids, got {n_ids:,}"
    if held > MOST_BYTES:
        return (
            f"on the way through {case.inputs['n_pieces']} pieces your code held "
            f"{held // 1024} KiB at once; at most {MOST_BYTES // 1024} KiB may be held, however "
            "long the stream is"
        )
    return None


def symptoms(case: Case, outputs: Plain) -> Plain:
    """Of memory: whether it was too much."""
    if case.property == "memory":
        return {**outputs, "held": outputs["held"] > MOST_BYTES}
    return outputs


CHECK = Check(
    id="ex3_bpe/encode-stream",
    title="Encoding a stream",
    references=("course_lib.tokenizer.base.Tokenizer",),
    properties=(
        Property("pieces", 3, "the ids of the joined text, wherever it is cut into pieces"),
        Property("what follows", 2, "white space and 're, where the next letter decides"),
        Property("special", 2, "special tokens across the edges of pieces"),
        Property("in time", 1, f"at most {MOST_HELD:,} characters are held back"),
        Property("memory", 1, "memory does not grow with the stream"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    symptoms=symptoms,
    bugs=BUGS,
    takeaway=(
        "Whatever reads text in pieces must know how far back a decision may reach. For this "
        "pattern two pre-tokens are enough, so a file of any size needs only a little memory."
    ),
    max_lines=2_000_000,
)
