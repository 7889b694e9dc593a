"""The training loop."""

import math
import sys
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from tqdm import tqdm

from course_lib.training.config import TrainingConfig
from course_lib.training.optimizer import adamw
from course_lib.training.schedule import warmup_cosine


def train(
    model: nn.Module,
    batches: Iterable[tuple],
    config: TrainingConfig,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Make `model.loss(*batch)` small, and return the loss of each step, before its update.

    A step takes the next batch, clips the gradient's norm at `config.max_norm` and lets AdamW move
    the weights, at the learning rate of `warmup_cosine`. The model is put into training mode and
    left in it: call `model.eval()` before you use it. Its weights are changed in place; dropout
    draws from torch's default generator.

    Args:
        batches: tuples, of which tensors are moved to the model's device; exactly
            `config.n_steps` are taken, so they may be without end.
        on_step: called with the step, from 0, and its loss, after the update.

    Raises:
        FloatingPointError: at the first loss or gradient that is infinite or not a number, naming
            the step; the weights are then those before it.
        ValueError: if batches end before the last step.
    """
    optimizer = adamw(model, config)
    device = next(model.parameters()).device
    model.train()
    losses = []
    source = iter(batches)
    with tqdm(total=config.n_steps, unit=" steps", file=sys.stdout) as bar:
        for step in range(config.n_steps):
            batch = next(source, None)
            if batch is None:
                raise ValueError(f"batches must be at least n_steps = {config.n_steps}, got {step}")
            for group in optimizer.param_groups:
                group["lr"] = warmup_cosine(
                    step, config.n_steps, config.learning_rate, config.n_warmup_steps
                )
            optimizer.zero_grad()
            loss = model.loss(*(_on(device, part) for part in batch))
            losses.append(_finite("loss", step, loss))
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), config.max_norm)
            _finite("norm of the gradient", step, norm)
            optimizer.step()
            bar.set_postfix_str(f"loss {losses[-1]:.3f}", refresh=False)
            bar.update()
            if on_step is not None:
                on_step(step, losses[-1])
    return losses


def _on(device: torch.device, part: object) -> object:
    """A tensor on the device; anything else as it is."""
    return part.to(device, non_blocking=True) if isinstance(part, Tensor) else part


def _finite(name: str, step: int, value: Tensor) -> float:
    """The number in a tensor of one, which must be finite."""
    number = value.item()
    if not math.isfinite(number):
        raise FloatingPointError(f"the {name} is {number} at step {step}")
    return number
