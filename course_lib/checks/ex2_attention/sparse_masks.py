"""Check of `strided_mask`, `fixed_mask` and `sliding_window_mask`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._sparse_bugs import BUGS, Three


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Each pattern small enough to draw, then larger, then at its edges."""

    def drawn(low: int, high: int) -> int:
        return int(torch.randint(low, high, (1,), generator=rng))

    yield _case("strided", seq=7, stride=3)
    yield _case("strided", seq=12, stride=4)
    yield _case("strided", seq=drawn(30, 50), stride=drawn(5, 9))
    yield _case("fixed", seq=7, stride=3, n_summary=1)
    yield _case("fixed", seq=8, stride=4, n_summary=2)
    yield _case("fixed", seq=drawn(30, 50), stride=drawn(5, 9), n_summary=drawn(2, 5))
    yield _case("window", seq=6, window=3)
    yield _case("window", seq=drawn(30, 50), window=drawn(4, 12))
    yield _case("edges", seq=1, stride=1, note="a single position sees itself")
    yield _case("edges", seq=4, stride=1, note="a stride of 1 skips nothing")
    yield _case("edges", seq=3, stride=5, note="shorter than the stride")
    yield _case("edges", seq=3, stride=5, n_summary=2, note="shorter than a block")
    yield _case("edges", seq=7, stride=2, n_summary=2, note="all of a block are its summary")
    yield _case("edges", seq=4, window=1, note="a window of 1: itself alone")
    yield _case("edges", seq=3, window=9, note="shorter than the window")


def _case(name: str, note: str = "", **sizes: int) -> Case:
    return Case(name, sizes, note)


def run(implementation: Three, case: Case) -> Plain:
    """Call the function that the case is about."""
    strided_mask, fixed_mask, sliding_window_mask = implementation
    if "window" in case.inputs:
        return sliding_window_mask(*case.inputs.values())
    called = fixed_mask if "n_summary" in case.inputs else strided_mask
    return called(*case.inputs.values())


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the sets of keys that each query may see."""
    seq = case.inputs["seq"]
    seen = [sorted(keys_of(query, **case.inputs)) for query in range(seq)]
    expected = torch.zeros(seq, seq, dtype=torch.bool)
    for query, keys in enumerate(seen):
        expected[query, keys] = True
    problem = differs(outputs, expected, what="the mask")
    kind = (outputs.shape, outputs.dtype) if isinstance(outputs, Tensor) else None
    if problem is None or kind != (expected.shape, torch.bool):
        return problem
    wrong = (outputs != expected).any(dim=1)
    query = int(wrong.nonzero()[0])
    yours = outputs[query].nonzero().flatten().tolist()
    return (
        f"{int(wrong.sum())} of {seq} rows of the mask are wrong, row {query} first: this query "
        f"may see the keys {seen[query]}, in your mask it sees {yours or 'none'}"
    )


def keys_of(
    query: int, seq: int, stride: int = 0, n_summary: int = 0, window: int = 0
) -> set[int]:  # fmt: skip
    """What one query may see."""
    if window:
        return set(range(max(0, query - window + 1), query + 1))
    if not n_summary:
        return set(range(max(0, query - stride + 1), query + 1)) | set(range(query, -1, -stride))
    start = query - query % stride
    ends = range(stride, start + 1, stride)  # of the earlier blocks
    summaries = {end - back for end in ends for back in range(1, n_summary + 1)}
    return set(range(start, query + 1)) | summaries


CHECK = Check(
    id="ex2_attention/sparse-masks",
    title="Sparse masks",
    references=(
        "course_lib.nn.sparse.strided_mask",
        "course_lib.nn.sparse.fixed_mask",
        "course_lib.nn.sparse.sliding_window_mask",
    ),
    properties=(
        Property("strided", 2, "strided: the last `stride` positions, and every stride-th before"),
        Property("fixed", 2, "fixed: the own block, and the summaries of earlier ones"),
        Property("window", 1, "sliding window: the last `window` positions"),
        Property("edges", 1, "short texts, strides and windows of 1"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "With a stride near the root of the length, a query of the first two patterns sees some "
        "two times that root of keys in place of all, and yet two layers reach every earlier "
        "position. A window never does: it needs one layer more for every window − 1 positions."
    ),
)
