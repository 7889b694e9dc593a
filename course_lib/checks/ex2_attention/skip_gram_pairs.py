"""Check of `skip_gram_pairs(token_ids, window)` and `cbow_pairs(token_ids, window)`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs, kind_of
from course_lib.checks.ex2_attention._skip_gram_bugs import BUGS

PADDING = -1
OF_CBOW = ("contexts", "padding")


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Three tokens by hand, then repeated tokens, wide windows, short texts and random ones."""

    def draw(n: int, n_tokens: int = 4) -> list[int]:
        return torch.randint(n_tokens, (n,), generator=rng).tolist()

    for name in ("pairs", "order"):
        yield _case(name, [5, 6, 7], 1, "three tokens, one neighbour on either side")
        yield _case(name, [5, 6, 7, 8, 9], 2, "two neighbours on either side")
        yield _case(name, draw(9), 3, "tokens that come again")
    yield _case("pairs", [4, 4, 6], 1, "a token beside itself is a neighbour like any other")
    yield _case("ends", [5, 6, 7], 4, "a window that reaches beyond both ends")
    yield _case("ends", [5, 6], 2, "two tokens")
    yield _case("ends", [5], 2, "one token has no neighbour: shape (0, 2)")
    yield _case("ends", [], 1, "no token: shape (0, 2)")
    yield _case("contexts", [5, 6, 7, 8], 1, "where all neighbours are there, their row is full")
    yield _case("contexts", [5, 6, 7, 8, 9, 2], 2)
    yield _case("contexts", draw(12, 3), 3, "tokens that come again, 0 among them")
    yield _case("padding", [5, 6, 7], 1, "−1 where the text has no token")
    yield _case("padding", [5, 6, 7], 3, "a window that reaches beyond both ends")
    yield _case("padding", [0, 5, 0, 0], 2, "0 is a token")
    yield _case("padding", [3], 1, "one token: a row of −1")


def _case(name: str, token_ids: list[int], window: int, note: str = "") -> Case:
    tokens = torch.tensor(token_ids, dtype=torch.int64)
    return Case(name, {"token_ids": tokens, "window": window}, note)


def run(implementation: tuple[Callable[..., Plain], Callable[..., Plain]], case: Case) -> Plain:
    """Call the function that the case is about."""
    skip_gram_pairs, cbow_pairs = implementation
    called = cbow_pairs if case.property in OF_CBOW else skip_gram_pairs
    return called(*case.inputs.values())


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with two loops over the definition."""
    tokens, window = case.inputs["token_ids"].tolist(), case.inputs["window"]
    if case.property in OF_CBOW:
        return _judge_contexts(case.property, tokens, window, outputs)
    pairs = [
        [centre, tokens[other]]
        for place, centre in enumerate(tokens)
        for other in range(max(0, place - window), min(len(tokens), place + window + 1))
        if other != place
    ]
    expected = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)
    if case.property == "pairs":
        return _judge_counts(expected, outputs)
    return differs(outputs, expected, what="the pairs")


def _judge_counts(expected: Tensor, outputs: Plain) -> str | None:
    """Every pair must be there as often as it should; their order is another property's."""
    if not isinstance(outputs, Tensor) or outputs.ndim != 2 or outputs.shape[1] != 2:
        return differs(outputs, expected, what="the pairs")
    if problem := differs(outputs[:0], expected[:0], what="the pairs"):  # their dtype
        return problem
    ours, theirs = (Counter(map(tuple, pairs.tolist())) for pairs in (outputs, expected))
    for pair in sorted({*ours, *theirs}):
        if ours[pair] != theirs[pair]:
            return (
                f"expected the pair {pair} {_times(theirs[pair])}, got it {_times(ours[pair])}; "
                f"{len(expected)} pairs in all, got {len(outputs)}"
            )
    return None


def _times(n: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(n, f"{n} times")


def _judge_contexts(name: str, tokens: list[int], window: int, outputs: Plain) -> str | None:
    steps = [step for step in range(-window, window + 1) if step]
    reached = [[place + step for step in steps] for place in range(len(tokens))]
    expected = torch.tensor(
        [[tokens[i] if 0 <= i < len(tokens) else PADDING for i in row] for row in reached]
    )
    if not isinstance(outputs, list | tuple) or len(outputs) != 2:
        return f"expected two tensors, contexts and centres, got {kind_of(outputs)}"
    contexts, centres = outputs
    if problem := differs(centres, torch.tensor(tokens), what="centres"):
        return problem
    if name == "contexts" and isinstance(contexts, Tensor) and contexts.shape == expected.shape:
        inside = slice(window, len(tokens) - window)  # the rows without padding
        if problem := differs(contexts[inside], expected[inside], what="the full rows of contexts"):
            return problem
        return None
    return differs(contexts, expected, what="contexts")


CHECK = Check(
    id="ex2_attention/skip-gram-pairs",
    title="Skip-gram and CBOW pairs",
    references=(
        "course_lib.nn.skip_gram_pairs.skip_gram_pairs",
        "course_lib.nn.skip_gram_pairs.cbow_pairs",
    ),
    properties=(
        Property("pairs", 2, "skip_gram_pairs: every neighbour once, never the place itself"),
        Property("order", 1, "skip_gram_pairs: centre first, in the order of the text"),
        Property("ends", 1, "skip_gram_pairs: short texts and wide windows"),
        Property("contexts", 1, "cbow_pairs: the neighbours of each token, in their order"),
        Property("padding", 1, "cbow_pairs: −1 where the text has no token"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "A text is its own supervision: nobody labelled these pairs. Every language model of this "
        "course is trained on examples that are cut from text in such a way."
    ),
)
