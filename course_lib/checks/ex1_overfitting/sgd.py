"""Check of `sgd_step(params, grads, state, learning_rate) -> (params, state)`."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_lib.checks.base import Case, Check, Property, bug
from course_lib.checks.ex1_overfitting._optimizer_bugs import shared_bugs
from course_lib.checks.ex1_overfitting._optimizer_runs import (
    drive,
    judge_with,
    random_drive,
    run,
    symptoms,
)


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One step by hand, then random ones of every shape, with a learning rate that changes."""
    yield drive("step", [2.0], [[4.0]], [0.1], "by hand: 2 − 0.1 · 4 = 1.6")
    yield drive("step", [1.0, -1.0], [[3.0, -4.0]], [0.5])
    yield random_drive("steps", rng, (3,), 4, "four steps, falling learning rate")
    yield random_drive("steps", rng, (2, 3), 4, "a matrix of parameters")
    yield drive("steps", 1.5, [2.0, -0.5], [0.1, 0.1], "a single number, shape ()")
    yield random_drive("pure", rng, (3,), 2, "nothing that is passed in may change")


def right(params, grads, state, learning_rate):
    """The step as it should be."""
    return params - learning_rate * grads, {}


@bug(
    "The gradient is divided by its length, so every step has the same size.",
    hint="Use the gradient as it comes: near a minimum it is small, and so should the step be.",
)
def normalised(params, grads, state, learning_rate):
    """A step of fixed length."""
    return params - learning_rate * grads / (grads.norm() + 1e-12), {}


@bug(
    "Only the sign of the gradient is used.",
    hint="Multiply the learning rate by the gradient itself.",
)
def sign_only(params, grads, state, learning_rate):
    """Sign descent."""
    return params - learning_rate * grads.sign(), {}


@bug(
    "The learning rate multiplies the params as well: they shrink towards 0 at every step.",
    hint="Only the gradient is scaled: params − learning_rate · grads.",
)
def params_scaled(params, grads, state, learning_rate):
    """Brackets in the wrong place."""
    return params - learning_rate * (params + grads), {}


@bug(
    "The gradient is averaged over the parameters, so all of them move alike.",
    hint="Every parameter has its own partial derivative; take no mean here.",
)
def gradient_averaged(params, grads, state, learning_rate):
    """One number for all parameters."""
    return params - learning_rate * grads.mean(), {}


CHECK = Check(
    id="ex1_overfitting/sgd",
    title="Gradient descent, one step",
    references=("course_lib.gradients.optimizers.sgd_step",),
    properties=(
        Property("step", 1, "one step against the gradient"),
        Property("steps", 1, "several steps, any shape, a learning rate that changes"),
        Property("pure", 1, "the arguments stay as they were"),
    ),
    cases=cases,
    run=run,
    judge=judge_with(lambda params: torch.optim.SGD(params, lr=1.0)),
    bugs=(*shared_bugs(right), normalised, sign_only, params_scaled, gradient_averaged),
    symptoms=symptoms,
    takeaway="Nothing in this line knows whether the gradient came from all the data or from one "
    "example; the noise is in what you pass in.",
)
