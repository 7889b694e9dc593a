"""Check of `momentum_step(params, grads, state, learning_rate, momentum) -> (params, state)`."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_lib.checks.base import Case, Check, Property, bug
from course_lib.checks.ex1_overfitting._optimizer_bugs import shared_bugs, state_bugs
from course_lib.checks.ex1_overfitting._optimizer_runs import (
    drive,
    judge_with,
    random_drive,
    run,
    symptoms,
)


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Steps by hand, then random ones with other hyperparameters and a falling learning rate."""
    yield drive("first", [1.0], [[2.0]], [0.1], "by hand: v = 2, 1 − 0.1 · 2 = 0.8", momentum=0.9)
    yield drive("first", [1.0, -3.0], [[2.0, 0.5]], [0.5], momentum=0.5)
    note = "by hand, with momentum 0.5: v = 2, then 2"
    yield drive("steps", [1.0], [[2.0], [1.0]], [0.1, 0.1], note, momentum=0.5)
    yield drive(
        "steps",
        [1.0],
        [[2.0], [1.0], [0.0]],
        [0.1, 0.1, 0.1],
        "by hand, with momentum 0.5: v = 2, then 2, then 1",
        momentum=0.5,
    )
    yield random_drive("steps", rng, (3,), 6, "six steps, falling learning rate", momentum=0.9)
    yield random_drive("steps", rng, (2, 3), 4, "a matrix of parameters", momentum=0.7)
    yield random_drive("steps", rng, (2,), 4, "no momentum at all: plain descent", momentum=0.0)
    yield random_drive("pure", rng, (3,), 3, "nothing that is passed in may change", momentum=0.9)


def right(params, grads, state, learning_rate, momentum):
    """The step as it should be."""
    velocity = momentum * state.get("v", 0.0) + grads
    return params - learning_rate * velocity, {"v": velocity}


@bug(
    "The new gradient is scaled by 1 − momentum: an average, where the velocity is a sum.",
    hint="velocity = momentum · velocity + grads, as torch.optim.SGD has it.",
)
def dampened(params, grads, state, learning_rate, momentum):
    """An exponential mean."""
    velocity = momentum * state.get("v", 0.0) + (1 - momentum) * grads
    return params - learning_rate * velocity, {"v": velocity}


@bug(
    "The learning rate is inside the velocity: when it changes, old gradients keep their old rate.",
    hint="Sum plain gradients; multiply by the learning rate where the params move.",
)
def rate_in_velocity(params, grads, state, learning_rate, momentum):
    """Polyak's original form, which differs once the learning rate changes."""
    velocity = momentum * state.get("v", 0.0) + learning_rate * grads
    return params - velocity, {"v": velocity}


@bug(
    "The params move with the velocity of the step before; this gradient only counts next time.",
    hint="Update the velocity first, then the params with the new velocity.",
)
def old_velocity(params, grads, state, learning_rate, momentum):
    """Params before velocity."""
    velocity = state.get("v", torch.zeros_like(grads))
    return params - learning_rate * velocity, {"v": momentum * velocity + grads}


@bug(
    "The gradient is added on top of the velocity once more, as in Nesterov's variant.",
    hint="Plain momentum moves by learning_rate · velocity and nothing else.",
)
def nesterov(params, grads, state, learning_rate, momentum):
    """Nesterov momentum."""
    velocity = momentum * state.get("v", 0.0) + grads
    return params - learning_rate * (grads + momentum * velocity), {"v": velocity}


@bug(
    "The velocity never fades: old gradients are summed without the factor momentum.",
    hint="Multiply the old velocity by `momentum` before you add the gradient.",
)
def never_fades(params, grads, state, learning_rate, momentum):
    """A plain sum of gradients."""
    velocity = state.get("v", 0.0) + grads
    return params - learning_rate * velocity, {"v": velocity}


@bug(
    "The momentum multiplies the old velocity and the new gradient both.",
    hint="momentum · velocity + grads: the factor belongs to the old velocity alone.",
)
def gradient_scaled_too(params, grads, state, learning_rate, momentum):
    """Brackets in the wrong place."""
    velocity = momentum * (state.get("v", 0.0) + grads)
    return params - learning_rate * velocity, {"v": velocity}


@bug(
    "The old velocity is subtracted from the gradient, so it is turned round at every step.",
    hint="velocity = momentum · velocity + grads; the one minus sign stands where the params move.",
)
def velocity_reversed(params, grads, state, learning_rate, momentum):
    """A sign inside the velocity."""
    velocity = grads - momentum * state.get("v", 0.0)
    return params - learning_rate * velocity, {"v": velocity}


CHECK = Check(
    id="ex1_overfitting/momentum",
    title="Momentum, one step",
    references=("course_lib.gradients.optimizers.momentum_step",),
    properties=(
        Property("first", 1, "the first step, from a velocity of zero"),
        Property("steps", 2, "several steps that carry the velocity along"),
        Property("pure", 1, "the arguments stay as they were"),
    ),
    cases=cases,
    run=run,
    judge=judge_with(lambda params, momentum: torch.optim.SGD(params, lr=1.0, momentum=momentum)),
    bugs=(
        *shared_bugs(right),
        *state_bugs(right),
        dampened,
        rate_in_velocity,
        old_velocity,
        nesterov,
        never_fades,
        gradient_scaled_too,
        velocity_reversed,
    ),
    symptoms=symptoms,
    takeaway="Steady gradients add up to 1 / (1 − momentum) times one of them: ten times at 0.9. "
    "Those that alternate cancel.",
)
