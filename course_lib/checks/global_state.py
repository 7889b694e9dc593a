"""Python's, NumPy's and torch's global state: put back after a student's code, whatever it did."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import torch


def random_state() -> tuple[Any, ...]:
    """The state of the global random generators of torch, NumPy and Python, comparable with ==."""
    return torch.get_rng_state().numpy().tobytes(), _numpy_state(), random.getstate()


def restore_random_state(state: tuple[Any, ...]) -> None:
    """Go back to a `random_state`."""
    torch_state, numpy_state, python_state = state
    torch.set_rng_state(torch.frombuffer(bytearray(torch_state), dtype=torch.uint8))
    generator, memory = numpy_state
    numpy.random.set_bit_generator(generator)
    if isinstance(memory, bytes):
        *keys, place = numpy.frombuffer(memory, dtype=numpy.uint32)
        numpy.random.set_state(("MT19937", keys, place))
    random.setstate(python_state)


def _numpy_state() -> tuple[Any, bytes | str]:
    """NumPy's generator and its state as it lies in memory: 624 numbers and a place among them.

    `numpy.random.get_state` takes 100 times as long, and every case of every check asks for this.
    """
    generator = numpy.random.get_bit_generator()
    if type(generator) is not numpy.random.MT19937:  # set on purpose: it can be compared only
        return generator, repr(generator.state)
    return generator, ctypes.string_at(generator.ctypes.state_address, 4 * 625)


@contextlib.contextmanager
def no_kept_gaussian() -> Iterator[None]:
    """Set aside the second of two Gaussian numbers that NumPy may keep, which has no other trace.

    While it lasts, every draw from NumPy's generator changes its `random_state`.
    """
    generator = numpy.random.get_bit_generator()
    if type(generator) is not numpy.random.MT19937:
        yield
        return
    state = numpy.random.get_state()
    numpy.random.set_state(state[:3])
    try:
        yield
    finally:
        if numpy.random.get_bit_generator() is generator:
            numpy.random.set_state(state)


@contextlib.contextmanager
def unchanged_settings() -> Iterator[None]:
    """Put the switches back that would make later code, or the judge, compute something else."""
    put_back = remember_settings()
    try:
        yield
    finally:
        put_back()


def remember_settings() -> Callable[[], None]:
    """Note how the switches stand; the function that is returned sets them so again."""
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    gradients, anomalies = torch.is_grad_enabled(), torch.is_anomaly_enabled()
    deterministic = torch.are_deterministic_algorithms_enabled()
    errors, printing = numpy.geterr(), numpy.get_printoptions()
    torch_printing = vars(torch._tensor_str.PRINT_OPTS).copy()
    recursion_limit, folder = sys.getrecursionlimit(), os.getcwd()

    def put_back() -> None:
        torch.set_default_dtype(dtype)
        torch.set_default_device(None if device.type == "cpu" else device)
        torch.set_grad_enabled(gradients)
        torch.autograd.set_detect_anomaly(anomalies)
        torch.use_deterministic_algorithms(deterministic)
        numpy.seterr(**errors)
        if numpy.get_printoptions() != printing:
            numpy.set_printoptions(**printing)
        vars(torch._tensor_str.PRINT_OPTS).update(torch_printing)
        sys.setrecursionlimit(recursion_limit)
        os.chdir(folder)

    return put_back
