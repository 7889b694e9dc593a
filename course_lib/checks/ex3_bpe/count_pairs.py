"""Check of `count_pairs(words) -> dict[Pair, int]`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs, show
from course_lib.checks.ex3_bpe._count_pairs_bugs import BUGS

Words = dict[tuple[int, ...], int]


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One word, then a word that repeats itself, several words, and words with counts."""

    def draw(n: int, n_tokens: int = 4) -> tuple[int, ...]:
        return tuple(torch.randint(n_tokens, (n,), generator=rng).tolist())

    def different(n: int) -> tuple[int, ...]:
        return tuple((torch.randperm(500, generator=rng)[:n]).tolist())

    yield _case("pairs", {(1, 2): 1}, "one word of two tokens")
    yield _case("pairs", {(7, 2, 5): 1}, "one word, all of its tokens different")
    yield _case("pairs", {(9, 4, 300, 1, 6): 1})
    yield _case("pairs", {different(12): 1}, "different tokens, drawn")
    yield _case("overlap", {(1, 1): 1}, "a pair of equal tokens")
    yield _case("overlap", {(1, 1, 1): 1}, '"aaa": (a, a) stands at two places, which overlap')
    yield _case("overlap", {(1, 2, 1): 1}, "(1, 2) and (2, 1) are two pairs, each counted once")
    yield _case("overlap", {(1, 2, 3, 1, 2): 1}, "(1, 2) stands at two places")
    yield _case("overlap", {(5, 5, 5, 5, 2, 5, 5): 1}, "four times 5, then two times 5")
    yield _case("overlap", {draw(20, 3): 1}, "three tokens again and again, drawn")
    yield _case("words", {(1, 2): 1, (3, 4): 1}, "(2, 3) stands in no word")
    yield _case("words", {(1, 2, 3): 1, (1, 2): 1}, "(1, 2) stands in both words")
    yield _case("words", {(8,): 1, (9,): 1}, "words of one token have no pair")
    yield _case("words", {(4, 8): 1, (9,): 1, (8, 4): 1}, "a word of one token between two others")
    yield _case("words", {}, "no words: no pairs")
    shared = different(7)
    words = {shared[:4]: 1, shared[2:6]: 1, shared[5:]: 1, shared[3:4]: 1}
    yield _case("words", words, "four words that share tokens, drawn")
    yield _case("counts", {(1, 2): 3}, "a word that occurs three times")
    yield _case("counts", {(1, 2, 3): 2, (2, 3): 5}, "(2, 3) occurs 2 + 5 times")
    mixed = {draw(n): 1 + draw(1, 9)[0] for n in (1, 2, 2, 3, 5, 8, 13)} | {(7, 7, 7): 2}
    yield _case("counts", mixed, "all of it together, drawn")


def _case(name: str, words: Words, note: str = "") -> Case:
    return Case(name, {"words": words}, note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with every word written out as often as it occurs, place by place."""
    expected = Counter(
        word[place : place + 2]
        for word, n in case.inputs["words"].items()
        for _ in range(n)
        for place in range(len(word) - 1)
    )
    if not isinstance(outputs, dict):
        return differs(outputs, dict(expected), what="the counts")
    for pair, count in expected.items():
        if pair not in outputs:
            got = show(outputs) if len(outputs) <= 6 else "no such pair"
            return f"expected the pair {pair} with the count {count}, got {got}"
        if problem := differs(outputs[pair], count, what=f"the count of {pair}"):
            return problem
    for pair, count in outputs.items():
        if pair not in expected:
            return f"got the key {pair!r} with the count {count!r}, but no word holds such a pair"
    return None


CHECK = Check(
    id="ex3_bpe/count-pairs",
    title="Counting pairs",
    references=("course_lib.tokenizer.bpe.count_pairs",),
    properties=(
        Property("pairs", 2, "each two neighbours of a word, in their order"),
        Property("overlap", 1, "a pair counts at every place, overlapping places too"),
        Property("words", 1, "the places of all words together; no pair across two words"),
        Property("counts", 1, "a word counts as often as it occurs"),
    ),
    cases=cases,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "A word that occurs 10,000 times is walked over once: that is why a tokenizer learns from "
        "a table of words and not from the running text."
    ),
)
