"""Does a language model see the tokens that it is asked to predict?"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor


def sees_the_future(
    model: Callable[[Int[Tensor, "batch seq"]], Float[Tensor, "batch seq vocab"]],
    token_ids: Int[Tensor, "batch seq"],
) -> bool:
    """Whether the logits at some position of a model depend on a later token.

    Each token in turn is exchanged for another of the vocabulary. If the logits at any earlier
    position, in any sequence of the batch, change by more than 1e-5, they depend on it. Smaller
    changes are rounding.

    The model must give the same logits each time: dropout has to be off.
    """
    with torch.no_grad():
        logits = model(token_ids)
        for t in range(1, token_ids.shape[1]):
            changed = token_ids.clone()
            changed[:, t] = (changed[:, t] + 1) % logits.shape[-1]
            before = model(changed)[:, :t]
            if not torch.allclose(before, logits[:, :t], rtol=0, atol=1e-5, equal_nan=True):
                return True
    return False
