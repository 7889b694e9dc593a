"""The mistakes people make with rotary positions, with the words that help."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.base import Bug
from course_lib.checks.ex2_attention._sinusoid_bugs import every_second, interleaved


def by_pairs(even: Tensor, odd: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """The turn as it should be."""
    return interleaved(even * cos - odd * sin, even * sin + odd * cos)


def turn(
    *,
    exponents: Callable[[int], Tensor] = every_second,
    places: Callable[[Tensor], Tensor] = lambda positions: positions,
    base_of: Callable[[float], float] = lambda base: base,
    combine: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = by_pairs,
    dtype: torch.dtype | None = None,
    cast_back: bool = True,
) -> Callable[..., Tensor]:
    """`rotate` with its parts exchangeable: a bug exchanges one."""

    def rotate(x: Tensor, positions: Tensor, base: float = 10_000.0) -> Tensor:
        theta = 1 / base_of(base) ** exponents(x.shape[-1]).to(dtype or torch.float32)
        angles = places(positions)[..., None].to(dtype or torch.float32) * theta
        work = x.to(torch.promote_types(x.dtype, torch.float32))
        turned = combine(work[..., 0::2], work[..., 1::2], angles.cos(), angles.sin())
        return turned.to(x.dtype) if cast_back else turned

    return rotate


def turn_halves(x: Tensor, positions: Tensor, base: float = 10_000.0) -> Tensor:
    """Entry i with entry i + d_head / 2."""
    angles = positions[..., None] / base ** every_second(x.shape[-1])
    first, second = x.chunk(2, dim=-1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1).to(x.dtype)


def overwritten(even: Tensor, odd: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """The second line reads what the first has written."""
    even = even * cos - odd * sin
    return interleaved(even, even * sin + odd * cos)


def in_halves(even: Tensor, odd: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turned pairs, first entries first."""
    return torch.cat((even * cos - odd * sin, even * sin + odd * cos), dim=-1)


def plus_twice(even: Tensor, odd: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """No rotation."""
    return interleaved(even * cos + odd * sin, even * sin + odd * cos)


def with_outer(x: Tensor, positions: Tensor, base: float = 10_000.0) -> Tensor:
    """Only for positions with one axis."""
    angles = torch.outer(positions, 1 / base ** every_second(x.shape[-1]))
    return by_pairs(x[..., 0::2], x[..., 1::2], angles.cos(), angles.sin()).to(x.dtype)


ROTATIONS = (
    Bug(
        "halves-turned",
        "Entry i is turned with entry i + d_head / 2. Llama's weights are laid out so; asked are "
        "neighbours.",
        "Pair entries 2i and 2i + 1: `x[..., 0::2]` and `x[..., 1::2]`.",
        turn_halves,
    ),
    Bug(
        "not-interleaved",
        "The turned pairs come back in two halves: first entries first, second entries after them.",
        "Put them back where they were: stack the two along a new last axis, then flatten it.",
        turn(combine=in_halves),
    ),
    Bug(
        "turned-backwards",
        "The pairs are turned clockwise: the two signs of the sines are exchanged.",
        "The minus belongs to the first line: x[2i] cos − x[2i + 1] sin.",
        turn(combine=lambda even, odd, cos, sin: by_pairs(even, odd, cos, -sin)),
    ),
    Bug(
        "no-minus",
        "Both lines have a plus, which does not keep lengths: it is no rotation.",
        "One of the two sines needs a minus: x[2i] cos − x[2i + 1] sin.",
        turn(combine=plus_twice),
    ),
    Bug(
        "overwritten-too-early",
        "The second entry of a pair is computed from the first one after that has been turned.",
        "Keep the old x[2i] until both lines are computed.",
        turn(combine=overwritten),
    ),
    Bug(
        "not-turned",
        "x comes back as it was: every angle is 0.",
        "Multiply the frequencies by `positions`.",
        turn(places=lambda positions: 0 * positions),
    ),
    Bug(
        "counts-by-itself",
        "`positions` is ignored and 0, 1, 2, … taken: right for the first tokens of a text only.",
        "Use the positions that are passed in. With a cache the newest token has a large one.",
        turn(places=lambda positions: torch.arange(positions.shape[-1])),
    ),
    Bug(
        "counted-from-one-in-rotate",
        "1 is added to every position.",
        "Positions come counted from 0; position 0 leaves x as it is.",
        turn(places=lambda positions: positions + 1),
    ),
    Bug(
        "positions-with-one-axis-only",
        "The code works for positions with one axis alone; a batch may have its own for each text.",
        "`positions[..., None] * frequencies` works for any number of axes.",
        with_outer,
    ),
    Bug(
        "base-ignored",
        "The base is 10,000 whatever `base` says.",
        "Use the argument: newer models take a larger base to read longer texts.",
        turn(base_of=lambda base: 10_000.0),
    ),
    Bug(
        "one-angle-for-all-pairs",
        "All pairs turn by the same angle, the position itself.",
        "Pair i turns by position · base^(−2i / d_head), so later pairs turn more slowly.",
        turn(exponents=lambda d: 0 * every_second(d)),
    ),
    Bug(
        "exponents-doubled-in-rotate",
        "The exponents grow twice as fast as they should: −4i / d_head.",
        "`torch.arange(0, d_head, 2)` is 2i already; do not double it again.",
        turn(exponents=lambda d: 2 * every_second(d)),
    ),
    Bug(
        "angles-in-low-precision",
        "The angles are computed with the few digits of bfloat16, in which 300 and 301 are one "
        "number.",
        "Compute positions times frequencies in float32, and cast only the result.",
        turn(dtype=torch.bfloat16),
    ),
    Bug(
        "dtype-lost",
        "A bfloat16 x comes back as float32, so the rest of the model would compute in float32.",
        "End with `.to(x.dtype)`.",
        turn(cast_back=False),
    ),
)
