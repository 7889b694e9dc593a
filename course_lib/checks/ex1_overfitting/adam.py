"""Check of `adam_step(params, grads, state, learning_rate, beta1, beta2, epsilon)`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Bug, Case, Check, Property
from course_lib.checks.ex1_overfitting._optimizer_bugs import shared_bugs, state_bugs
from course_lib.checks.ex1_overfitting._optimizer_runs import (
    drive,
    judge_with,
    random_drive,
    run,
    symptoms,
)

LARGE = 10.0  # gradients beside which it does not matter where the usual ε stands
USUAL = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Steps by hand, then random ones; unusual hyperparameters tell every mistake apart."""
    yield drive("first", [1.0], [[4.0]], [0.1], "by hand: m̂ = 4, ŝ = 16, 1 − 0.1 = 0.9", **USUAL)
    yield drive("first", [1.0, -2.0], [[-0.3, 50.0]], [0.5], **USUAL)
    odd = {"beta1": 0.5, "beta2": 0.8, "epsilon": 1e-8}
    yield drive("steps", [1.0], [[4.0], [2.0]], [0.1, 0.1], "two steps, β₁ 0.5 and β₂ 0.8", **odd)
    odd["least"] = LARGE
    yield random_drive("steps", rng, (2,), 2, "two steps, falling learning rate", **odd)
    yield random_drive("steps", rng, (3,), 8, "eight steps", least=LARGE, **USUAL)
    yield random_drive("steps", rng, (2, 3), 4, "a matrix of parameters", **odd)
    odd = {"beta1": 0.5, "beta2": 0.75, "epsilon": 0.5}
    yield drive("epsilon", [1.0], [[2.0]], [1.0], "by hand: 1 − 2 / (√4 + 0.5)", **odd)
    yield drive("epsilon", [1.0, 2.0], [[0.0, 1.0]], [0.1], "a zero gradient", **USUAL)
    yield random_drive("epsilon", rng, (3,), 5, "a large ε", **odd)
    yield random_drive("pure", rng, (3,), 3, "nothing that is passed in may change", **USUAL)


def step_with(
    mean=lambda old, new, beta: beta * old + (1 - beta) * new,
    square=lambda grads: grads**2,
    correct_mean=lambda m, beta, t: m / (1 - beta**t),
    correct_square=lambda v, beta, t: v / (1 - beta**t),
    scale=lambda v_hat, v, beta, t, e: v_hat.sqrt() + e,
    first_t=1,
    next_t=lambda t: t + 1,
    numerator=lambda m_hat, grads: m_hat,
):
    """The step with its parts exchangeable: each bug below exchanges one."""

    def step(params: Tensor, grads: Tensor, state: dict, learning_rate, beta1, beta2, epsilon):
        zeros, t = torch.zeros_like(params), state.get("t", first_t)
        m = mean(state.get("m", zeros), grads, beta1)
        v = mean(state.get("v", zeros), square(grads), beta2)
        m_hat, v_hat = correct_mean(m, beta1, t), correct_square(v, beta2, t)
        step = numerator(m_hat, grads) / scale(v_hat, v, beta2, t, epsilon)
        return params - learning_rate * step, {"t": next_t(t), "m": m, "v": v}

    return step


def by_zero(value: Tensor, correction: float) -> Tensor:
    """Divide as tensors do, so that 0 / 0 is NaN and not an exception."""
    return value / torch.tensor(correction, dtype=value.dtype)


right = step_with()


def betas_exchanged(params, grads, state, learning_rate, beta1, beta2, epsilon):
    """β₁ on the squares, β₂ on the gradients."""
    return right(params, grads, state, learning_rate, beta2, beta1, epsilon)


def corrections_stored(params, grads, state, learning_rate, beta1, beta2, epsilon):
    """m̂ and ŝ end up in the state."""
    zeros, t = torch.zeros_like(params), state.get("t", 1)
    m = (beta1 * state.get("m", zeros) + (1 - beta1) * grads) / (1 - beta1**t)
    v = (beta2 * state.get("v", zeros) + (1 - beta2) * grads**2) / (1 - beta2**t)
    return params - learning_rate * m / (v.sqrt() + epsilon), {"t": t + 1, "m": m, "v": v}


BUGS = (
    Bug(
        "no-bias-correction",
        "The bias correction is missing: m and s start at 0, so the first steps are far off.",
        "Divide m by 1 − β₁ᵗ and s by 1 − β₂ᵗ before you use them.",
        step_with(correct_mean=lambda m, b, t: m, correct_square=lambda v, b, t: v),
    ),
    Bug(
        "mean-uncorrected",
        "Only s is corrected for its start at 0; m is used as it is.",
        "m̂ = m / (1 − β₁ᵗ).",
        step_with(correct_mean=lambda m, b, t: m),
    ),
    Bug(
        "square-uncorrected",
        "Only m is corrected for its start at 0; s is used as it is, and the first steps are huge.",
        "ŝ = s / (1 − β₂ᵗ).",
        step_with(correct_square=lambda v, b, t: v),
    ),
    Bug(
        "corrected-by-product",
        "The correction has β · t where it needs the power βᵗ.",
        "Write `1 - beta1**step`.",
        step_with(
            correct_mean=lambda m, b, t: by_zero(m, 1 - b * t),
            correct_square=lambda v, b, t: by_zero(v, 1 - b * t),
        ),
    ),
    Bug(
        "count-from-zero",
        "The first step counts as t = 0: the correction 1 − β⁰ is 0, and m is divided by it.",
        "Add 1 to the count before you use it.",
        step_with(
            correct_mean=lambda m, b, t: by_zero(m, 1 - b**t),
            correct_square=lambda v, b, t: by_zero(v, 1 - b**t),
            first_t=0,
        ),
    ),
    Bug(
        "count-stands-still",
        "The step count stays at 1: every step is corrected like the first.",
        "Return the increased count in the state.",
        step_with(next_t=lambda t: t),
    ),
    Bug(
        "correction-compounds",
        "The corrected means are stored, so the next step corrects them again.",
        "Keep m and s in the state; m̂ and ŝ live for one step.",
        corrections_stored,
    ),
    Bug(
        "epsilon-inside",
        "ε stands inside the root: √(ŝ + ε).",
        "Take the root first, then add ε: √ŝ + ε.",
        step_with(scale=lambda v_hat, v, b, t, e: (v_hat + e).sqrt()),
    ),
    Bug(
        "epsilon-before-correction",
        "ε is added to √s before the bias correction, which then scales ε too.",
        "Correct first: √(s / (1 − β₂ᵗ)) + ε.",
        step_with(scale=lambda v_hat, v, b, t, e: (v.sqrt() + e) / (1 - b**t) ** 0.5),
    ),
    Bug(
        "no-epsilon",
        "ε is missing: a parameter whose gradient has always been 0 becomes 0 / 0.",
        "Divide by √ŝ + ε.",
        step_with(scale=lambda v_hat, v, b, t, e: v_hat.sqrt()),
    ),
    Bug(
        "no-root",
        "The root over ŝ is missing.",
        "Take the root of ŝ first: m̂ / √ŝ has no unit, so a step is about the learning rate.",
        step_with(scale=lambda v_hat, v, b, t, e: v_hat + e),
    ),
    Bug(
        "not-squared",
        "The second mean averages the gradients, not their squares.",
        "s ← β₂ s + (1 − β₂) g².",
        step_with(square=lambda grads: grads),
    ),
    Bug(
        "no-momentum",
        "The step follows this gradient alone; the mean m is not used.",
        "Put m̂ into the numerator, where g stands now.",
        step_with(numerator=lambda m_hat, grads: grads),
    ),
    Bug(
        "betas-exchanged",
        "β₁ and β₂ are exchanged: β₁ averages gradients, β₂ their squares.",
        "Compare the two lines that update m and s.",
        betas_exchanged,
    ),
    Bug(
        "weights-exchanged",
        "β and 1 − β are exchanged: the new value gets the large weight.",
        "m ← β₁ m + (1 − β₁) g.",
        step_with(mean=lambda old, new, b: (1 - b) * old + b * new),
    ),
    Bug(
        "means-summed",
        "The new values enter with weight 1, not 1 − β.",
        "m ← β₁ m + (1 − β₁) g, and the same for s.",
        step_with(mean=lambda old, new, b: b * old + new),
    ),
)

CHECK = Check(
    id="ex1_overfitting/adam",
    title="Adam, one step",
    references=("course_lib.gradients.optimizers.adam_step",),
    properties=(
        Property("first", 1, "the first step, bias-corrected: its size is the learning rate"),
        Property("steps", 2, "several steps that carry both means and the count along"),
        Property("epsilon", 1, "ε outside the root, after the correction"),
        Property("pure", 1, "the arguments stay as they were"),
    ),
    cases=cases,
    run=run,
    judge=judge_with(
        lambda params, beta1, beta2, epsilon: torch.optim.Adam(
            params, lr=1.0, betas=(beta1, beta2), eps=epsilon
        )
    ),
    bugs=(*shared_bugs(right), *state_bugs(right), *BUGS),
    symptoms=symptoms,
    takeaway="Multiply the loss by 1000 and your steps stay the same: Adam sees only how the mean "
    "of the gradients compares with their root mean square.",
)
