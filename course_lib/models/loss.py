"""What a language model is trained to make small."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

IGNORED = -100
"""A target that does not count: padding, a prompt, a token that was not masked."""


def token_loss(
    logits: Float[Tensor, "*batch vocab"], targets: Int[Tensor, "*batch"]
) -> Float[Tensor, ""]:
    """Cross-entropy: the mean of −log softmax(logits)[target], over targets that count.

    Targets equal to `IGNORED` do not; if none counts, the loss is NaN. Computed in float32 at
    least.

    Raises:
        ValueError: if there is not one target for each row of logits.
    """
    if targets.shape != logits.shape[:-1]:
        raise ValueError(
            f"targets must be shaped as the logits without their last axis, "
            f"{tuple(logits.shape[:-1])}, got {tuple(targets.shape)}"
        )
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORED)
