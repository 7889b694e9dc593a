"""How to train."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingConfig:
    """How long to train, how fast, and how carefully.

    Raises:
        ValueError: naming the field, if one makes no sense.
    """

    n_steps: int  # how many updates of the weights, each on one batch
    learning_rate: float = 1e-3  # at its highest, after the warm-up
    weight_decay: float = 0.1  # what a step takes from a weight, as a share of the learning rate
    n_warmup_steps: int = 0  # steps in which the learning rate rises to its highest
    max_norm: float = 1.0  # longer gradients are shortened to this; math.inf to leave them

    def __post_init__(self):
        """Refuse what cannot be."""
        if self.n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {self.n_steps}")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate must be above 0 and finite, got {self.learning_rate}")
        if not 0 <= self.weight_decay < math.inf:
            raise ValueError(f"weight_decay must be at least 0 and finite, got {self.weight_decay}")
        if not 0 <= self.n_warmup_steps <= self.n_steps:
            raise ValueError(
                f"n_warmup_steps must be between 0 and n_steps = {self.n_steps}, "
                f"got {self.n_warmup_steps}"
            )
        if not self.max_norm > 0:
            raise ValueError(f"max_norm must be above 0, got {self.max_norm}")
