"""Optimizers as pure functions: one step in, new parameters and new state out.

Every first-order step has the same form,

    params, state = step(params, grads, state, learning_rate=..., ...)

where `params` and `grads` are tensors of one shape and `state` is a plain dict, `{}` before the
first step. Nothing that is passed in is changed. With the same hyperparameters each step equals
`torch.optim`'s optimizer of that name (momentum: SGD with momentum).
"""

import torch
from jaxtyping import Float
from torch import Tensor


def newton_step(
    weights: Float[Tensor, "d"], gradient: Float[Tensor, "d"], hessian: Float[Tensor, "d d"]
) -> Float[Tensor, "d"]:
    """Jump to the stationary point of the local quadratic model: w − H⁻¹ g.

    The linear system is solved; the inverse is never formed.

    Raises:
        torch.linalg.LinAlgError: if the Hessian is singular.

    Source: Nocedal and Wright (2006), section 3.3.
    """
    return weights - torch.linalg.solve(hessian, gradient)


def sgd_step(
    params: Float[Tensor, "*shape"],
    grads: Float[Tensor, "*shape"],
    state: dict,
    learning_rate: float = 1e-3,
) -> tuple[Float[Tensor, "*shape"], dict]:
    """One step of (stochastic) gradient descent: θ ← θ − η g. Its state stays empty.

    Source: Robbins and Monro (1951).
    """
    return params - learning_rate * grads, {}


def momentum_step(
    params: Float[Tensor, "*shape"],
    grads: Float[Tensor, "*shape"],
    state: dict,
    learning_rate: float = 1e-3,
    momentum: float = 0.9,
) -> tuple[Float[Tensor, "*shape"], dict]:
    """One step with a velocity, a fading sum of past gradients.

        v ← μ v + g
        θ ← θ − η v

    The velocity starts at zero. State: `velocity`, shaped like params.

    Source: Polyak (1964), in the form of torch.optim.SGD (η outside the velocity).
    """
    velocity = momentum * state.get("velocity", torch.zeros_like(params)) + grads
    return params - learning_rate * velocity, {"velocity": velocity}


def adagrad_step(
    params: Float[Tensor, "*shape"],
    grads: Float[Tensor, "*shape"],
    state: dict,
    learning_rate: float = 1e-2,
    epsilon: float = 1e-10,
) -> tuple[Float[Tensor, "*shape"], dict]:
    """One step scaled, entry by entry, by all gradients so far.

        G ← G + g²
        θ ← θ − η g / (√G + ε)

    The sum G starts at zero. State: `squared_sum`, shaped like params.

    Source: Duchi, Hazan and Singer (2011).
    """
    squared_sum = state.get("squared_sum", torch.zeros_like(params)) + grads**2
    new_params = params - learning_rate * grads / (squared_sum.sqrt() + epsilon)
    return new_params, {"squared_sum": squared_sum}


def adadelta_step(
    params: Float[Tensor, "*shape"],
    grads: Float[Tensor, "*shape"],
    state: dict,
    learning_rate: float = 1.0,
    rho: float = 0.9,
    epsilon: float = 1e-6,
) -> tuple[Float[Tensor, "*shape"], dict]:
    """One step whose length is the typical past step over the typical past gradient.

        E[g²] ← ρ E[g²] + (1 − ρ) g²
        Δ     = √(E[Δ²] + ε) / √(E[g²] + ε) · g
        θ     ← θ − η Δ
        E[Δ²] ← ρ E[Δ²] + (1 − ρ) Δ²

    Both averages start at zero and ε stands inside the roots. State: `squared_gradients`
    and `squared_updates`, shaped like params.

    Source: Zeiler (2012), algorithm 1; η = 1 there.
    """
    zeros = torch.zeros_like(params)
    squared_gradients = rho * state.get("squared_gradients", zeros) + (1 - rho) * grads**2
    squared_updates = state.get("squared_updates", zeros)
    update = (squared_updates + epsilon).sqrt() / (squared_gradients + epsilon).sqrt() * grads
    squared_updates = rho * squared_updates + (1 - rho) * update**2
    new_state = {"squared_gradients": squared_gradients, "squared_updates": squared_updates}
    return params - learning_rate * update, new_state


def adam_step(
    params: Float[Tensor, "*shape"],
    grads: Float[Tensor, "*shape"],
    state: dict,
    learning_rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Float[Tensor, "*shape"], dict]:
    """One step along the mean of past gradients, scaled by their root mean square.

        m ← β₁ m + (1 − β₁) g        m̂ = m / (1 − β₁ᵗ)
        s ← β₂ s + (1 − β₂) g²       ŝ = s / (1 − β₂ᵗ)
        θ ← θ − η m̂ / (√ŝ + ε)

    Both means start at zero; t = 1 at the first step. State: `step`, `mean` (m) and
    `mean_square` (s, which the paper calls v).

    Source: Kingma and Ba (2015), algorithm 1.
    """
    step = state.get("step", 0) + 1
    mean = beta1 * state.get("mean", torch.zeros_like(params)) + (1 - beta1) * grads
    mean_square = state.get("mean_square", torch.zeros_like(params))
    mean_square = beta2 * mean_square + (1 - beta2) * grads**2
    corrected_mean = mean / (1 - beta1**step)
    corrected_mean_square = mean_square / (1 - beta2**step)
    update = corrected_mean / (corrected_mean_square.sqrt() + epsilon)
    new_state = {"step": step, "mean": mean, "mean_square": mean_square}
    return params - learning_rate * update, new_state


def adamw_step(
    params: Float[Tensor, "*shape"],
    grads: Float[Tensor, "*shape"],
    state: dict,
    learning_rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Float[Tensor, "*shape"], dict]:
    """Adam's step after shrinking the weights by 1 − η λ, outside the adaptive scaling.

    An L2 penalty would pass through the gradient and be divided by √ŝ; this is not.

    Source: Loshchilov and Hutter (2019), in the form of torch.optim.AdamW (η times λ).
    """
    shrunk = params * (1 - learning_rate * weight_decay)
    return adam_step(shrunk, grads, state, learning_rate, beta1, beta2, epsilon)
