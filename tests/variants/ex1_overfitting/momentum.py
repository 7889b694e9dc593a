"""Correct ways to write `momentum_step`, none of them the reference's."""

import torch


def history(params, grads, state, learning_rate=1e-3, momentum=0.9):
    """Keeps every gradient and sums them anew."""
    past = [*state.get("past", []), grads]
    velocity = sum(momentum**age * g for age, g in enumerate(reversed(past)))
    return params - learning_rate * velocity, {"past": past}


def in_place_on_a_copy(params, grads, state, learning_rate=1e-3, momentum=0.9):
    new = dict(state)
    if "buffer" not in new:
        new["buffer"] = torch.zeros_like(params)
    new["buffer"] = new["buffer"].clone().mul_(momentum).add_(grads)
    return params.clone().sub_(learning_rate * new["buffer"]), new


def loops(params, grads, state, learning_rate=1e-3, momentum=0.9):
    velocity = [
        momentum * v + float(g)
        for v, g in zip(state.get("v", [0.0] * grads.numel()), grads.flatten(), strict=True)
    ]
    step = torch.tensor(velocity, dtype=params.dtype).reshape(params.shape)
    return params - learning_rate * step, {"v": velocity}


def downhill_velocity(params, grads, state, learning_rate=1e-3, momentum=0.9):
    """The other sign convention."""
    velocity = torch.as_tensor(state.get("v", 0.0)) * momentum - grads
    return params + learning_rate * velocity, {"v": velocity}


VARIANTS = [history, in_place_on_a_copy, loops, downhill_velocity]
