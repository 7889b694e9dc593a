"""The mistakes people make with positions, with the words that help."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.base import Bug

Pair = tuple[Callable[..., Tensor], Callable[..., Tensor]]  # sinusoidal_positions, rotate


def every_second(d: int) -> Tensor:
    """Exponents 2i / d, one for each pair."""
    return torch.arange(0, d, 2) / d


def interleaved(first: Tensor, second: Tensor) -> Tensor:
    """Entry i of one, then entry i of the other."""
    return torch.stack((first, second), dim=-1).flatten(-2)


def table(
    *,
    exponents: Callable[[int], Tensor] = every_second,
    base: float = 10_000.0,
    start: int = 0,
    angles: Callable[[Tensor, Tensor], Tensor] = lambda place, power: place[:, None] / power,
    join: Callable[[Tensor, Tensor], Tensor] = interleaved,
) -> Callable[[int, int], Tensor]:
    """`sinusoidal_positions` with its parts exchangeable: a bug exchanges one."""

    def sinusoidal_positions(context_length: int, d_model: int) -> Tensor:
        place = torch.arange(start, start + context_length)
        turned = angles(place, base ** exponents(d_model))
        return join(turned.sin(), turned.cos())

    return sinusoidal_positions


def column_by_column(context_length: int, d_model: int) -> Tensor:
    """Column j with exponent j / d, so that a sine and its cosine differ in wavelength."""
    angles = torch.arange(context_length)[:, None] / 10_000 ** (torch.arange(d_model) / d_model)
    return torch.where(torch.arange(d_model) % 2 == 0, angles.sin(), angles.cos())


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


def _wrong_table(name: str, wrong: Callable, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (wrong, turn()))


def _wrong_turn(name: str, wrong: Callable, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (table(), wrong))


BUGS = (
    _wrong_table(
        "halves-joined",
        table(join=lambda sin, cos: torch.cat((sin, cos), dim=-1)),
        "All sines stand in the first half of a row and all cosines in the second.",
        "Column 2i holds a sine and column 2i + 1 its cosine: stack the two along a new last axis "
        "and flatten, or assign to `[:, 0::2]` and `[:, 1::2]`.",
    ),
    _wrong_table(
        "sines-and-cosines-swapped",
        table(join=lambda sin, cos: interleaved(cos, sin)),
        "Cosines stand in the even columns and sines in the odd ones.",
        "Columns count from 0, and column 0 holds a sine: position 0 is 0, 1, 0, 1, …",
    ),
    _wrong_table(
        "transposed",
        lambda context_length, d_model: table()(context_length, d_model).T,
        "Rows and columns are exchanged: each column is a position.",
        "One row a position: shape (context_length, d_model).",
    ),
    _wrong_table(
        "counted-from-one",
        table(start=1),
        "Positions are counted from 1: the first row is that of the second token.",
        "`torch.arange(context_length)` starts at 0, as positions do.",
    ),
    _wrong_table(
        "positions-left-out",
        table(angles=lambda place, power: 0 * place[:, None] / power),
        "Every row is that of position 0: the position does not enter.",
        "Multiply each frequency by the position before taking the sine.",
    ),
    _wrong_table(
        "one-wavelength",
        table(exponents=lambda d: torch.arange(0, d, 2) // d),
        "All columns have the same wavelength: the exponents are all 0, as a division with `//` "
        "makes them.",
        "Divide with `/`: the exponents 2i / d_model lie between 0 and 1.",
    ),
    _wrong_table(
        "exponents-doubled",
        table(exponents=lambda d: 2 * every_second(d)),
        "The exponents grow twice as fast as they should: up to almost 2, not 1.",
        "`torch.arange(0, d_model, 2)` is 2i already; do not double it again.",
    ),
    _wrong_table(
        "exponents-halved",
        table(exponents=lambda d: every_second(d) / 2),
        "The exponents are i / d_model: the factor 2 is missing, and they end at one half.",
        "Pair i has the exponent 2i / d_model; `torch.arange(0, d_model, 2)` gives 2i.",
    ),
    _wrong_table(
        "exponents-up-to-one",
        table(exponents=lambda d: torch.arange(d // 2) / max(d // 2 - 1, 1)),
        "The exponents run up to 1 exactly; another program for the same paper does that.",
        "Divide 2i by d_model, as the formula does, not by d_model − 2.",
    ),
    _wrong_table(
        "each-column-its-own",
        column_by_column,
        "Each column has a wavelength of its own, also the two of a pair.",
        "Columns 2i and 2i + 1 share the exponent 2i / d_model: sine and cosine of one angle.",
    ),
    _wrong_table(
        "frequencies-grow",
        table(angles=lambda place, power: place[:, None] * power),
        "The position is multiplied by 10000^(2i / d_model); the wavelengths shrink along the row.",
        "Divide by that power, so that later pairs turn more slowly.",
    ),
    _wrong_table(
        "base-1000",
        table(base=1_000.0),
        "The base is 1,000.",
        "It is 10,000: one more zero.",
    ),
    _wrong_turn(
        "halves-turned",
        turn_halves,
        "Entry i is turned with entry i + d_head / 2. Llama's weights are laid out so; asked are "
        "neighbours.",
        "Pair entries 2i and 2i + 1: `x[..., 0::2]` and `x[..., 1::2]`.",
    ),
    _wrong_turn(
        "not-interleaved",
        turn(
            combine=lambda *parts: torch.cat(
                by_pairs(*parts).unflatten(-1, (-1, 2)).unbind(-1), dim=-1
            )
        ),
        "The turned pairs come back in two halves: first entries first, second entries after them.",
        "Put them back where they were: stack the two along a new last axis, then flatten it.",
    ),
    _wrong_turn(
        "turned-backwards",
        turn(combine=lambda even, odd, cos, sin: by_pairs(even, odd, cos, -sin)),
        "The pairs are turned clockwise: the two signs of the sines are exchanged.",
        "The minus belongs to the first line: x[2i] cos − x[2i + 1] sin.",
    ),
    _wrong_turn(
        "no-minus",
        turn(
            combine=lambda even, odd, cos, sin: interleaved(
                even * cos + odd * sin, even * sin + odd * cos
            )
        ),
        "Both lines have a plus, which does not keep lengths: it is no rotation.",
        "One of the two sines needs a minus: x[2i] cos − x[2i + 1] sin.",
    ),
    _wrong_turn(
        "overwritten-too-early",
        turn(combine=overwritten),
        "The second entry of a pair is computed from the first one after that has been turned.",
        "Keep the old x[2i] until both lines are computed.",
    ),
    _wrong_turn(
        "not-turned",
        turn(places=lambda positions: 0 * positions),
        "x comes back as it was: every angle is 0.",
        "Multiply the frequencies by `positions`.",
    ),
    _wrong_turn(
        "counts-by-itself",
        turn(places=lambda positions: torch.arange(positions.shape[-1])),
        "`positions` is ignored and 0, 1, 2, … taken: right for the first tokens of a text only.",
        "Use the positions that are passed in. With a cache the newest token has a large one.",
    ),
    _wrong_turn(
        "counted-from-one-in-rotate",
        turn(places=lambda positions: positions + 1),
        "1 is added to every position.",
        "Positions come counted from 0; position 0 leaves x as it is.",
    ),
    _wrong_turn(
        "positions-with-one-axis-only",
        with_outer,
        "The code works for positions with one axis alone; a batch may have its own for each text.",
        "`positions[..., None] * frequencies` works for any number of axes.",
    ),
    _wrong_turn(
        "base-ignored",
        turn(base_of=lambda base: 10_000.0),
        "The base is 10,000 whatever `base` says.",
        "Use the argument: newer models take a larger base to read longer texts.",
    ),
    _wrong_turn(
        "one-angle-for-all-pairs",
        turn(exponents=lambda d: 0 * every_second(d)),
        "All pairs turn by the same angle, the position itself.",
        "Pair i turns by position · base^(−2i / d_head), so later pairs turn more slowly.",
    ),
    _wrong_turn(
        "exponents-doubled-in-rotate",
        turn(exponents=lambda d: 2 * every_second(d)),
        "The exponents grow twice as fast as they should: −4i / d_head.",
        "`torch.arange(0, d_head, 2)` is 2i already; do not double it again.",
    ),
    _wrong_turn(
        "angles-in-low-precision",
        turn(dtype=torch.bfloat16),
        "The angles are computed with the few digits of bfloat16, in which 300 and 301 are one "
        "number.",
        "Compute positions times frequencies in float32, and cast only the result.",
    ),
    _wrong_turn(
        "dtype-lost",
        turn(cast_back=False),
        "A bfloat16 x comes back as float32, so the rest of the model would compute in float32.",
        "End with `.to(x.dtype)`.",
    ),
)
