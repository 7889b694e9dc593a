"""Python's, NumPy's and torch's global state: put back after a student's code, whatever it did."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import torch


def random_state() -> tuple[Any, ...]:
    """The state of the global random generators of torch, NumPy and Python, comparable with ==."""
    name, keys, *rest = numpy.random.get_state()
    torch_state = torch.get_rng_state().numpy().tobytes()
    return torch_state, (name, keys.tobytes(), *rest), random.getstate()


def restore_random_state(state: tuple[Any, ...]) -> None:
    """Go back to a `random_state`."""
    torch_state, (name, keys, *rest), python_state = state
    torch.set_rng_state(torch.frombuffer(bytearray(torch_state), dtype=torch.uint8))
    numpy.random.set_state((name, numpy.frombuffer(keys, dtype=numpy.uint32), *rest))
    random.setstate(python_state)


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
        numpy.set_printoptions(**printing)
        vars(torch._tensor_str.PRINT_OPTS).update(torch_printing)
        sys.setrecursionlimit(recursion_limit)
        os.chdir(folder)

    return put_back
