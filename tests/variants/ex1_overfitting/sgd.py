"""Correct ways to write `sgd_step`, none of them the reference's."""

import torch


def in_place_on_a_copy(params, grads, state, learning_rate=1e-3):
    new = params.clone()
    new -= learning_rate * grads
    return new, state


def loops(params, grads, state, learning_rate=1e-3):
    flat = [
        float(p) - learning_rate * float(g)
        for p, g in zip(params.flatten(), grads.flatten(), strict=True)
    ]
    return torch.tensor(flat, dtype=params.dtype).reshape(params.shape), {}


def in_numpy(params, grads, state, learning_rate=1e-3):
    return torch.as_tensor(params.numpy() - learning_rate * grads.numpy()), {}


def added_with_alpha(params, grads, state, learning_rate=1e-3):
    return params.add(grads, alpha=-learning_rate), {"steps": state.get("steps", 0) + 1}


VARIANTS = [in_place_on_a_copy, loops, in_numpy, added_with_alpha]
