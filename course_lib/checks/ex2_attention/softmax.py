"""Check of `softmax(x, dim)`, where −∞ gets nothing and a row of −∞ gets zeros."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._softmax_bugs import BUGS

INF = math.inf
BFLOAT16_RTOL = 0.05  # 8 bits: scores, exponentials and sum may each be off by half a percent
HUGE_RTOL = 1e-3  # in float32 the logarithm of a sum of e¹⁰⁰⁰, a way to the shares, is off by 3e-5


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Numbers worked by hand, every axis, huge scores, masked scores."""

    def scores(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        drawn = 2 * torch.randn(*shape, generator=rng, dtype=torch.float64)
        return (drawn.mul(100).round() / 100).to(dtype)  # short to read

    x = torch.tensor([0.0, math.log(2), math.log(5)])
    yield _case("shares", x, 0, "by hand: the exponentials are 1, 2 and 5, their sum is 8")
    yield _case("shares", torch.tensor([1.5]), 0, "alone: the share is 1")
    yield _case("shares", torch.tensor([[-3.0, -3.0, -3.0, -3.0]]), 1, "equal scores, below zero")
    yield _case("shares", scores(3, 5), 1)
    yield _case("shares", scores(2, 3, 4, dtype=torch.float64), 2, "float64")
    yield _case("shares", scores(4, 6, dtype=torch.bfloat16), 1, "bfloat16, to within 5%")

    yield _case("dim", scores(2, 3), 0, "down the columns")
    yield _case("dim", scores(3, 3), 0, "a square: down the columns")
    yield _case("dim", scores(3, 3), 1, "a square: along the rows")
    yield _case("dim", scores(2, 3, 4), 1, "the axis in the middle")
    yield _case("dim", scores(2, 3, 4), -2, "the same, counted from the end")

    yield _case("huge", torch.tensor([1000.0, 1000.0, -1000.0]), 0, "½, ½ and nothing")
    yield _case("huge", torch.tensor([-1000.0, -1001.0]), 0, "all exponentials underflow")
    rows = torch.tensor([[1000.0, 999.0], [-1000.0, -999.0], [0.0, 1.0]])
    yield _case("huge", rows, 1, "rows that lie far apart")
    yield _case("huge", 300 * scores(4, 5), 1)

    yield _case("masked", torch.tensor([0.0, -INF, 0.0]), 0, "−∞ gets the share 0")
    yield _case("masked", torch.tensor([[-INF, -INF], [2.0, 2.0]]), 1, "a row of −∞ gets zeros")
    masked = scores(5, 4)
    masked[torch.rand(5, 4, generator=rng) < 0.4] = -INF
    masked[3] = -INF
    masked[4] = torch.tensor([1.0, -INF, 0.0, -INF])
    yield _case("masked", masked, 1)
    yield _case("masked", torch.full((2, 3), -INF), 0, "nothing but −∞")


def _case(name: str, x: Tensor, dim: int, note: str = "") -> Case:
    return Case(name, {"x": x, "dim": dim}, note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch's own in float64, whose NaN for a row of −∞ becomes 0."""
    x, dim = case.inputs.values()
    expected = torch.softmax(x.double(), dim).nan_to_num(nan=0.0)
    rtol = HUGE_RTOL if case.property == "huge" else 1e-5
    rtol = BFLOAT16_RTOL if x.dtype == torch.bfloat16 else rtol
    return differs(outputs, expected, rtol=rtol)


CHECK = Check(
    id="ex2_attention/softmax",
    title="Softmax",
    references=("course_lib.nn.softmax.softmax",),
    properties=(
        Property("shares", 2, "exponentials divided by their sum"),
        Property("dim", 1, "the sum runs along `dim`, whichever axis that is"),
        Property("huge", 1, "scores of ±1000 neither overflow nor vanish"),
        Property("masked", 1, "−∞ gets 0, and where all are −∞ all get 0"),
    ),
    cases=cases,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "Softmax sees only differences of scores: add 1000 to all and nothing changes; multiply "
        "all by 10 and the largest takes nearly everything, which is why attention divides its "
        "scores by √d_head."
    ),
    forbidden=(
        "torch.softmax",
        "torch.log_softmax",
        "torch.Tensor.softmax",
        "torch.Tensor.log_softmax",
        "torch.special.softmax",
        "torch.special.log_softmax",
        "torch.nn.functional.softmax",
        "torch.nn.functional.log_softmax",
        "torch.nn.functional.softmin",
        "torch._softmax",
        "torch._safe_softmax",
    ),
)
