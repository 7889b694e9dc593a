"""Plain data: what crosses between a student's code and the judge, and nothing else does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy
import torch

from course_lib.checks.base import Plain

MAX_ITEMS = 100_000  # in all the containers of one result together
MAX_ELEMENTS = 20_000_000
MAX_DEPTH = 8


@dataclass(frozen=True)
class Opaque:
    """Stands for a result that is not plain data."""

    description: str  # completes the sentence "you returned …"


def to_plain(result: object) -> Plain:
    """Copy a result into plain data: exact types, detached CPU tensors, `Opaque` for the rest."""
    try:
        return _copied(result, 0, itertools.count(1))
    except RuntimeError as error:  # a tensor that torch itself cannot copy
        return Opaque(f"a tensor that cannot be copied ({error})")


def _copied(result: object, depth: int, counter: Iterator[int]) -> Plain:
    if next(counter) > MAX_ITEMS:
        return Opaque(f"more than {MAX_ITEMS:,} items")
    if depth > MAX_DEPTH:
        return Opaque("containers nested too deeply")
    kind = type(result)
    if result is None or kind in (bool, int, float, str):
        return result
    if issubclass(kind, numpy.generic):  # a NumPy scalar is the number that it holds
        return _copied(result.item(), depth + 1, counter)
    for plain_kind in (int, float, str):  # and so is a subclass of a number
        if issubclass(kind, plain_kind):
            return plain_kind(result)
    if issubclass(kind, torch.Tensor):
        return _plain_tensor(result)
    if issubclass(kind, dict):  # its own methods may be overridden: dict's and list's are used
        return {
            _copied(key, depth + 1, counter): _copied(value, depth + 1, counter)
            for key, value in itertools.islice(dict.items(result), MAX_ITEMS)
        }
    if issubclass(kind, list | tuple):
        base = list if issubclass(kind, list) else tuple
        items = itertools.islice(base.__iter__(result), MAX_ITEMS)
        return base([_copied(item, depth + 1, counter) for item in items])
    if issubclass(kind, numpy.ndarray):
        return Opaque("a NumPy array (torch.from_numpy makes a tensor of it)")
    return Opaque(f"an object of type {kind.__module__}.{kind.__qualname__}")


def _plain_tensor(tensor: torch.Tensor) -> torch.Tensor | Opaque:
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        tensor = tensor.as_subclass(torch.Tensor)
        if tensor.device.type == "meta":
            return Opaque("a tensor on the meta device, which has a shape but no values")
        if tensor.is_nested:
            return Opaque("a nested tensor")
        if tensor.numel() > MAX_ELEMENTS:
            return Opaque(f"a tensor with {tensor.numel()} elements")
        if tensor.layout != torch.strided:
            tensor = tensor.to_dense()
        return tensor.detach().to("cpu", copy=True)


def copy_plain(value: Plain) -> Plain:
    """Copy plain data, so that nobody can write into the original."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: copy_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(copy_plain(item) for item in value)
    return value


def same(a: Plain, b: Plain, rtol: float = 0.0, atol: float = 0.0) -> bool:
    """Whether two pieces of plain data agree, NaN counting as equal to NaN."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if not (a.is_floating_point() or a.is_complex()):
            return torch.equal(a, b)
        return torch.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key], rtol, atol) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y, rtol, atol) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return a == b or (a != a and b != b) or abs(a - b) <= atol + rtol * abs(b)
    return a == b
