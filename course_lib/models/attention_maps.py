"""What a model looks at: the attention weights of every layer and head, for given inputs."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.nn.attention_layer import AttentionLayer

Attention = Callable[..., Tensor]


@torch.no_grad()
def attention_maps(
    model: nn.Module, *inputs: Any, **options: Any
) -> list[Float[Tensor, "batch heads query key"]]:
    """The attention weights of `model(*inputs, **options)`, one tensor a layer, in the order used.

    Where value j is the j-th unit vector, the weighted mean of the values is the weights. So each
    layer's own attention function is called a second time, with unit vectors for values: whatever
    it masks, turns or adds is in what comes back. The model is left as it was.

    Raises:
        ValueError: if the model has no `AttentionLayer`.
    """
    layers = [module for module in model.modules() if isinstance(module, AttentionLayer)]
    if not layers:
        raise ValueError(f"model must have an AttentionLayer, got a {type(model).__name__}")
    maps: list[Tensor] = []
    own = [layer.attention for layer in layers]
    try:
        for layer in layers:
            layer.attention = _watched(layer.attention, maps)
        model(*inputs, **options)
    finally:
        for layer, attention in zip(layers, own, strict=True):
            layer.attention = attention
    return maps


def _watched(attention: Attention, maps: list[Tensor]) -> Attention:
    """The same function, which also appends the weights it uses to `maps`."""

    def attend(q: Tensor, k: Tensor, v: Tensor, *mask: Any, **options: Any) -> Tensor:
        n_keys = k.shape[-2]
        units = torch.eye(n_keys, dtype=v.dtype, device=v.device).expand(*k.shape[:-1], n_keys)
        maps.append(attention(q, k, units, *mask, **options))
        return attention(q, k, v, *mask, **options)

    return attend
