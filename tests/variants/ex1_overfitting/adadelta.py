"""Correct ways to write `adadelta_step`, none of them the reference's."""

import math

import torch


def roots_first(params, grads, state, learning_rate=1.0, rho=0.9, epsilon=1e-6):
    def rms(mean_square):
        return torch.sqrt(mean_square + epsilon)

    old_g, old_d = state.get("means", (torch.zeros_like(grads), torch.zeros_like(grads)))
    new_g = torch.lerp(grads.square(), old_g, rho)
    update = -rms(old_d) / rms(new_g) * grads
    new_d = torch.lerp(update.square(), old_d, rho)
    return params + learning_rate * update, {"means": (new_g, new_d)}


def in_place_on_a_copy(params, grads, state, learning_rate=1.0, rho=0.9, epsilon=1e-6):
    new = {key: value.clone() for key, value in state.items()}
    if not new:
        new = {"g": torch.zeros_like(params), "d": torch.zeros_like(params)}
    new["g"].mul_(rho).addcmul_(grads, grads, value=1 - rho)
    update = new["d"].add(epsilon).div_(new["g"] + epsilon).sqrt_().mul_(grads)
    new["d"].mul_(rho).addcmul_(update, update, value=1 - rho)
    return params.sub(update, alpha=learning_rate), new


def loops(params, grads, state, learning_rate=1.0, rho=0.9, epsilon=1e-6):
    means = state.get("means", [(0.0, 0.0)] * params.numel())
    new, new_means = [], []
    for p, g, (g2, d2) in zip(
        params.flatten().tolist(), grads.flatten().tolist(), means, strict=True
    ):
        g2 = rho * g2 + (1 - rho) * g**2
        delta = math.sqrt((d2 + epsilon) / (g2 + epsilon)) * g
        new.append(p - learning_rate * delta)
        new_means.append((g2, rho * d2 + (1 - rho) * delta**2))
    return torch.tensor(new, dtype=params.dtype).reshape(params.shape), {"means": new_means}


VARIANTS = [roots_first, in_place_on_a_copy, loops]
