"""Check of `adadelta_step(params, grads, state, learning_rate, rho, epsilon)`."""

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


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Steps by hand, then random ones; a large ε shows where it stands."""
    yield drive(
        "first",
        [1.0],
        [[2.0]],
        [1.0],
        "by hand: E[g²] = 0.5 · 4 = 2, Δ = √0.25 / √2.25 · 2 = 2/3",
        rho=0.5,
        epsilon=0.25,
    )
    yield drive("first", [1.0, -2.0], [[3.0, -0.1]], [0.5], rho=0.9, epsilon=1e-6)
    yield drive("steps", [1.0], [[2.0], [1.0]], [1.0, 0.5], "two steps", rho=0.5, epsilon=0.25)
    yield random_drive("steps", rng, (2,), 2, "two steps, falling rate", rho=0.8, epsilon=1e-2)
    yield random_drive("steps", rng, (3,), 8, "eight steps", rho=0.9, epsilon=1e-6)
    yield random_drive("steps", rng, (2, 3), 4, "a matrix of parameters", rho=0.6, epsilon=1e-4)
    yield random_drive("pure", rng, (3,), 3, "the arguments may not change", rho=0.9, epsilon=1e-6)


def step_with(
    update=lambda g2, d2, e: (d2 + e).sqrt() / (g2 + e).sqrt(),
    remember=lambda delta, grads, rate: delta**2,
    mean=lambda old, new, rho: rho * old + (1 - rho) * new,
    use_old_squares=False,
    carry=lambda old, new: new,
):
    """The step with its parts exchangeable: each bug below exchanges one."""

    def step(params: Tensor, grads: Tensor, state: dict, learning_rate, rho, epsilon):
        zeros = torch.zeros_like(params)
        old_g2, old_d2 = state.get("g2", zeros), state.get("d2", zeros)
        g2 = mean(old_g2, grads**2, rho)
        delta = update(old_g2 if use_old_squares else g2, old_d2, epsilon) * grads
        d2 = mean(old_d2, remember(delta, grads, learning_rate), rho)
        return params - learning_rate * delta, {"g2": g2, "d2": carry(old_d2, d2)}

    return step


right = step_with()
BUGS = (
    Bug(
        "epsilon-outside",
        "ε stands outside the roots: √E + ε.",
        "Here, unlike in AdaGrad and Adam, ε goes inside: √(E + ε), above and below.",
        step_with(update=lambda g2, d2, e: (d2.sqrt() + e) / (g2.sqrt() + e)),
    ),
    Bug(
        "no-epsilon-above",
        "ε is missing in the numerator: E[Δ²] starts at 0, so nothing ever moves.",
        "Use √(E[Δ²] + ε) above as well: it starts the first step.",
        step_with(update=lambda g2, d2, e: d2.sqrt() / (g2 + e).sqrt()),
    ),
    Bug(
        "no-numerator",
        "The numerator √(E[Δ²] + ε) is missing: what is left is RMSProp.",
        "Multiply by the root of the running mean of past squared updates.",
        step_with(update=lambda g2, d2, e: 1 / (g2 + e).sqrt()),
    ),
    Bug(
        "upside-down",
        "The ratio is upside down: gradients over updates.",
        "Updates stand above, gradients below; check the units of Δ against those of θ.",
        step_with(update=lambda g2, d2, e: (g2 + e).sqrt() / (d2 + e).sqrt()),
    ),
    Bug(
        "no-roots",
        "The roots are missing: mean squares are divided as they are.",
        "Take the root of numerator and denominator.",
        step_with(update=lambda g2, d2, e: (d2 + e) / (g2 + e)),
    ),
    Bug(
        "updates-not-remembered",
        "E[Δ²] stays at 0, so every step is as small as the first.",
        "Return the new E[Δ²] in the state.",
        step_with(carry=lambda old, new: old),
    ),
    Bug(
        "gradient-remembered",
        "E[Δ²] averages the squared gradient, where the squared update belongs.",
        "Compute Δ first, then average Δ².",
        step_with(remember=lambda delta, grads, rate: grads**2),
    ),
    Bug(
        "update-not-squared",
        "E[Δ²] averages |Δ|, not Δ².",
        "Square the update before you average it.",
        step_with(remember=lambda delta, grads, rate: delta.abs()),
    ),
    Bug(
        "rate-remembered",
        "The learning rate is inside the remembered update.",
        "Average Δ² without the learning rate; it scales only the move of the params.",
        step_with(remember=lambda delta, grads, rate: (rate * delta) ** 2),
    ),
    Bug(
        "rho-swapped",
        "ρ and 1 − ρ are swapped: the new value gets the large weight.",
        "E ← ρ E + (1 − ρ) · new.",
        step_with(mean=lambda old, new, rho: (1 - rho) * old + rho * new),
    ),
    Bug(
        "squares-summed",
        "The new squares enter with weight 1, not 1 − ρ.",
        "E ← ρ E + (1 − ρ) · new: the weights add up to 1.",
        step_with(mean=lambda old, new, rho: rho * old + new),
    ),
    Bug(
        "old-squares",
        "The update divides by E[g²] of the step before.",
        "Update E[g²] with this gradient first, then compute Δ.",
        step_with(use_old_squares=True),
    ),
)

CHECK = Check(
    id="ex1_overfitting/adadelta",
    title="AdaDelta, one step",
    references=("course_lib.gradients.optimizers.adadelta_step",),
    properties=(
        Property("first", 1, "the first step, from two averages of zero"),
        Property("steps", 2, "several steps that carry both averages along"),
        Property("pure", 1, "the arguments stay as they were"),
    ),
    cases=cases,
    run=run,
    judge=judge_with(
        lambda params, rho, epsilon: torch.optim.Adadelta(params, lr=1.0, rho=rho, eps=epsilon)
    ),
    bugs=(*shared_bugs(right), *state_bugs(right), *BUGS),
    symptoms=symptoms,
    takeaway="Updates over gradients, times a gradient: the unit of the loss cancels, and the step "
    "is measured in the unit of the params. Zeiler asked for that first.",
)
