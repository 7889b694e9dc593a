"""Correct ways to write `adagrad_step`, none of them the reference's."""

import numpy as np
import torch


def in_place_on_a_copy(params, grads, state, learning_rate=1e-2, epsilon=1e-10):
    total = state["sum"].clone() if state else torch.zeros_like(params)
    total.addcmul_(grads, grads)
    return params.clone().addcdiv_(grads, total.sqrt().add_(epsilon), value=-learning_rate), {
        "sum": total
    }


def root_kept(params, grads, state, learning_rate=1e-2, epsilon=1e-10):
    """Keeps the root of the sum: a hypotenuse grows by one leg at each step."""
    root = torch.hypot(state.get("root", torch.zeros_like(grads)), grads)
    return params - grads / (root + epsilon) * learning_rate, {"root": root}


def in_numpy(params, grads, state, learning_rate=1e-2, epsilon=1e-10):
    past = [*state.get("past", []), grads.numpy()]
    total = np.sum(np.square(past), axis=0)
    step = learning_rate * grads.numpy() / (np.sqrt(total) + epsilon)
    return torch.as_tensor(params.numpy() - step), {"past": past}


def loops(params, grads, state, learning_rate=1e-2, epsilon=1e-10):
    sums = list(state.get("sums", [0.0] * params.numel()))
    new = params.clone().reshape(-1)
    for i, g in enumerate(grads.reshape(-1).tolist()):
        sums[i] += g * g
        new[i] -= learning_rate * g / (sums[i] ** 0.5 + epsilon)
    return new.reshape(params.shape), {"sums": sums}


VARIANTS = [in_place_on_a_copy, root_kept, in_numpy, loops]
