"""Correct ways to write `adam_step`, none of them the reference's."""

import math

import numpy as np
import torch


def as_torch_does(params, grads, state, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
    new = {key: value.clone() for key, value in state.items()}
    if not new:
        new = {"t": torch.tensor(0.0), "m": torch.zeros_like(params), "v": torch.zeros_like(params)}
    new["t"] += 1
    new["m"].lerp_(grads, 1 - beta1)
    new["v"].mul_(beta2).addcmul_(grads, grads, value=1 - beta2)
    t = new["t"].item()
    denominator = (new["v"].sqrt() / math.sqrt(1 - beta2**t)).add_(epsilon)
    step_size = learning_rate / (1 - beta1**t)
    return params.addcdiv(new["m"], denominator, value=-step_size), new


def weighted_history(
    params, grads, state, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8
):
    """Bias correction is the same as dividing by the sum of the weights."""
    past = [*state.get("past", []), grads.numpy()]
    ages = np.arange(len(past))[::-1]

    def mean(values, beta):
        return np.tensordot(beta**ages / (beta**ages).sum(), np.stack(values), axes=1)

    step = mean(past, beta1) / (np.sqrt(mean(np.square(past), beta2)) + epsilon)
    return torch.as_tensor(params.numpy() - learning_rate * step), {"past": past}


def powers_kept(params, grads, state, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Keeps the powers of the betas in the state, and no count."""
    zeros = torch.zeros_like(params)
    m, v, p1, p2 = state.get("all", (zeros, zeros, 1.0, 1.0))
    m, v = m + (1 - beta1) * (grads - m), v + (1 - beta2) * (grads * grads - v)
    p1, p2 = p1 * beta1, p2 * beta2
    new = params - learning_rate * (m / (1 - p1)) / (torch.sqrt(v / (1 - p2)) + epsilon)
    return new, {"all": (m, v, p1, p2)}


def loops(params, grads, state, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
    t = state.get("t", 0) + 1
    m, v = (list(state.get(name, [0.0] * params.numel())) for name in "mv")
    new = params.flatten().tolist()
    for i, g in enumerate(grads.flatten().tolist()):
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * g * g
        scale = math.sqrt(v[i] / (1 - beta2**t)) + epsilon
        new[i] -= learning_rate * m[i] / (1 - beta1**t) / scale
    return torch.tensor(new, dtype=params.dtype).reshape(params.shape), {"t": t, "m": m, "v": v}


VARIANTS = [as_torch_does, weighted_history, powers_kept, loops]
