"""AdamW over a model's parameters."""

import torch
from torch import nn

from course_lib.training.config import TrainingConfig


def adamw(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """An optimizer that shrinks matrices and leaves biases, scales and shifts their size.

    Weight decay keeps maps from growing; a normalisation's scale near zero would only switch a unit
    off. Parameters that need no gradient stay as they are. β₂ = 0.95 forgets a large gradient
    sooner than the usual 0.999.

    Raises ValueError if there is no parameter to train.

    Source: Loshchilov and Hutter (2019); β₂: Brown et al. (2020), appendix B.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise ValueError("model must have a parameter that requires a gradient, it has none")
    matrices = [parameter for parameter in trained if parameter.ndim >= 2]
    vectors = [parameter for parameter in trained if parameter.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.95), fused=True)
