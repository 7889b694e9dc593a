"""The mistakes people make with every optimizer, made with the one at hand."""

from __future__ import annotations

from course_lib.checks.base import Bug
from course_lib.checks.ex1_overfitting._optimizer_runs import Step


def shared_bugs(right: Step) -> tuple[Bug, ...]:
    """The mistakes that people make with every optimizer, made with this one."""

    def climbing(params, grads, state, **hyperparameters):
        new, state = right(params, grads, state, **hyperparameters)
        return 2 * params - new, state

    def rate_ignored(params, grads, state, **hyperparameters):
        return right(params, grads, state, **{**hyperparameters, "learning_rate": 1.0})

    def step_only(params, grads, state, **hyperparameters):
        new, state = right(params, grads, state, **hyperparameters)
        return params - new, state

    def params_alone(params, grads, state, **hyperparameters):
        return right(params, grads, state, **hyperparameters)[0]

    def params_edited(params, grads, state, **hyperparameters):
        new, state = right(params, grads, state, **hyperparameters)
        params.copy_(new)
        return params, state

    return (
        Bug(
            "climbing",
            "The step goes uphill: it is added where it should be subtracted.",
            "The gradient points to where the loss grows; move against it.",
            climbing,
        ),
        Bug(
            "rate-ignored",
            "The learning rate does not reach the step.",
            "Multiply the step by `learning_rate`, and read it on every call: schedules change it.",
            rate_ignored,
        ),
        Bug(
            "step-only",
            "The step itself comes back; asked are the params after it.",
            "Return `params - step`.",
            step_only,
        ),
        Bug(
            "params-alone",
            "The new params come back without the state.",
            "End with `return new_params, new_state`, also where the state is an empty dict.",
            params_alone,
        ),
        Bug(
            "params-edited",
            "The params that were passed in are overwritten: `-=`, or a method that ends in `_`.",
            "Write `params - ...`, which makes a new tensor.",
            params_edited,
        ),
    )


def state_bugs(right: Step) -> tuple[Bug, ...]:
    """The mistakes that people make with every optimizer that remembers."""

    def state_not_carried(params, grads, state, **hyperparameters):
        return right(params, grads, {}, **hyperparameters)

    def state_edited(params, grads, state, **hyperparameters):
        new, new_state = right(params, grads, state, **hyperparameters)
        state.update(new_state)
        return new, state

    return (
        Bug(
            "state-not-carried",
            "Each step starts with no memory: what `state` brings is not used, or not returned.",
            "Read with `state.get(name, start)`, and return a dict that holds the new values.",
            state_not_carried,
        ),
        Bug(
            "state-edited",
            "The `state` that was passed in is changed in place, so no step can be taken twice.",
            "Put the new values into a new dict, and return that one.",
            state_edited,
        ),
    )
