"""The learning rate from step to step."""

import math


def warmup_cosine(step: int, n_steps: int, learning_rate: float, n_warmup_steps: int = 0) -> float:
    """The learning rate of a step: up in a straight line, then down along half a cosine.

        step < n_warmup_steps:  learning_rate · (step + 1) / n_warmup_steps
        otherwise:              learning_rate · (1 + cos(π p)) / 2
                                p = (step − n_warmup_steps) / (n_steps − n_warmup_steps), at most 1

    Steps count from 0. So the first step already moves, step n_warmup_steps − 1 and the next have
    the full learning rate, and only at n_steps, where training has ended, is it zero.

    Raises ValueError if step is negative or n_warmup_steps is not between 0 and n_steps.

    Source: Loshchilov and Hutter (2017), eq. 5, without restarts; the warm-up: Goyal et al. (2017),
    section 2.2.
    """
    if step < 0 or not 0 <= n_warmup_steps <= n_steps:
        raise ValueError(
            "step must be at least 0 and n_warmup_steps between 0 and n_steps, "
            f"got step {step}, n_warmup_steps {n_warmup_steps}, n_steps {n_steps}"
        )
    if step < n_warmup_steps:
        return learning_rate * (step + 1) / n_warmup_steps
    if step >= n_steps:
        return 0.0
    progress = (step - n_warmup_steps) / (n_steps - n_warmup_steps)
    return learning_rate * (1 + math.cos(math.pi * progress)) / 2
