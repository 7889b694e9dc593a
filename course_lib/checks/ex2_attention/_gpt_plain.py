"""GPT in plain tensor functions: the oracle as it stands, the bugs with a part exchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checks.ex2_attention._transformer import (
    Shapes,
    Weights,
    attend,
    block_shapes,
    feed_forward,
    layer_norm,
    norm_shapes,
)

EMBEDDING, POSITIONS = "token_embedding.weight", "positions.table"


def gpt_shapes(config: Any) -> Shapes:
    """The parameters of a GPT by name."""
    shapes: Shapes = {
        EMBEDDING: (config.vocab_size, config.d_model),
        POSITIONS: (config.context_length, config.d_model),
    }
    for number in range(config.n_layers):
        shapes |= block_shapes(f"blocks.{number}.", config.d_model, config.d_ff)
    return shapes | norm_shapes("final_norm.", config.d_model)


def block(
    weights: Weights,
    name: str,
    x: Tensor,
    n_heads: int,
    mask: Tensor | None,
    activation: str = "gelu_tanh",
    is_pre: bool = True,
) -> Tensor:
    """Two residual steps."""

    def add(x: Tensor, sublayer: Callable[[Tensor], Tensor], part: str) -> Tensor:
        norm = f"{name}{part}_norm."
        if is_pre:
            return x + sublayer(layer_norm(weights, norm, x))
        return layer_norm(weights, norm, x + sublayer(x))

    attention = f"{name}self_attention."
    x = add(x, lambda h: attend(weights, attention, h, h, n_heads, mask), "self_attention")
    forward = f"{name}feed_forward."
    return add(x, lambda h: feed_forward(weights, forward, h, activation), "feed_forward")


def embedded(weights: Weights, token_ids: Tensor) -> Tensor:
    """Token plus position."""
    return weights[EMBEDDING][token_ids] + weights[POSITIONS][: token_ids.shape[1]]


def through(blocks: list[Callable[[Tensor], Tensor]], x: Tensor) -> Tensor:
    """One block after the other."""
    for apply in blocks:
        x = apply(x)
    return x


def causal(seq: int) -> Tensor:
    """True where a token may attend."""
    return torch.arange(seq) <= torch.arange(seq)[:, None]


def logits(
    weights: Weights,
    config: Any,
    token_ids: Tensor,
    *,
    embed: Callable[[Weights, Tensor], Tensor] = embedded,
    mask: Callable[[int], Tensor | None] = causal,
    order: Callable[[list, Tensor], Tensor] = through,
    final_norm: Callable[[Weights, str, Tensor], Tensor] = layer_norm,
    head: str = EMBEDDING,
    **options: Any,
) -> Tensor:
    """What the model says, (batch, seq, vocab); `options` are those of its blocks."""

    def numbered(number: int) -> Callable[[Tensor], Tensor]:
        name, seen = f"blocks.{number}.", mask(token_ids.shape[1])
        return lambda x: block(weights, name, x, config.n_heads, seen, **options)

    blocks = [numbered(number) for number in range(config.n_layers)]
    x = order(blocks, embed(weights, token_ids))
    return final_norm(weights, "final_norm.", x) @ weights[head].T
