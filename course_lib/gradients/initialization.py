"""First weights: how large they may be for a signal to cross many layers."""

from collections.abc import Callable

import torch
from torch import nn

# The variance of a weight from the number of inputs and outputs of its layer.
VARIANCES: dict[str, Callable[[int, int], float]] = {
    "uniform": lambda fan_in, fan_out: 1 / (3 * fan_in),  # U(±1/√fan_in), torch's default
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, fan_out: 2 / fan_in,
}


def initialize(model: nn.Module, scheme: str, generator: torch.Generator) -> None:
    """Draw the weights of every linear and convolutional layer afresh; set their biases to zero.

    A weight is uniform on [−a, a] with a = √(3 · variance), and the variance is

        uniform   1 / (3 fan_in)             the older rule of thumb, still torch's default
        glorot    2 / (fan_in + fan_out)     keeps the variance through linear layers, both ways
        he        2 / fan_in                 the same for ReLU, which halves the second moment

    where fan_in counts what one output reads (channels × kernel area in a convolution), fan_out
    what reads one input.

    Sources: Glorot and Bengio (2010), eq. 1 and 16; He et al. (2015), eq. 10.
    """
    if scheme not in VARIANCES:
        raise ValueError(f"scheme must be one of {sorted(VARIANCES)}, got {scheme!r}")
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            fan_in, fan_out = layer.weight[0].numel(), layer.weight[:, 0].numel()
            a = (3 * VARIANCES[scheme](fan_in, fan_out)) ** 0.5
            nn.init.uniform_(layer.weight, -a, a, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
