"""Check of `Tokenizer.encode(text)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex3_bpe import _tokenizer_oracle as oracle
from course_lib.checks.ex3_bpe._encode_bugs import BUGS
from course_lib.checks.ex3_bpe._own_work import own_work

END, TWICE = "<|end|>", "<|end|><|end|>"
LEARNED_IDS = "ids: 0 to 255 are the bytes, then come the merges in order, then special tokens"


def cases(rng: torch.Generator) -> Iterator[Case]:
    """A few letters and merges for each clause of the contract, then drawn words and merges."""
    yield _case("ranks", "cab", "a+b", f"one merge; {LEARNED_IDS}")
    yield _case("ranks", "abc", "b+c a+b", f"bc was learned before ab; {LEARNED_IDS}")
    yield _case("ranks", "abc", "a+b b+c", "ab was learned before bc")
    yield _case("ranks", "abc", "a+b ab+c", "what was merged is merged further")
    yield _case("ranks", "abc", "b+c a+b a+bc", "bc first, then a and bc")
    yield _case("ranks", "abc", "a+b b+c a+bc", "ab first; then no merge joins ab and c")
    yield _case("ranks", "abcd", "a+b c+d ab+c", "ab, then cd; then no merge joins them")
    yield _case("ranks", "cdabcd", "c+d a+b", "the pair c d twice")
    yield _case("ranks", "abcde", "c+d d+e b+c a+b", "pairs that compete for their letters")
    yield _case("ranks", "aaa", "a+a", "places that overlap: the leftmost is merged")
    yield _case("ranks", "aaaaa", "a+a aa+a", "places that overlap")
    yield _case("ranks", "abc", "a+b", "a letter without a merge")
    for length in (8, 12, 16):
        merges = oracle.learned(oracle.drawn_word(rng, "abc", 60), length // 2)
        inputs = {"text": oracle.drawn_word(rng, "abc", length), "merges": merges}
        yield Case("ranks", inputs, "a drawn word, and merges learned from another")

    yield _with_ids("low", "l+o", "w lo l o", "ids in another order than merges")
    yield _with_ids("col", "l+o", "lo o c l", "ids in another order, and no merge")
    order = "bc d ab a cd c b"
    yield _with_ids("abcd", "a+b b+c c+d", order, "bc has a lower id than ab, but a higher rank")
    for text in ("low", "pool"):
        drawn = torch.randperm(6, generator=rng).tolist()
        order = " ".join(["l", "o", "w", "p", "ow", "lo"][place] for place in drawn)
        yield _with_ids(text, "l+o", order, "ids in a drawn order")

    yield _case("pre-tokens", "a b", "a+_ _+b", "the pre-tokens are 'a' and ' b'")
    yield _case("pre-tokens", "ab! b", "b+!", "the pre-tokens are 'ab', '!' and ' b'")
    yield _case("pre-tokens", "ab", "a+b", "a pattern that cuts everywhere", pattern=".")

    yield _case("special", f"a{END}b", "", "one id", special_tokens=[END])
    yield _case("special", f"a{END}b", "<+| a+<", "one id", special_tokens=[END])
    yield _case("special", f"{END} a{END}", "a+<", "at both ends", special_tokens=[END])
    yield _case("special", TWICE, "", "the longer one is meant", special_tokens=[END, TWICE])
    both = f"{TWICE}a{TWICE}{END}"
    yield _case("special", both, "", "the longer one is meant", special_tokens=[TWICE, END])
    yield _case("special", "a<|en|>", "e+n", "none in the text", special_tokens=[END])
    yield _case("special", f"hi!{END}", "!+<", "behind a sign", special_tokens=[END])
    yield _case("special", f"a {END}", "_+<", "behind a space", special_tokens=[END])
    overlap = ["ab", "bcd"]
    yield _case("special", "abcd", "", "two overlap: the first is meant", special_tokens=overlap)

    yield _case("any text", "", "a+b", "no text, no ids")
    yield _case("any text", "é", "", "one character, two bytes")
    yield _case("any text", "a\n🙂", "", "a line break, and one character of four bytes")
    sun = [(b"\xe6", b"\x97"), (b"\xe6\x97", b"\xa5")]
    yield Case(
        "any text", {"text": "日本", "merges": sun}, "日 is three bytes, merged in two steps"
    )


def _case(name: str, text: str, merges: str, note: str, **more: Plain) -> Case:
    """A case with merges such as "a+b ab+_", where _ is a space."""
    return Case(name, {"text": text, "merges": oracle.pairs(merges), **more}, note)


def _with_ids(text: str, merges: str, order: str, note: str) -> Case:
    """A case whose vocabulary is these tokens, with ids from 0."""
    vocab = dict(enumerate(token.encode() for token in order.split()))
    return _case("ids", text, merges, note, vocab=vocab)


def run(implementation: Callable[..., Any], case: Case) -> Plain:
    """Make a tokenizer of the case's vocabulary and encode the text."""
    vocab, merges, special_tokens = _parts_of(case)
    patterns = [case.inputs["pattern"]] if "pattern" in case.inputs else []
    tokenizer = implementation(vocab, merges, special_tokens, *patterns)
    with own_work(implementation, "encode", "encode_pretoken", "encode_iterable"):
        return tokenizer.encode(case.inputs["text"])


def _parts_of(case: Case) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]], list[str]]:
    merges = list(case.inputs["merges"])
    vocab = case.inputs.get("vocab") or oracle.byte_vocab(merges)
    return dict(vocab), merges, list(case.inputs.get("special_tokens", []))


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the merges applied one by one, and write the tokens beside their ids."""
    vocab, merges, special_tokens = _parts_of(case)
    pattern = case.inputs.get("pattern")
    expected = oracle.encoded(case.inputs["text"], vocab, merges, special_tokens, pattern)
    problem = differs(outputs, expected, what="the list of ids")
    if problem is None or not oracle.are_ids(outputs):
        return problem
    tokens = oracle.with_special(vocab, special_tokens)
    spelled = [oracle.spelled(token_ids, tokens) for token_ids in (expected, outputs)]
    return f"expected the ids {spelled[0]}, got {spelled[1]}"


CHECK = Check(
    id="ex3_bpe/encode",
    title="Encoding a text",
    references=("course_lib.tokenizer.base.Tokenizer",),
    properties=(
        Property("ranks", 3, "within a pre-token, the merge that was learned first comes first"),
        Property("ids", 2, "ids come from the vocabulary, whatever their order"),
        Property("pre-tokens", 1, "no merge crosses from one pre-token into the next"),
        Property("special", 2, "a special token is one id, the longest first"),
        Property("any text", 1, "any text at all: no unknown characters, nothing lost"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    forbidden=("course_lib.tokenizer.long_pretokens.merge_by_rank",),
    takeaway=(
        "Encoding replays training on a new word: the same merges, in the order in which they were "
        "learned. That is why the list of merges belongs to a tokenizer as much as its vocabulary."
    ),
)
