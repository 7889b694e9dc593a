"""GPT as a class whose parts can be exchanged, and the wrong parts that people write."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.checks.ex2_attention._gpt_plain import (
    EMBEDDING,
    POSITIONS,
    embedded,
    gpt_shapes,
    logits,
)
from course_lib.checks.ex2_attention._transformer import Named, Shapes, layer_norm


def cross_entropy(z: Tensor, y: Tensor, **options: Any) -> Tensor:
    """As it should be, without options."""
    return F.cross_entropy(z.flatten(0, 1), y.flatten(), **options)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": cross_entropy,
    "shifted again": lambda z, y: cross_entropy(z[:, :-1], y[:, 1:]),
    "sum": lambda z, y: cross_entropy(z, y, reduction="sum"),
    "softmax twice": lambda z, y: cross_entropy(z.softmax(dim=-1), y),
    "last token": lambda z, y: F.cross_entropy(z[:, -1], y[:, -1]),
    "mean of means": lambda z, y: torch.stack(
        [F.cross_entropy(*pair) for pair in zip(z, y, strict=True)]
    ).mean(),
    "divided by all": lambda z, y: cross_entropy(z, y, reduction="sum") / y.numel(),
    "classes on axis 1": lambda z, y: F.cross_entropy(z, y),
}


def started(module: nn.Module, n_layers: int) -> None:
    """GPT-2's first weights."""
    for name, parameter in module.named_parameters():
        added = name.endswith(("out_proj.weight", "down_proj.weight"))
        nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * n_layers) if added else 0.02)


def gpt(
    *,
    more: Callable[[Any], Shapes] = lambda config: {},
    start: Callable[[nn.Module, int], None] = started,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    output: Callable[[Tensor], Tensor] = lambda z: z,
    shared: bool = False,
    **parts: Any,
) -> type:
    """A GPT whose parts can be exchanged: each bug below exchanges one or two."""

    class GPT(Named):
        def __init__(self, config: Any):
            super().__init__(gpt_shapes(config) | more(config))
            if shared:
                blocks = self.get_submodule("blocks")
                for number in range(config.n_layers):
                    blocks.add_module(str(number), self.get_submodule("blocks.0"))
            start(self, config.n_layers)
            self.config = config

        @property
        def weights(self) -> dict[str, Tensor]:
            return dict(self.named_parameters(remove_duplicate=False))

        def forward(self, token_ids: Tensor) -> Tensor:
            return output(logits(self.weights, self.config, token_ids, **parts))

        def loss(self, token_ids: Tensor, targets: Tensor) -> Tensor:
            return loss(self(token_ids), targets)

    return GPT


def placed(places: Callable[[Tensor], Tensor]) -> Callable:
    """Token plus the vectors of other places: a function of the ids."""
    return lambda weights, ids: weights[EMBEDDING][ids] + weights[POSITIONS][places(ids)]


def only_the_last_counts(blocks: list[Callable], x: Tensor) -> Tensor:
    """`h = block(x)` in the loop: x stays what it was."""
    return blocks[-1](x)


def norm_before(weights: Any, ids: Tensor) -> Tensor:
    """What stands at the end, at the beginning."""
    return layer_norm(weights, "final_norm.", embedded(weights, ids))


def default_start(module: nn.Module, n_layers: int) -> None:
    """Torch's own: N(0, 1) in embeddings, uniform in linear maps."""
    for name, parameter in module.named_parameters():
        if name == EMBEDDING:
            nn.init.normal_(parameter)
        elif name == POSITIONS:
            nn.init.normal_(parameter, std=0.02)
        elif parameter.ndim > 1:
            nn.init.kaiming_uniform_(parameter, a=math.sqrt(5))


def untied(config: Any) -> Shapes:
    """A second matrix."""
    return {"head.weight": (config.vocab_size, config.d_model)}


def as_is(weights: Any, name: str, x: Tensor) -> Tensor:
    """No norm."""
    return x
