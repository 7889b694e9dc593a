"""What every widget asks of the numbers it is given; errors name the argument and the value."""

import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any


def number_list(name: str, values: Iterable[Any]) -> list[float]:
    """`values` (a tensor, an array, a list) as a non-empty list of finite floats.

    Raises:
        TypeError: if `values` is not a one-dimensional collection of numbers.
        ValueError: if it is empty, or one of them is not finite.
    """
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be a 1-D collection of numbers, got {values!r}") from error
    if not numbers:
        raise ValueError(f"{name} must hold at least one number, got {values!r}")
    for number in numbers:
        finite(name, number)
    return numbers


def finite(name: str, value: float) -> float:
    """`value`, if it is a finite number."""
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return value


def positive(name: str, value: float) -> float:
    """`value`, if it is a finite real number above zero."""
    if not (isinstance(value, Real) and math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be positive and finite, got {value!r}")
    return value


def within(name: str, value: int, low: int, high: int) -> int:
    """`value`, if low ≤ value ≤ high."""
    if not low <= value <= high:
        raise ValueError(f"{name} must lie between {low} and {high}, got {value!r}")
    return value


def one_of(name: str, value: Any, allowed: Sequence[Any]) -> Any:
    """`value`, if it is one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {list(allowed)}, got {value!r}")
    return value


def same_length(name: str, values: Sequence[Any], other_name: str, other: Sequence[Any]) -> None:
    """Checks that two collections pair up."""
    if len(values) != len(other):
        raise ValueError(
            f"{name} must have as many entries as {other_name} ({len(other)}), got {len(values)}"
        )
