"""Plain data: what crosses between a student's code and the judge, and nothing else does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy
import torch

from course_lib.checks.base import Plain

MAX_ITEMS = 100_000  # in all the containers of one result together
MAX_CHARACTERS = 1_000_000  # in all its texts, a byte counting as one
MAX_ELEMENTS = 20_000_000  # in all the tensors of one result together
MAX_DEPTH = 8
_Text = TypeVar("_Text", str, bytes)


@dataclass(frozen=True)
class Opaque:
    """Stands for a result that is not plain data."""

    description: str  # completes the sentence "you returned …"


def to_plain(result: object) -> Plain:
    """Copy a result into plain data: exact types, detached CPU tensors, `Opaque` for the rest.

    Calls no method that the result's own class defines, and raises nothing but KeyboardInterrupt.
    """
    try:
        return _Copy().of(result, 0)
    except _TooLarge as problem:
        return Opaque(str(problem))
    except RuntimeError as problem:  # a tensor that torch itself cannot copy
        return Opaque(f"a tensor that cannot be copied ({problem})")
    except KeyboardInterrupt:
        raise
    except BaseException:  # a key that cannot be hashed, a tensor that raises something of its own
        return Opaque(f"an object of type {_name(type(result))} that cannot be read")


class _TooLarge(Exception):
    """More than crosses to the judge."""


class _Copy:
    """One copy on its way, and how much of it may still come."""

    def __init__(self) -> None:
        self._items_left, self._elements_left = MAX_ITEMS, MAX_ELEMENTS
        self._characters_left = MAX_CHARACTERS
        self._around: list[object] = []  # the containers that hold what is being copied

    def of(self, result: object, depth: int) -> Plain:
        self._items_left -= 1
        if self._items_left < 0:
            raise _TooLarge(f"more than {MAX_ITEMS:,} items")
        if depth > MAX_DEPTH:
            return Opaque("containers nested too deeply")
        kind = type(result)
        # `is`, since a class may say what == means.
        if result is None or kind is bool or kind is int or kind is float:
            return result
        if kind is torch.Tensor:  # the most frequent first: a grader copies millions of these
            return self._tensor(result)
        if issubclass(kind, numpy.generic):  # a NumPy scalar is the number that it holds
            return self.of(numpy.generic.item(result), depth + 1)
        # A subclass is the number, text or container that it holds, whatever its own methods say.
        if issubclass(kind, int):
            return int.__int__(result)
        if issubclass(kind, float):
            return float.__float__(result)
        if issubclass(kind, str):
            return self._text(str.__str__(result))
        if issubclass(kind, bytes):
            return self._text(bytes.__getitem__(result, slice(None)))
        if kind is Opaque and type(result.description) is str:  # a copy that is copied again
            return Opaque(_printable(self._text(result.description)))
        if issubclass(kind, torch.Tensor):
            return self._tensor(result)
        if issubclass(kind, dict | list | tuple):
            if any(result is container for container in self._around):
                return Opaque("a container that contains itself")
            self._around.append(result)
            copied = self._container(result, depth + 1)
            self._around.pop()
            return copied
        if issubclass(kind, numpy.ndarray):
            return Opaque("a NumPy array (torch.from_numpy makes a tensor of it)")
        return Opaque(f"an object of type {_name(kind)}")

    def _container(self, result: dict | list | tuple, depth: int) -> Plain:
        if isinstance(result, dict):
            return {self.of(key, depth): self.of(item, depth) for key, item in dict.items(result)}
        if isinstance(result, list):
            return [self.of(item, depth) for item in list.__iter__(result)]
        return tuple(self.of(item, depth) for item in tuple.__iter__(result))

    def _text(self, text: _Text) -> _Text:
        self._characters_left -= len(text)
        if self._characters_left < 0:
            raise _TooLarge(f"more than {MAX_CHARACTERS:,} characters")
        return text

    def _tensor(self, tensor: torch.Tensor) -> torch.Tensor | Opaque:
        if type(tensor) is torch.Tensor and is_dense(tensor):
            self._count(tensor)
            return torch.Tensor.detach(tensor).clone()  # what hangs on an instance is not asked
        with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
            if type(tensor) is not torch.Tensor:
                tensor = torch.Tensor.as_subclass(tensor, torch.Tensor)
            if tensor.device.type == "meta":
                return Opaque("a tensor on the meta device, which has a shape but no values")
            if tensor.is_nested:
                return Opaque("a nested tensor")
            self._count(tensor)
            tensor = torch.Tensor.detach(tensor)
            if tensor.layout != torch.strided:
                tensor = tensor.to_dense()
            return tensor.to("cpu", copy=True)

    def _count(self, tensor: torch.Tensor) -> None:
        self._elements_left -= torch.Tensor.numel(tensor)
        if self._elements_left < 0:
            raise _TooLarge(f"tensors with more than {MAX_ELEMENTS:,} elements")


def is_dense(tensor: torch.Tensor) -> bool:
    """Whether a tensor, not of a subclass, is dense and on the CPU."""
    return tensor.is_cpu and tensor.layout is torch.strided and not tensor.is_nested


def _name(kind: type) -> str:
    """A class's full name, as `type` itself has it and no metaclass."""
    module = type.__dict__["__module__"].__get__(kind)
    name = type.__dict__["__qualname__"].__get__(kind)
    return _printable(f"{module}.{name}" if type(module) is str else name)


def _printable(text: str) -> str:
    """The text in one line, every sign that cannot be seen written out."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()


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
        if torch.equal(a, b):  # far quicker, and mostly the case
            return True
        if not (a.is_floating_point() or a.is_complex()):
            return False
        return torch.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key], rtol, atol) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y, rtol, atol) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return a == b or (a != a and b != b) or abs(a - b) <= atol + rtol * abs(b) < math.inf
    return a == b
