"""Device, precision and seed on machines that are only pretended to be there."""

import importlib

import pytest
import torch

from course_lib import device


def pretend(monkeypatch, *, cuda=False, mps=False):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "best"),
    [
        (False, False, "cpu"),
        (False, True, "mps"),
        (True, False, "cuda"),
        (True, True, "cuda"),
    ],
)
def test_the_best_device_is_the_fastest_there_is(monkeypatch, cuda, mps, best):
    pretend(monkeypatch, cuda=cuda, mps=mps)
    assert device.best_device() == torch.device(best)


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [
        ((7, 5), torch.float32),  # Turing
        ((8, 0), torch.bfloat16),  # Ampere
        ((9, 0), torch.bfloat16),  # Hopper
    ],
)
def test_a_gpu_computes_in_bfloat16_where_its_hardware_does(monkeypatch, capability, dtype):
    asked = []
    monkeypatch.setattr(
        torch.cuda, "get_device_capability", lambda which: asked.append(which) or capability
    )
    assert device.compute_dtype("cuda:1") == dtype
    assert asked == [torch.device("cuda:1")]


@pytest.mark.parametrize("name", ["cpu", "mps", torch.device("cpu")])
def test_other_devices_compute_in_float32(name):
    assert device.compute_dtype(name) == torch.float32


def test_the_same_seed_gives_the_same_numbers_and_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    first, again, other = (
        torch.rand(5, generator=device.seeded_generator(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(first, torch.rand(5, generator=torch.Generator().manual_seed(3)))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.gpu
def test_a_generator_is_on_the_device_that_is_asked_for():
    best = device.best_device()
    generator = device.seeded_generator(0, best)
    assert generator.device.type == best.type
    assert torch.rand(2, generator=generator, device=best).device.type == best.type


def test_importing_asks_nothing_of_the_machine(monkeypatch):
    def must_not_be_asked():
        raise AssertionError("asked on import")

    monkeypatch.setattr(torch.cuda, "is_available", must_not_be_asked)
    monkeypatch.setattr(torch.backends.mps, "is_available", must_not_be_asked)
    before = torch.get_rng_state()
    importlib.reload(device)
    assert torch.equal(torch.get_rng_state(), before)
