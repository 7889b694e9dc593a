"""Check of `merge(ids, pair, new_id) -> list[int]`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import show
from course_lib.checks.ex3_bpe._merge_bugs import BUGS
from course_lib.checks.ex3_bpe._whole import whole_differs


def cases(rng: torch.Generator) -> Iterator[Case]:
    """A pair once, several times, at the ends, overlapping itself, and tokens drawn from few."""

    def draw(n: int, n_tokens: int) -> list[int]:
        return torch.randint(1, n_tokens + 1, (n,), generator=rng).tolist()

    yield _case("replaces", [7, 1, 2, 8], (1, 2), "the pair once, in the middle")
    yield _case("replaces", [1, 2, 7, 1, 2, 8, 1, 2, 8], (1, 2), "three times")
    yield _case("replaces", [1, 2, 1, 2, 1, 2, 7], (1, 2), "three times, one behind the other")
    yield _case("replaces", [7, 1, 8, 2, 1, 2, 2, 8], (1, 2), "the pair once; 1 and 2 alone stay")
    yield _case("replaces", [1, 2, 2, 1, 8], (2, 1), "(2, 1) is another pair than (1, 2)")
    yield _case("replaces", [21, 3, 1, 30, 1, 3, 7], (1, 3), "tokens are numbers, not digits")
    yield _case("replaces", [7, *draw(20, 3), 8], (1, 2), "drawn", 300)
    yield _case("overlap", [1, 1, 1], (1, 1), '"aaa": the first two become one, the third stays')
    yield _case("overlap", [1, 1, 1, 1], (1, 1), '"aaaa": two pairs')
    yield _case("overlap", [1, 1, 1, 2, 1, 1, 1, 1, 1, 7], (1, 1), "three and five in a row")
    yield _case("overlap", draw(30, 2), (1, 1), "drawn", 300)
    yield _case("ends", [1, 2], (1, 2), "nothing but the pair")
    yield _case("ends", [7, 1, 2], (1, 2), "the pair at the end")
    yield _case("ends", [7, 8, 1], (1, 2), "the last token is half of the pair")
    yield _case("ends", [2, 7, 1], (1, 2), "the end and the start are no neighbours")
    yield _case("ends", [7, 8], (1, 2), "no such pair: the tokens stay as they are")
    yield _case("ends", [1], (1, 2), "one token")
    yield _case("ends", [], (1, 2), "no token")
    yield _case("input", [7, 1, 8, 2, 9, 7], (1, 2), "no such pair: a new list all the same")
    for ids in ([7, 1, 2, 8, 9], [7, 8, 1, 2, 9, 1, 2, 8]):
        yield _case("input", ids, (1, 2), "the list that was passed in, afterwards")


def _case(name: str, ids: list[int], pair: tuple[int, int], note: str, new_id: int = 256) -> Case:
    return Case(name, {"ids": ids, "pair": pair, "new_id": new_id}, note)


def run(implementation: Callable[..., Plain], case: Case) -> Plain:
    """Merge in a copy, and see what became of that, so that editing it has its own property.

    Where nothing matches, whether the list itself came back is noted too.
    """
    ids = list(case.inputs["ids"])
    merged = implementation(ids, case.inputs["pair"], case.inputs["new_id"])
    outputs = {"merged": merged, "ids": ids}
    return {**outputs, "is_new": merged is not ids} if case.property == "input" else outputs


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the tokens as a stack, whose top two are looked at whenever one arrives."""
    ids, pair, new_id = case.inputs.values()
    stack: list[int] = []
    for token in ids:
        stack.append(token)
        if tuple(stack[-2:]) == pair:
            stack[-2:] = [new_id]
    if problem := whole_differs(outputs["merged"], stack, "the merged tokens"):
        return problem
    if case.property == "input" and outputs["ids"] != ids:
        return (
            f"your code changed the list that was passed in: it was {show(ids)}, and afterwards "
            f"it was {show(outputs['ids'])}"
        )
    if case.property == "input" and not outputs["is_new"]:
        return "expected a new list, got the very list that was passed in"
    return None


def symptoms(case: Case, outputs: Plain) -> Plain:
    """What was returned; what became of the input counts where it is asked for, or tells more."""
    if case.property == "input" or outputs["merged"] is None:
        return outputs
    return outputs["merged"]


CHECK = Check(
    id="ex3_bpe/merge",
    title="Merging a pair",
    references=("course_lib.tokenizer.bpe.merge",),
    properties=(
        Property("replaces", 2, "one new token for each occurrence; all else stays in its order"),
        Property("overlap", 1, "from left to right, and a token takes part in one merge only"),
        Property("ends", 1, "pairs at the ends, half a pair at the end, short lists"),
        Property("input", 1, "the list that is passed in stays as it was"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    symptoms=symptoms,
    takeaway=(
        "Each merge adds one token to the vocabulary and shortens the text by the number of times "
        "its pair was replaced. Counting and merging in turn is all of byte-pair encoding."
    ),
)
