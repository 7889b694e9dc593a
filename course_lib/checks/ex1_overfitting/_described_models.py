"""Models as plain data: what a case can hold, and the torch model that it stands for."""

import torch
from torch import nn


def linear(rng: torch.Generator, d_in: int, d_out: int) -> tuple:
    """A linear layer as plain data: its kind, weight (out, in) and bias."""
    weight = torch.randn(d_out, d_in, generator=rng, dtype=torch.float64)
    return ("linear", weight, torch.randn(d_out, generator=rng, dtype=torch.float64))


def build(layers: list[tuple]) -> nn.Sequential:
    """The torch model that the plain data describe."""

    def layer(kind: str, *arguments: object) -> nn.Module:
        if kind == "nested":
            return build(arguments[0])
        if kind == "layer_norm":
            return nn.LayerNorm(arguments[0], dtype=torch.float64)
        if kind == "batch_norm":
            return nn.BatchNorm1d(arguments[0], dtype=torch.float64)
        if kind in ("linear", "conv"):
            weight, bias = (*arguments, None)[:2]
            make = nn.Linear if kind == "linear" else nn.Conv2d
            size = () if kind == "linear" else (weight.shape[2],)
            with torch.device("meta"):  # no numbers drawn: the given ones come next
                module = make(weight.shape[1], weight.shape[0], *size, bias=bias is not None)
            module.weight = nn.Parameter(weight.clone())
            if bias is not None:
                module.bias = nn.Parameter(bias.clone())
            return module
        return {"tanh": nn.Tanh, "relu": nn.ReLU, "flatten": nn.Flatten}[kind]()

    return nn.Sequential(*(layer(*described) for described in layers))
