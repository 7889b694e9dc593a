"""Other correct ways to write early_stopping_step."""

import math
from itertools import count

import torch


def counter(validation_losses, patience):
    best_loss, best_step, waited = math.inf, 0, 0
    for step, loss in enumerate(validation_losses.tolist()):
        if loss < best_loss:
            best_loss, best_step, waited = loss, step, 0
        else:
            waited += 1
            if waited == patience:
                return best_step
    return best_step


def running_minimum(validation_losses, patience):
    lowest = validation_losses.cummin(dim=0).values
    improved = torch.ones(len(lowest), dtype=torch.bool)
    improved[1:] = lowest[1:] < lowest[:-1]
    steps = improved.nonzero().flatten()
    too_far = (steps.diff() > patience).nonzero().flatten()
    return steps[too_far[0] if len(too_far) else -1]


def look_ahead(validation_losses, patience):
    losses, best = validation_losses.tolist(), 0
    while True:
        better = [i for i in range(best + 1, best + 1 + patience) if i < len(losses)]
        better = [i for i in better if losses[i] < losses[best]]
        if not better:
            return best
        best = better[0]


def window_of_losses(validation_losses, patience):
    losses = [float(loss) for loss in validation_losses]
    for end in count():
        start = max(0, end - patience + 1)
        before, recent = losses[:start], losses[start : end + 1]
        if end == len(losses) or (before and min(recent) >= min(before)):
            read = losses[: end + 1]
            return read.index(min(read))


VARIANTS = [counter, running_minimum, look_ahead, window_of_losses]
