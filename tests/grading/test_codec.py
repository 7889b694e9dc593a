import contextlib
import math
import struct
import tracemalloc

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from identical import bits, identical

from course_lib.checks import plain
from course_lib.checks.plain import Opaque, to_plain
from course_lib.grading import codec
from course_lib.grading.codec import CodecError, pack, unpack

DTYPES = list(codec._DTYPES)


def tensor_of(dtype, shape, content):
    """A tensor of the given bytes, without the codec's way to make one."""
    n_bytes = math.prod(shape) * dtype.itemsize
    if not n_bytes:
        return torch.zeros(shape).to(dtype)
    filled = (content * n_bytes)[:n_bytes]
    if dtype == torch.bool:
        return torch.tensor([byte % 2 == 1 for byte in filled]).reshape(shape)
    return torch.tensor(list(filled), dtype=torch.uint8).view(dtype).reshape(shape)


tensors = st.builds(
    tensor_of,
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 4), max_size=4).map(tuple),
    st.binary(min_size=1, max_size=40),
)
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(1 - 2**4096, 2**4096 - 1)
    | st.floats()
    | texts
    | st.binary(max_size=20)
    | st.builds(Opaque, texts)
)
keys = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=4)
values = st.recursive(
    scalars | tensors,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=20,
).filter(lambda value: depth_of(value) <= codec.MAX_DEPTH)


def depth_of(value):
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, list | tuple | dict):
        return 0
    return 1 + max(map(depth_of, inner), default=0)


@given(values)
@settings(max_examples=300, deadline=None)
def test_a_value_comes_back_exactly(value):
    assert identical(unpack(pack(value)), value)


@pytest.mark.parametrize(
    "value",
    [
        *(-0.0, 0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308),
        struct.unpack(">d", bytes.fromhex("fff8000000000001"))[0],  # a NaN with sign and payload
        *(True, 1, 1.0, False, 0, None),
        *(2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**4096 - 1, 1 - 2**4096),
        *("", "\0", "\ud800", "\udfff\ud800", "😀", b"", b"\xff"),
        *([], (), {}, [()], ([],), {(): []}, {1: "a", "1": "b", (1,): "c", None: "d", 2.5: "e"}),
        {"z": 1, "a": 2, "m": 3},
        {math.nan: 1},
        Opaque("an object of type builtins.set"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_edge_comes_back_exactly(value):
    assert identical(unpack(pack(value)), value)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0, 2), (1,), (2, 3), (1,) * 16])
def test_a_tensor_keeps_dtype_shape_and_bits(dtype, shape):
    tensor = tensor_of(dtype, shape, bytes(range(255, 0, -1)))
    assert identical(unpack(pack([tensor])), [tensor])


def test_two_tensors_and_what_stands_between_them_keep_their_places():
    value = {"a": torch.arange(3), "b": [torch.tensor(True), "text"], "c": torch.ones(2, 2)}
    assert identical(unpack(pack(value)), value)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(12).reshape(3, 4).T,
        torch.arange(12.0)[::3],
        torch.arange(12.0)[::20],
        torch.tensor(2.0).expand(3, 3),
        torch.tensor([1 + 2j]).conj(),
        torch.tensor([1 + 2j]).conj().imag,
        torch.ones(3, requires_grad=True) * 2,
    ],
    ids=["transposed", "strided", "1 strided", "expanded", "conjugated", "negated", "with a graph"],
)
def test_a_view_arrives_as_values(tensor):
    back = unpack(pack(tensor))
    assert torch.equal(back, tensor.detach())
    assert back.is_contiguous()
    assert (back.requires_grad, back.is_conj(), back.is_neg()) == (False, False, False)


def test_a_tensor_that_arrived_owns_its_memory():
    content = bytearray(pack([torch.zeros(3), torch.zeros(3)]))
    first, second = unpack(content)
    content[:] = b"\xff" * len(content)
    first += 1
    assert first.tolist() == [1, 1, 1]
    assert second.tolist() == [0, 0, 0]


def test_bool_bytes_are_made_0_or_1():
    content = bytearray(pack(torch.tensor([True, False, True])))
    assert content[-3:] == b"\x01\x00\x01"
    content[-3:] = b"\x02\x00\xff"
    assert bits(unpack(content)) == b"\x01\x00\x01"


def test_everything_that_to_plain_lets_through_can_be_packed_at_its_bounds():
    nested = 0.5
    for _ in range(plain.MAX_DEPTH):
        nested = [nested]
    many = to_plain([0] * (plain.MAX_ITEMS - 1))
    assert len(many) == plain.MAX_ITEMS - 1
    for value in (to_plain(nested), many):
        assert unpack(pack({"outcomes": [{"outputs": value}]})) == {
            "outcomes": [{"outputs": value}]
        }


class Number(int):
    pass


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "object of type builtins.object"),
        (Number(3), "Number"),
        ({1, 2}, "set"),
        (torch.nn.Parameter(torch.ones(1)), "Parameter"),
        (torch.ones(1).numpy(), "ndarray"),
        (2**4096, "4,097 bits"),
        (-(2**4096), "4,097 bits"),
        ({torch.ones(1): 1}, "tensor for a key"),
        (torch.ones(2, 2).to_sparse(), "sparse"),
        (torch.empty(2, device="meta"), "CPU"),
        (torch.ones([1] * 17), "17 dimensions"),
        (torch.empty(0, 10**12), "shape"),
        (torch.empty(1, dtype=torch.bits8), "bits8"),
        ([[]] * codec.MAX_ITEMS, "items"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_plain_data_is_refused(value, words):
    with pytest.raises(CodecError, match=words):
        pack(value)


def nested(depth):
    return [] if depth == 1 else [nested(depth - 1)]


def test_nesting_is_bounded_at_both_ends(monkeypatch):
    assert unpack(pack(nested(codec.MAX_DEPTH))) == nested(codec.MAX_DEPTH)
    with pytest.raises(CodecError, match="nested"):
        pack(nested(codec.MAX_DEPTH + 1))
    with monkeypatch.context() as sender:
        sender.setattr(codec, "MAX_DEPTH", 1_000)
        deep = pack(nested(codec.MAX_DEPTH - 900))
    with pytest.raises(CodecError, match="nested"):
        unpack(deep)


def test_size_is_bounded_at_both_ends():
    assert len(pack(b"x" * 100, 200)) < 200
    for value in (b"x" * 200, torch.zeros(50)):
        with pytest.raises(CodecError, match=r"200 are allowed|too many bytes"):
            pack(value, 200)
        with pytest.raises(CodecError, match="200 are allowed"):
            unpack(pack(value), 200)


# What a hostile sender writes, token by token.


def frame(tokens, blocks=b""):
    return struct.pack(">I", len(tokens)) + tokens + blocks


def head(code, count):
    return b"\xd6" + bytes([code]) + struct.pack(">I", count)


def extension(code, content):
    return b"\xc7" + bytes([len(content), code]) + content


def tensor_head(dtype, *shape):
    code = DTYPES.index(dtype)
    return extension(codec._TENSOR, struct.pack(f">B{len(shape)}I", code, *shape))


def test_the_frames_below_are_written_as_the_codec_writes():
    assert frame(head(codec._LIST, 2) + b"\xc0\xa1a") == pack([None, "a"])
    block = bytes([1, 0, 2, 0])
    content = frame(tensor_head(torch.int16, 2), block)
    assert identical(unpack(content), torch.tensor([1, 2], dtype=torch.int16))
    assert unpack(frame(extension(codec._INT, b"\x01" + bytes(8)))) == 2**64


HOSTILE = {
    "nothing": b"",
    "no length": b"\0\0\0",
    "no tokens": frame(b""),
    "more tokens than bytes": struct.pack(">I", 100) + b"\xc0",
    "2 values": frame(b"\xc0\xc0"),
    "bytes behind": frame(b"\xc0", b"x"),
    "half a value": frame(head(codec._LIST, 2) + b"\xc0"),
    "4 billion items": frame(head(codec._LIST, 2**32 - 1)),
    "4 billion keys": frame(head(codec._DICT, 2**32 - 1) + b"\x01\x01"),
    "many items": frame(head(codec._LIST, 10**6) + b"\xc0" * 10**6),
    "a long str": frame(b"\xdb\xff\xff\xff\xff"),
    "long bytes": frame(b"\xc6\xff\xff\xff\xff"),
    "a long extension": frame(b"\xc9\xff\xff\xff\xff\x01"),
    "a msgpack array": frame(b"\xdd\xff\xff\xff\xff"),
    "an empty msgpack array": frame(b"\x90"),
    "nested msgpack arrays": frame(b"\xdd\x00\x01\x00\x00" * 1000),
    "a msgpack map": frame(b"\xdf\xff\xff\xff\xff"),
    "an empty msgpack map": frame(b"\x80"),
    "a timestamp": frame(b"\xd6\xff" + bytes(4)),
    "a bad timestamp": frame(b"\xc7\x03\xff" + bytes(3)),
    "never used": frame(b"\xc1"),
    "not UTF-8": frame(b"\xa2\xff\xfe"),
    "over-long UTF-8": frame(b"\xa2\xc0\x80"),
    "an unknown extension": frame(head(7, 1)),
    "a head of 3 bytes": frame(extension(codec._LIST, bytes(3))),
    "one key twice": frame(head(codec._DICT, 2) + b"\x01\x01\x01\x02"),
    "1 and True": frame(head(codec._DICT, 2) + b"\x01\x01\xc3\x02"),
    "a list for a key": frame(head(codec._DICT, 1) + head(codec._LIST, 0) + b"\x01"),
    "a list in a key": frame(
        head(codec._DICT, 1) + head(codec._TUPLE, 1) + head(codec._LIST, 0) + b"\x01"
    ),
    "a tensor for a key": frame(head(codec._DICT, 1) + tensor_head(torch.int8, 0) + b"\x01"),
    "a dict for a key": frame(head(codec._DICT, 1) + head(codec._DICT, 0) + b"\x01"),
    "a number for a description": frame(head(codec._OPAQUE, 1) + b"\x01"),
    "no description": frame(head(codec._OPAQUE, 1)),
    "descriptions of descriptions": frame(head(codec._OPAQUE, 1) * 30_000 + b"\xa1a"),
    "a long number": frame(b"\xc8\x02\x01" + bytes([codec._INT]) + b"\x01" * 513),
    "a very long number": frame(b"\xc9\x00\x10\x00\x00" + bytes([codec._INT]) + b"\x01" * 2**20),
    "a tensor without a dtype": frame(extension(codec._TENSOR, b"")),
    "a tensor of no dtype": frame(extension(codec._TENSOR, bytes([len(DTYPES)]))),
    "a tensor of half a shape": frame(extension(codec._TENSOR, bytes(3))),
    "a tensor without bytes": frame(tensor_head(torch.int8, 1)),
    "a tensor that is too short": frame(tensor_head(torch.int32, 2), bytes(7)),
    "a tensor that is too long": frame(tensor_head(torch.int32, 2), bytes(9)),
    "a huge tensor": frame(tensor_head(torch.float64, *[2**32 - 1] * 16)),
    "a huge empty tensor": frame(tensor_head(torch.float64, 0, *[2**32 - 1] * 15)),
    "an empty tensor as long as 2 huge sides": frame(tensor_head(torch.int8, 0, 2**16, 2**16)),
    "17 dimensions": frame(tensor_head(torch.int8, *[1] * 17), b"\0"),
    "one block for 2 tensors": frame(
        head(codec._LIST, 2) + tensor_head(torch.int8, 2) * 2, bytes(2)
    ),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_frame_is_refused_without_much_memory(content):
    tracemalloc.start()
    try:
        with pytest.raises(CodecError):
            unpack(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200_000 + 30 * len(content)


def colliding_pairs(count):
    """Pairs of whole numbers that all have the same hash."""
    p1, p2, p5 = 11400714785074694791, 14029467366897019727, 2870177450012600261
    size, pairs, first = 2**64, [], 0
    while len(pairs) < count:
        first += 1
        mixed = (p5 + first * p2) % size
        mixed = ((mixed << 31) | (mixed >> 33)) % size * p1 % size
        second = -mixed * pow(p2, -1, size) % size
        if second < 2**61 - 1:  # below it, a number is its own hash
            pairs.append((first, second))
    return pairs


def test_a_dict_with_colliding_keys_is_refused():
    keys = colliding_pairs(codec.MAX_ALIKE + 1)
    assert len(set(map(hash, keys))) == 1
    few = dict.fromkeys(keys[:-1])
    assert unpack(pack(few)) == few
    with pytest.raises(CodecError, match="same hash"):
        unpack(pack(dict.fromkeys(keys)))


def test_a_large_honest_dict_is_fine():
    value = {(number, number + 1): number for number in range(-5_000, 5_000)}
    value |= dict.fromkeys(map(str, range(1_000)))
    assert identical(unpack(pack(value)), value)


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_random_bytes_raise_nothing_else(content):
    for read in (content, frame(content), frame(head(codec._LIST, 3) + content)):
        with contextlib.suppress(CodecError):
            unpack(read)


edits = st.lists(
    st.tuples(st.sampled_from(["set", "insert", "cut"]), st.integers(0, 400), st.integers(0, 255)),
    min_size=1,
    max_size=6,
)


@given(values, edits, st.booleans())
@settings(max_examples=500, deadline=None)
def test_a_changed_frame_raises_nothing_else(value, changes, mend_length):
    content = bytearray(pack(value))
    for kind, place, byte in changes:
        place %= len(content) + 1
        if kind == "insert":
            content.insert(place, byte)
        elif kind == "cut":
            del content[place : place + byte % 8]
        else:
            content[place : place + 1] = bytes([byte])
    if mend_length:
        content[:4] = struct.pack(">I", max(len(content) - 4, 0))
    tracemalloc.start()
    try:
        back = unpack(content)
    except CodecError:
        back = None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000 + 30 * len(content)
    assert_exact_types(back)


def assert_exact_types(value):
    kind = type(value)
    if kind is dict:
        for pair in value.items():
            assert_exact_types(pair)
    elif kind in (list, tuple):
        for item in value:
            assert_exact_types(item)
    elif kind is torch.Tensor:
        assert value.is_contiguous()
        assert value.device.type == "cpu"
        assert not value.requires_grad
    elif kind is Opaque:
        assert type(value.description) is str
    else:
        assert kind in (type(None), bool, int, float, str, bytes)
