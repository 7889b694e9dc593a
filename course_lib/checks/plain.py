"""Plain data: what crosses between a student's code and the judge, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import torch

from course_lib.checks.base import Plain

MAX_ITEMS = 100_000
MAX_ELEMENTS = 20_000_000
MAX_DEPTH = 8


@dataclass(frozen=True)
class Opaque:
    """Stands for a result that is not plain data."""

    description: str  # completes the sentence "you returned …"


def to_plain(result: object, depth: int = 0) -> Plain:
    """Copy a result into plain data: exact types, detached CPU tensors, `Opaque` for the rest."""
    if depth > MAX_DEPTH:
        return Opaque("containers nested too deeply")
    if result is None or type(result) in (bool, int, float, str):
        return result
    if isinstance(result, numpy.generic):  # a NumPy scalar is the number that it holds
        return to_plain(result.item(), depth + 1)
    for kind in (bool, int, float, str):  # and so is a subclass of a number
        if isinstance(result, kind):
            return kind(result)
    if isinstance(result, torch.Tensor):
        return _plain_tensor(result)
    if isinstance(result, dict):
        if len(result) > MAX_ITEMS:
            return Opaque(f"a dict with {len(result)} entries")
        return {
            to_plain(key, depth + 1): to_plain(value, depth + 1) for key, value in result.items()
        }
    if isinstance(result, list | tuple):
        if len(result) > MAX_ITEMS:
            return Opaque(f"a {type(result).__name__} with {len(result)} items")
        items = [to_plain(item, depth + 1) for item in result]
        return tuple(items) if isinstance(result, tuple) else items
    return Opaque(f"an object of type {type(result).__module__}.{type(result).__qualname__}")


def _plain_tensor(tensor: torch.Tensor) -> torch.Tensor | Opaque:
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        tensor = tensor.as_subclass(torch.Tensor)
        if tensor.device.type == "meta":
            return Opaque("a tensor on the meta device, which has a shape but no values")
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
