"""Check of `sinusoidal_positions(context_length, d_model)` and `rotate(x, positions, base)`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Bug, Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._rotation_bugs import ROTATIONS, turn
from course_lib.checks.ex2_attention._sinusoid_bugs import SINUSOIDS, table

Pair = tuple[Callable[[int, int], Tensor], Callable[..., Tensor]]

# An angle of a hundred radians may be off by 2e-5 in float32, and its sine with it. Positions stay
# below 60 where float32 is used, so that two programs with the same mistake can be told alike.
ATOL = 1e-4
# Two roundings to the three digits of bfloat16, of numbers up to 3; a wrong angle is off by 1.
BFLOAT16_ATOL = 0.1


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Tables from one row on, then single turns, then all that a batch may bring."""
    yield _table("columns", 1, 6, "position 0: 0, 1, 0, 1, 0, 1")
    yield _table("columns", 3, 2, "one pair: sin m and cos m")
    yield _table("columns", 2, 4)
    yield _table("wavelengths", 3, 4, "the second pair turns 100 times more slowly")
    yield _table("wavelengths", 4, 4, "a square table")
    yield _table("wavelengths", 2, 6)
    yield _table("wavelengths", 20, 16)
    yield _table("wavelengths", int(torch.randint(30, 60, (1,), generator=rng)), 8)

    yield _turn("turn", [[1.0, 0.0]], [1], "one pair at position 1: (cos 1, sin 1)")
    yield _turn("turn", [[1.0, 2.0, 3.0, 4.0]], [0], "position 0: x as it is")
    yield _turn("turn", [[1.0, 2.0, 3.0, 4.0]], [2], "two pairs")
    yield _turn("turn", torch.randn(5, 8, generator=rng), [0, 1, 2, 3, 4])
    yield _turn("turn", torch.randn(2, 3, 7, 6, generator=rng), list(range(7)), "(batch, heads, …)")

    yield _turn("positions", [[1.0, 0.0]], [9], "the only token stands at position 9")
    yield _turn("positions", torch.randn(3, 4, generator=rng), [5, 2, 11], "in any order")
    own = torch.randint(60, (2, 1, 4), generator=rng)
    yield _turn("positions", torch.randn(2, 3, 4, 6, generator=rng), own, "each text its own")

    yield _turn("base", [[1.0, 0.0, 1.0, 0.0]], [3], "the second pair turns by 3 / √100", 100.0)
    yield _turn("base", torch.randn(2, 4, 8, generator=rng), [0, 7, 8, 40], "", 500_000.0)

    short = torch.randn(2, 3, 4, generator=rng).clamp(-2, 2)
    yield _turn("dtype", short.to(torch.bfloat16), [0, 1, 2], "a bfloat16 x")
    far = torch.randint(260, 500, (3,), generator=rng) * 2 + 1  # odd: no bfloat16 is equal to it
    yield _turn("dtype", short.to(torch.bfloat16), far, "bfloat16, far along a text")


def _table(name: str, context_length: int, d_model: int, note: str = "") -> Case:
    return Case(name, {"context_length": context_length, "d_model": d_model}, note)


def _turn(name: str, x: Plain, positions: Plain, note: str = "", base: float | None = None) -> Case:
    inputs = {"x": torch.as_tensor(x), "positions": torch.as_tensor(positions)}
    return Case(name, inputs if base is None else inputs | {"base": base}, note)


def run(implementation: Pair, case: Case) -> Plain:
    """Call the function that the case is about."""
    sinusoidal_positions, rotate = implementation
    called = rotate if "x" in case.inputs else sinusoidal_positions
    return called(*case.inputs.values())


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the formula in plain numbers, and with a product of complex numbers."""
    if "x" not in case.inputs:
        return differs(outputs, sines_and_cosines(**case.inputs), atol=ATOL, what="the table")
    x = case.inputs["x"]
    low = x.dtype == torch.bfloat16
    if isinstance(outputs, Tensor) and low and outputs.dtype != x.dtype:
        return f"expected the result to have the dtype of x, {x.dtype}, got {outputs.dtype}"
    expected = turned(**case.inputs).float()
    return differs(outputs, expected, atol=BFLOAT16_ATOL if low else ATOL, what="the turned x")


def sines_and_cosines(context_length: int, d_model: int) -> Tensor:
    """The table, number by number."""
    wave = (math.sin, math.cos)
    rows = [
        [wave[j % 2](m * 10_000 ** (-2 * (j // 2) / d_model)) for j in range(d_model)]
        for m in range(context_length)
    ]
    return torch.tensor(rows, dtype=torch.float32)


def turned(x: Tensor, positions: Tensor, base: float = 10_000.0) -> Tensor:
    """Each pair as a complex number, times e^(i m θ)."""
    d_head = x.shape[-1]
    theta = torch.tensor([base ** (-2 * i / d_head) for i in range(d_head // 2)]).double()
    angles = positions[..., None] * theta
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.exp(1j * angles)).flatten(-2)


def _with(bug: Bug, pair: Pair) -> Bug:
    return Bug(bug.name, bug.sentence, bug.hint, pair)


BUGS = (
    *(_with(bug, (bug.implementation, turn())) for bug in SINUSOIDS),
    *(_with(bug, (table(), bug.implementation)) for bug in ROTATIONS),
)

CHECK = Check(
    id="ex2_attention/positions",
    title="Positions",
    references=(
        "course_lib.nn.positions.sinusoidal_positions",
        "course_lib.nn.rotary.rotate",
    ),
    properties=(
        Property("columns", 1, "sinusoidal: a sine in each even column, its cosine beside it"),
        Property("wavelengths", 2, "sinusoidal: the angle m / 10000^(2i / d_model)"),
        Property("turn", 2, "rotate: neighbours turned by their angle"),
        Property("positions", 1, "rotate: any positions, one row for all or one for each text"),
        Property("base", 1, "rotate: any base"),
        Property("dtype", 1, "rotate: x's dtype comes back, and angles are computed in float32"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "Both build on the same turning pairs. The table is added to the tokens once, at the "
        "bottom; rotary positions turn queries and keys in every layer, so that their products see "
        "only how far apart two tokens stand."
    ),
)
