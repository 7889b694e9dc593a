"""Check of `adagrad_step(params, grads, state, learning_rate, epsilon) -> (params, state)`."""

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
    """Steps by hand, then random ones; a large ε shows where it stands."""
    yield drive("first", [1.0], [[4.0]], [0.1], "by hand: 1 − 0.1 · 4 / √16 = 0.9", epsilon=1e-10)
    yield drive("first", [1.0, 1.0], [[3.0, -0.03]], [0.5], epsilon=1e-10)
    yield drive(
        "steps",
        [1.0],
        [[3.0], [4.0]],
        [0.5, 0.5],
        "by hand: G = 9, then 9 + 16 = 25",
        epsilon=1e-10,
    )
    yield random_drive("steps", rng, (3,), 6, "six steps, falling learning rate", epsilon=1e-10)
    yield random_drive("steps", rng, (2, 3), 4, "a matrix of parameters", epsilon=1e-10)
    yield drive("epsilon", [1.0], [[3.0]], [1.0], "by hand: 1 − 3 / (√9 + 0.5)", epsilon=0.5)
    yield drive("epsilon", [1.0, 2.0], [[0.0, 1.0]], [0.1], "a zero gradient", epsilon=1e-10)
    yield random_drive("pure", rng, (3,), 3, "nothing that is passed in may change", epsilon=1e-10)


def right(params, grads, state, learning_rate, epsilon):
    """The step as it should be."""
    total = state.get("G", 0.0) + grads**2
    return params - learning_rate * grads / (total.sqrt() + epsilon), {"G": total}


@bug(
    "ε stands inside the root: √(G + ε).",
    hint="Take the root first, then add ε: √G + ε.",
)
def epsilon_inside(params, grads, state, learning_rate, epsilon):
    """The other place for ε."""
    total = state.get("G", 0.0) + grads**2
    return params - learning_rate * grads / (total + epsilon).sqrt(), {"G": total}


@bug(
    "ε is missing: a parameter whose gradient has always been 0 becomes 0 / 0.",
    hint="Divide by √G + ε.",
)
def no_epsilon(params, grads, state, learning_rate, epsilon):
    """Division by zero."""
    total = state.get("G", 0.0) + grads**2
    return params - learning_rate * grads / total.sqrt(), {"G": total}


@bug(
    "The root is missing: the gradient is divided by the sum of squares itself.",
    hint="Divide by √G + ε; then the step has the same size whatever the unit of the loss.",
)
def no_root(params, grads, state, learning_rate, epsilon):
    """Divided by G."""
    total = state.get("G", 0.0) + grads**2
    return params - learning_rate * grads / (total + epsilon), {"G": total}


@bug(
    "The gradients are summed without squaring them.",
    hint="Add grads**2, so that signs cannot cancel.",
)
def not_squared(params, grads, state, learning_rate, epsilon):
    """A sum of gradients, whose root may not exist."""
    total = state.get("G", 0.0) + grads
    return params - learning_rate * grads / (total.sqrt() + epsilon), {"G": total}


@bug(
    "The squares are averaged over the steps; AdaGrad sums them, so its steps shrink.",
    hint="G ← G + g², with no division by the number of steps.",
)
def averaged(params, grads, state, learning_rate, epsilon):
    """A running mean."""
    total, count = state.get("G", 0.0) + grads**2, state.get("n", 0) + 1
    scale = (total / count).sqrt() + epsilon
    return params - learning_rate * grads / scale, {"G": total, "n": count}


@bug(
    "The step divides by the sum of the earlier squares; this gradient's own is added too late.",
    hint="Update the sum first, then use it.",
)
def added_too_late(params, grads, state, learning_rate, epsilon):
    """The old sum."""
    total = state.get("G", torch.zeros_like(grads))
    return params - learning_rate * grads / (total.sqrt() + epsilon), {"G": total + grads**2}


@bug(
    "One sum is kept for all parameters together; AdaGrad has one for each.",
    hint="grads**2 keeps its shape: no `.sum()`, no `.norm()`.",
)
def one_sum_for_all(params, grads, state, learning_rate, epsilon):
    """AdaGrad-Norm."""
    total = state.get("G", 0.0) + (grads**2).sum()
    return params - learning_rate * grads / (total.sqrt() + epsilon), {"G": total}


CHECK = Check(
    id="ex1_overfitting/adagrad",
    title="AdaGrad, one step",
    references=("course_lib.gradients.optimizers.adagrad_step",),
    properties=(
        Property("first", 1, "the first step, from a sum of zero"),
        Property("steps", 2, "several steps that carry the sum along"),
        Property("epsilon", 1, "ε outside the root; a zero gradient moves nothing"),
        Property("pure", 1, "the arguments stay as they were"),
    ),
    cases=cases,
    run=run,
    judge=judge_with(lambda params, epsilon: torch.optim.Adagrad(params, lr=1.0, eps=epsilon)),
    bugs=(
        *shared_bugs(right),
        *state_bugs(right),
        epsilon_inside,
        no_epsilon,
        no_root,
        not_squared,
        averaged,
        added_too_late,
        one_sum_for_all,
    ),
    symptoms=symptoms,
    takeaway="A parameter that rarely gets a gradient keeps a large step: that is why AdaGrad was "
    "made for sparse features, and why it slows down everywhere else.",
)
