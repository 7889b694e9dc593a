"""Where to compute, how precisely, from which seed; importing this asks nothing of the machine."""

import torch


def best_device() -> torch.device:
    """The fastest device of this machine: CUDA, else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def compute_dtype(device: torch.device | str) -> torch.dtype:
    """bfloat16 on an NVIDIA GPU that multiplies it in hardware (Ampere and later), else float32."""
    device = torch.device(device)
    if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0):
        return torch.bfloat16
    return torch.float32


def seeded_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A source of random numbers of its own: the same seed gives the same numbers.

    Numbers differ from one kind of device to another, so a result that should be the same
    everywhere is drawn on the CPU and moved.
    """
    return torch.Generator(device).manual_seed(seed)
