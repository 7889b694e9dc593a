"""Say in words how a result differs from what was expected."""

from __future__ import annotations

import math
import numbers

import torch

from course_lib.checks.base import Plain
from course_lib.checks.plain import Opaque

# Wide enough for another order of summation or float32 in between, too narrow for any listed bug.
RTOL, ATOL = 1e-5, 1e-7


def differs(
    got: Plain, expected: Plain, rtol: float = RTOL, atol: float = ATOL, what: str = "the result"
) -> str | None:
    """Say how `got` differs from `expected`, or return None when they agree.

    A scalar may be a number or a 0-d tensor, a sequence a list or a tuple. Floating-point values
    agree when |got − expected| ≤ atol + rtol · |expected|; everything else must be equal.
    """
    if isinstance(got, Opaque):
        return f"expected {what} to be {kind_of(expected)}, got {got.description}"
    if is_scalar(expected):
        return _scalar_differs(got, expected, rtol, atol, what)
    if isinstance(expected, torch.Tensor):
        return _tensor_differs(got, expected, rtol, atol, what)
    if isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple):
            return f"expected {what} to be {kind_of(expected)}, got {kind_of(got)}"
        if len(got) != len(expected):
            return f"expected {what} to have {len(expected)} items, got {len(got)}"
        pairs = [(f"item {i} of {what}", got[i], item) for i, item in enumerate(expected)]
    elif isinstance(expected, dict):
        if not isinstance(got, dict):
            return f"expected {what} to be a dict, got {kind_of(got)}"
        if got.keys() != expected.keys():
            return f"expected {what} to have the keys {list(expected)}, got {list(got)}"
        pairs = [(f"{what} at {key!r}", got[key], item) for key, item in expected.items()]
    else:
        if type(got) is type(expected) and got == expected:
            return None
        return f"expected {what} to be {show(expected)}, got {show(got)}"
    for name, ours, theirs in pairs:
        if problem := differs(ours, theirs, rtol, atol, name):
            return problem
    return None


def is_scalar(value: Plain) -> bool:
    """Whether a value is a number (not a boolean) or a 0-d tensor of numbers."""
    if isinstance(value, torch.Tensor):
        return value.ndim == 0 and value.dtype != torch.bool
    return isinstance(value, numbers.Number) and not isinstance(value, bool)


def kind_of(value: Plain) -> str:
    """Name what a value is: "a tensor of shape (3, 2)", "a list of 3 items", "None"."""
    if isinstance(value, Opaque):
        return value.description
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if value is None:
        return "None (is a `return` missing?)"
    if is_scalar(value):
        return f"the number {show(value)}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)} items"
    return f"{show(value)}, of type {type(value).__name__}"


def show(value: Plain, max_elements: int = 40) -> str:
    """Write a value shortly: small tensors as nested lists, large ones by shape and type."""
    if isinstance(value, torch.Tensor):
        if value.numel() > max_elements:
            kind = str(value.dtype).removeprefix("torch.")
            return f"a tensor of shape {tuple(value.shape)}, {kind}"
        return _nested(value.tolist())
    if isinstance(value, list | tuple | dict) and len(value) > max_elements:
        return kind_of(value)
    return _nested(value)


def _nested(value: Plain) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, torch.Tensor):
        return show(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_nested, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_nested, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_nested(item)}" for key, item in value.items()) + "}"
    return repr(value)[:200]


def _scalar_differs(got: Plain, expected: Plain, rtol: float, atol: float, what: str) -> str | None:
    if not is_scalar(got):
        return f"expected {what} to be a single number, got {kind_of(got)}"
    both_float = type(got) is type(expected) is float
    if both_float and abs(got - expected) <= atol + rtol * abs(expected) < math.inf:
        return None  # as below, without a tensor
    ours, theirs = torch.as_tensor(got), torch.as_tensor(expected)
    if isinstance(expected, int) and ours.is_floating_point():
        return f"expected {what} to be a whole number of type int, got {float(ours)!r}"
    return _values_differ(ours, theirs, rtol, atol, what)


def _tensor_differs(
    got: Plain, expected: torch.Tensor, rtol: float, atol: float, what: str
) -> str | None:
    if not isinstance(got, torch.Tensor):
        return f"expected {what} to be a torch.Tensor, got {kind_of(got)}"
    if got.shape != expected.shape:
        return f"expected {what} to have shape {tuple(expected.shape)}, got {tuple(got.shape)}"
    if _family(got) != _family(expected):
        return f"expected {what} to have dtype {expected.dtype}, got {got.dtype}"
    return _values_differ(got, expected, rtol, atol, what)


def _family(tensor: torch.Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "boolean"
    if tensor.is_complex():
        return "complex"
    return "floating point" if tensor.is_floating_point() else "integer"


def _values_differ(
    got: torch.Tensor, expected: torch.Tensor, rtol: float, atol: float, what: str
) -> str | None:
    if got.is_complex() and not expected.is_complex():
        return f"expected {what} to be real, got a complex number"
    if got.dtype == torch.bool or not (got.is_floating_point() or expected.is_floating_point()):
        wrong = got != expected
    else:
        if (new := got.isnan() & ~expected.isnan()).any():
            return f"{what} contains NaN ({int(new.sum())} of {got.numel()} values)"
        ours, theirs = got.double(), expected.double()
        wrong = ~torch.isclose(ours, theirs, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return None
    if got.ndim == 0:
        return f"expected {what} to be {show(expected)}, got {show(got)}"
    first = tuple(wrong.nonzero()[0].tolist())
    where = ", ".join(map(str, first))
    if got.numel() <= 12:
        return f"expected {what} to be {show(expected)}, got {show(got)} (wrong at [{where}])"
    return (
        f"{int(wrong.sum())} of {got.numel()} values of {what} are wrong; at [{where}] "
        f"expected {show(expected[first])}, got {show(got[first])}"
    )
