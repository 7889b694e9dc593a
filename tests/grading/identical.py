"""What "comes back exactly" means for plain data."""

import struct

import torch


def identical(a, b):
    """Whether two values agree in type, order and every bit."""
    if type(a) is not type(b):
        return False
    if type(a) is float:
        return struct.pack(">d", a) == struct.pack(">d", b)
    if type(a) is torch.Tensor:
        return a.dtype == b.dtype and a.shape == b.shape and bits(a) == bits(b)
    if type(a) is dict:
        return identical(list(a.items()), list(b.items()))
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    return a == b


def bits(tensor):
    """The bytes of a tensor's elements, in reading order."""
    if not tensor.numel():
        return b""
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
