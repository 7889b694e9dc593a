"""Plain data as bytes: all that crosses between the judge and a student's process.

A value is written as msgpack tokens in reading order, a container as a token that says how many
values follow; the bytes of its tensors come after the tokens. The sender may be hostile: whatever
arrives is plain data of exact built-in types within these bounds, or a `CodecError`. Nothing is
ever unpickled.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from typing import Any

import msgpack
import torch

from course_lib.checks import plain
from course_lib.checks.base import Plain
from course_lib.checks.plain import Opaque

MAX_BYTES = 64_000_000  # of one value
MAX_ITEMS = 2 * plain.MAX_ITEMS  # in all containers of one value together
MAX_DEPTH = 2 * plain.MAX_DEPTH  # of containers in one another
MAX_INT_BITS = 4_096  # Python itself refuses to print a number of 4,300 digits
MAX_DIMENSIONS = 16
MAX_ELEMENTS = plain.MAX_ELEMENTS  # of one tensor; counts an empty dimension as 1
MAX_ALIKE = 100  # keys of one dict with one hash: more would make it slow on purpose

_DTYPES = (
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.uint16, torch.uint32, torch.uint64),
    *(torch.bfloat16, torch.float16, torch.float32, torch.float64),
    *(torch.complex64, torch.complex128),
    *(torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz),
    torch.float8_e8m0fnu,
)
_DTYPE_CODES = {dtype: code for code, dtype in enumerate(_DTYPES)}
_LIST, _TUPLE, _DICT, _INT, _TENSOR, _OPAQUE = range(1, 7)  # msgpack's application-specific types
_AS_THEY_ARE = frozenset((type(None), bool, int, float, str, bytes))  # msgpack's own
_COUNT = struct.Struct(">I")


class CodecError(ValueError):
    """What was to be packed is not plain data, or what arrived is malformed."""


def pack(value: Plain, max_bytes: int = MAX_BYTES) -> bytes:
    """Write plain data as bytes; raises CodecError for what `unpack` would refuse."""
    writer = _Writer(max_bytes)
    writer.write(value, 0)
    tokens = writer.packer.bytes()
    content = b"".join((_COUNT.pack(len(tokens)), tokens, *writer.blocks))
    if len(content) > max_bytes:
        raise CodecError(f"{len(content):,} bytes; {max_bytes:,} are allowed")
    return content


def unpack(content: bytes | bytearray | memoryview, max_bytes: int = MAX_BYTES) -> Plain:
    """Read what `pack` wrote; raises CodecError for anything else, whoever wrote it."""
    if len(content) > max_bytes:
        raise CodecError(f"{len(content):,} bytes; {max_bytes:,} are allowed")
    reader = _Reader(memoryview(content))
    try:
        value = reader.read(0)
    except CodecError:
        raise
    except (ValueError, TypeError, RuntimeError, OverflowError, msgpack.UnpackException) as problem:
        raise CodecError(f"malformed: {problem}") from None
    reader.finish()
    return value


class _Writer:
    """Collects the tokens of a value and the bytes of its tensors."""

    def __init__(self, max_bytes: int) -> None:
        self.packer = msgpack.Packer(autoreset=False, unicode_errors="surrogatepass")
        self.blocks: list[memoryview] = []
        self.bytes_left = max_bytes
        self.items_left = MAX_ITEMS

    def write(self, value: Plain, depth: int) -> None:
        kind = type(value)
        self.items_left -= 1
        if self.items_left < 0:
            raise CodecError(f"more than {MAX_ITEMS:,} items")
        if kind is int and not -(2**63) <= value < 2**64:
            self._write_big_int(value)
        elif kind in _AS_THEY_ARE:
            self.packer.pack(value)
        elif kind is torch.Tensor:
            self._write_tensor(value)
        elif kind is Opaque:
            self._head(_OPAQUE, 1)
            self.packer.pack(str(value.description))
        elif kind in (list, tuple, dict):
            if depth >= MAX_DEPTH:
                raise CodecError("containers nested too deeply")
            self._head({list: _LIST, tuple: _TUPLE, dict: _DICT}[kind], len(value))
            for item in value:
                if kind is dict:
                    if type(item) is torch.Tensor:
                        raise CodecError("a dict with a tensor for a key")
                    self.write(item, depth + 1)
                self.write(value[item] if kind is dict else item, depth + 1)
        else:
            raise CodecError(f"an object of type {kind.__module__}.{kind.__qualname__}")

    def _head(self, code: int, count: int) -> None:
        self.packer.pack_ext_type(code, _COUNT.pack(count))

    def _write_big_int(self, value: int) -> None:
        _check_int(value)
        content = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
        self.packer.pack_ext_type(_INT, content)

    def _write_tensor(self, tensor: torch.Tensor) -> None:
        shape = tuple(tensor.shape)
        if tensor.dtype not in _DTYPE_CODES:
            raise CodecError(f"a tensor of dtype {tensor.dtype}")
        if tensor.layout != torch.strided or tensor.device.type != "cpu":
            raise CodecError("a tensor that is sparse or not on the CPU")
        _check_shape(shape)
        self.bytes_left -= tensor.numel() * tensor.itemsize
        if self.bytes_left < 0:
            raise CodecError("tensors with too many bytes")
        code = _DTYPE_CODES[tensor.dtype]
        self.packer.pack_ext_type(_TENSOR, struct.pack(f">B{len(shape)}I", code, *shape))
        if tensor.numel():
            dense = tensor.detach().resolve_conj().resolve_neg().contiguous()
            flat = dense.as_strided((dense.numel(),), (1,))  # a single element may have any stride
            self.blocks.append(memoryview(flat.view(torch.uint8).numpy()))


class _Reader:
    """Reads a value token by token, and each tensor's bytes from behind the tokens."""

    def __init__(self, content: memoryview) -> None:
        if len(content) < _COUNT.size:
            raise CodecError("malformed: no tokens")
        self.n_tokens = _COUNT.unpack_from(content)[0]  # in bytes
        self.content = content
        self.place = _COUNT.size + self.n_tokens  # where the next tensor's bytes begin
        self.items_left = MAX_ITEMS
        if self.place > len(content):
            raise CodecError("malformed: cut short")
        self.unpacker = msgpack.Unpacker(
            max_buffer_size=max(self.n_tokens, 1),
            max_array_len=0,  # so that no container is ever allocated by its declared length
            max_map_len=0,
            unicode_errors="surrogatepass",
            ext_hook=_extension,
        )
        self.unpacker.feed(content[_COUNT.size : self.place])

    def finish(self) -> None:
        """Raise CodecError where something follows the value."""
        if self.unpacker.tell() != self.n_tokens or self.place != len(self.content):
            raise CodecError("malformed: something follows the value")

    def read(self, depth: int) -> Any:
        self.items_left -= 1
        if self.items_left < 0:
            raise CodecError(f"more than {MAX_ITEMS:,} items")
        token = next(self.unpacker, self)  # itself where there is none
        if type(token) in _AS_THEY_ARE:
            return token
        if type(token) is not tuple:
            raise CodecError("malformed: cut short" if token is self else "malformed: not a token")
        code, content = token
        if code == _INT:
            return _check_int(int.from_bytes(content, "big", signed=True))
        if code == _TENSOR:
            return self._read_tensor(content)
        if len(content) != _COUNT.size or code not in (_LIST, _TUPLE, _DICT, _OPAQUE):
            raise CodecError("malformed: an unknown kind of value")
        if code == _OPAQUE:
            description = next(self.unpacker, None)
            if type(description) is not str:
                raise CodecError("malformed: a description that is no text")
            return Opaque(description)
        count = _COUNT.unpack(content)[0]
        if depth >= MAX_DEPTH:
            raise CodecError("containers nested too deeply")
        if code == _DICT:
            return self._read_dict(count, depth + 1)
        items = [self.read(depth + 1) for _ in range(count)]
        return items if code == _LIST else tuple(items)

    def _read_dict(self, count: int, depth: int) -> dict:
        pairs = []
        for _ in range(count):
            key = self.read(depth)
            if type(key) is torch.Tensor:
                raise CodecError("malformed: a dict with a tensor for a key")
            pairs.append((key, self.read(depth)))
        if count > MAX_ALIKE:
            alike = Counter(hash(key) for key, _ in pairs)
            if max(alike.values()) > MAX_ALIKE:
                raise CodecError("a dict whose keys have the same hash")
        result = dict(pairs)
        if len(result) != count:
            raise CodecError("malformed: a dict with one key twice")
        return result

    def _read_tensor(self, head: bytes) -> torch.Tensor:
        if len(head) % 4 != 1 or head[0] >= len(_DTYPES):
            raise CodecError("malformed: a tensor of unknown dtype or shape")
        dtype, shape = _DTYPES[head[0]], struct.unpack(f">{len(head) // 4}I", head[1:])
        _check_shape(shape)
        n_bytes = math.prod(shape) * dtype.itemsize
        if n_bytes > len(self.content) - self.place:
            raise CodecError("malformed: a tensor cut short")
        if n_bytes == 0:
            return torch.empty(shape, dtype=dtype)
        memory = bytearray(self.content[self.place : self.place + n_bytes])  # the tensor's own
        self.place += n_bytes
        if dtype == torch.bool:  # any byte but 0 and 1 would be undefined behaviour
            return torch.frombuffer(memory, dtype=torch.uint8).reshape(shape) != 0
        return torch.frombuffer(memory, dtype=dtype).reshape(shape)


def _extension(code: int, content: bytes) -> tuple[int, bytes]:
    return code, content


def _check_int(value: int) -> int:
    if value.bit_length() > MAX_INT_BITS:
        raise CodecError(f"a whole number of {value.bit_length():,} bits")
    return value


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) > MAX_DIMENSIONS:
        raise CodecError(f"a tensor with {len(shape)} dimensions")
    if math.prod(filter(None, shape)) > MAX_ELEMENTS:
        raise CodecError(f"a tensor of shape {shape}")
