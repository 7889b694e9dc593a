"""The mistakes people make with sinusoidal positions, with the words that help."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.base import Bug


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


def column_by_column(factor: int) -> Callable[[int, int], Tensor]:
    """Column j with an exponent of its own, so that a sine and its cosine differ in wavelength."""

    def sinusoidal_positions(context_length: int, d_model: int) -> Tensor:
        column = torch.arange(d_model)
        angles = torch.arange(context_length)[:, None] / 10_000 ** (factor * column / d_model)
        return torch.where(column % 2 == 0, angles.sin(), angles.cos())

    return sinusoidal_positions


SINUSOIDS = (
    Bug(
        "halves-joined",
        "All sines stand in the first half of a row and all cosines in the second.",
        "Column 2i holds a sine and column 2i + 1 its cosine: stack the two along a new last axis "
        "and flatten, or assign to `[:, 0::2]` and `[:, 1::2]`.",
        table(join=lambda sin, cos: torch.cat((sin, cos), dim=-1)),
    ),
    Bug(
        "sines-and-cosines-swapped",
        "Cosines stand in the even columns and sines in the odd ones.",
        "Columns count from 0, and column 0 holds a sine: position 0 is 0, 1, 0, 1, …",
        table(join=lambda sin, cos: interleaved(cos, sin)),
    ),
    Bug(
        "transposed",
        "Rows and columns are exchanged: each column is a position.",
        "One row a position: shape (context_length, d_model).",
        lambda context_length, d_model: table()(context_length, d_model).T,
    ),
    Bug(
        "counted-from-one",
        "Positions are counted from 1: the first row is that of the second token.",
        "`torch.arange(context_length)` starts at 0, as positions do.",
        table(start=1),
    ),
    Bug(
        "positions-left-out",
        "Every row is that of position 0: the position does not enter.",
        "Multiply each frequency by the position before taking the sine.",
        table(angles=lambda place, power: 0 * place[:, None] / power),
    ),
    Bug(
        "one-wavelength",
        "All columns have the same wavelength: the exponents are all 0, as a division with `//` "
        "makes them.",
        "Divide with `/`: the exponents 2i / d_model lie between 0 and 1.",
        table(exponents=lambda d: torch.arange(0, d, 2) // d),
    ),
    Bug(
        "exponents-doubled",
        "The exponents grow twice as fast as they should: up to almost 2, not 1.",
        "`torch.arange(0, d_model, 2)` is 2i already; do not double it again.",
        table(exponents=lambda d: 2 * every_second(d)),
    ),
    Bug(
        "exponents-halved",
        "The exponents are i / d_model: the factor 2 is missing, and they end at one half.",
        "Pair i has the exponent 2i / d_model; `torch.arange(0, d_model, 2)` gives 2i.",
        table(exponents=lambda d: every_second(d) / 2),
    ),
    Bug(
        "exponents-up-to-one",
        "The exponents run up to 1 exactly; another program for the same paper does that.",
        "Divide 2i by d_model, as the formula does, not by d_model − 2.",
        table(exponents=lambda d: torch.arange(d // 2) / max(d // 2 - 1, 1)),
    ),
    Bug(
        "each-column-its-own",
        "Each column has a wavelength of its own, by the exponent j / d_model, also within a pair.",
        "Columns 2i and 2i + 1 share the exponent 2i / d_model: sine and cosine of one angle.",
        column_by_column(1),
    ),
    Bug(
        "columns-for-pairs",
        "The number of a column is taken for that of its pair: column j has the exponent "
        "2j / d_model.",
        "Columns 2i and 2i + 1 belong to pair i: the i of column j is j // 2.",
        column_by_column(2),
    ),
    Bug(
        "frequencies-grow",
        "The position is multiplied by 10000^(2i / d_model); the wavelengths shrink along the row.",
        "Divide by that power, so that later pairs turn more slowly.",
        table(angles=lambda place, power: place[:, None] * power),
    ),
    Bug(
        "base-1000",
        "The base is 1,000.",
        "It is 10,000: one more zero.",
        table(base=1_000.0),
    ),
)
