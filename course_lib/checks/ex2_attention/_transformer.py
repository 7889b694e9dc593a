"""A Transformer in plain tensor functions: shapes of weights by name, and what is done with them.

`weights` is a dict of tensors by dotted name, as in a module's state dict; `name` is the part of
the names that says which layer is meant, with its dot. The checks' oracles and bugs stand on this.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

Weights = Mapping[str, Tensor]
Shapes = dict[str, tuple[int, ...]]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": lambda z: torch.where(z > 0, z, 0.0),
    "gelu": lambda z: z * (1 + torch.erf(z / math.sqrt(2))) / 2,
    "gelu_tanh": lambda z: z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) / 2,
    "silu": lambda z: z / (1 + torch.exp(-z)),
}


def linear_shapes(name: str, d_in: int, d_out: int, bias: bool = True) -> Shapes:
    """Of one linear map, its weight as torch keeps it."""
    return {f"{name}weight": (d_out, d_in)} | ({f"{name}bias": (d_out,)} if bias else {})


def feed_forward_shapes(
    name: str, d_model: int, d_ff: int, gated: bool = False, bias: bool = True
) -> Shapes:
    """Of a feed-forward layer."""
    gate = linear_shapes(f"{name}gate_proj.", d_model, d_ff, bias) if gated else {}
    up = linear_shapes(f"{name}up_proj.", d_model, d_ff, bias)
    return gate | up | linear_shapes(f"{name}down_proj.", d_ff, d_model, bias)


def block_shapes(name: str, d_model: int, d_ff: int, cross_attention: bool = False) -> Shapes:
    """Of a block with LayerNorm, as many key heads as heads, and biases."""
    shapes: Shapes = {}
    for part in ["self_attention", "cross_attention"][: 1 + cross_attention]:
        for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
            shapes |= linear_shapes(f"{name}{part}.{projection}.", d_model, d_model)
        shapes |= norm_shapes(f"{name}{part}_norm.", d_model)
    shapes |= feed_forward_shapes(f"{name}feed_forward.", d_model, d_ff)
    return shapes | norm_shapes(f"{name}feed_forward_norm.", d_model)


def norm_shapes(name: str, d_model: int) -> Shapes:
    """Of LayerNorm."""
    return {f"{name}scale": (d_model,), f"{name}shift": (d_model,)}


def drawn(shapes: Shapes, seed: int) -> dict[str, Tensor]:
    """Weights in float64, of a size at which every part of the network shows in the result."""
    rng = torch.Generator().manual_seed(seed)

    def draw(name: str, shape: tuple[int, ...]) -> Tensor:
        numbers = torch.randn(shape, generator=rng, dtype=torch.float64)
        if name.endswith("scale"):
            return short(1 + numbers / 3)
        return short(numbers / (shape[1] ** 0.5 if len(shape) > 1 else 2))

    return {name: draw(name, shape) for name, shape in shapes.items()}


def short(numbers: Tensor) -> Tensor:
    """With two decimals, for whoever reads the case."""
    return numbers.round(decimals=2)


def linear(weights: Weights, name: str, x: Tensor) -> Tensor:
    """x Wᵀ + b, the bias where there is one."""
    y = x @ weights[f"{name}weight"].T
    return y + weights[f"{name}bias"] if f"{name}bias" in weights else y


def layer_norm(weights: Weights, name: str, x: Tensor) -> Tensor:
    """Mean 0 and variance 1 for each token, then scale and shift."""
    centred = x - x.mean(dim=-1, keepdim=True)
    deviation = ((centred**2).mean(dim=-1, keepdim=True) + 1e-5).sqrt()
    return centred / deviation * weights[f"{name}scale"] + weights[f"{name}shift"]


def attend(
    weights: Weights,
    name: str,
    x: Tensor,
    context: Tensor,
    n_heads: int,
    mask: Tensor | None = None,
) -> Tensor:
    """Multi-head attention of x (batch, query, d_model) to the context (batch, key, d_model)."""
    q, k, v = (
        linear(weights, f"{name}{projection}.", source).unflatten(-1, (n_heads, -1))
        for projection, source in (("q_proj", x), ("k_proj", context), ("v_proj", context))
    )
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = torch.where(mask, scores, -math.inf)
    heads = torch.einsum("bhqk,bkhd->bqhd", torch.softmax(scores, dim=-1), v)
    return linear(weights, f"{name}out_proj.", heads.flatten(2))


def feed_forward(weights: Weights, name: str, x: Tensor, activation: str = "gelu") -> Tensor:
    """down(activation(up(x))), or with a gate, down(activation(gate(x)) · up(x))."""
    phi, up = ACTIVATIONS[activation], linear(weights, f"{name}up_proj.", x)
    if f"{name}gate_proj.weight" in weights:
        return linear(
            weights, f"{name}down_proj.", phi(linear(weights, f"{name}gate_proj.", x)) * up
        )
    return linear(weights, f"{name}down_proj.", phi(up))


class Named(nn.Module):
    """A module with parameters of the given names and shapes, for the bugs to be written on."""

    def __init__(self, shapes: Shapes):
        super().__init__()
        for name, shape in shapes.items():
            *path, last = name.split(".")
            holder: nn.Module = self
            for part in path:
                if not hasattr(holder, part):
                    holder.add_module(part, nn.Module())
                holder = getattr(holder, part)
            holder.register_parameter(last, nn.Parameter(torch.zeros(shape)))

    @property
    def weights(self) -> dict[str, Tensor]:
        """All parameters by name."""
        return dict(self.named_parameters())
