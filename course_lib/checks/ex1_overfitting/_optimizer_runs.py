"""What the optimizer checks share: runs of several steps, with torch.optim as oracle."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_lib.checks.base import Case, Plain
from course_lib.checks.compare import differs, kind_of
from course_lib.checks.plain import same, to_plain

# The step of an optimizer: (params, grads, state, **hyperparameters) -> (params, state).
Step = Callable[..., tuple[Tensor, dict]]


def drive(
    prop: str,
    params: Plain,
    gradients: Sequence[Plain],
    learning_rates: Sequence[float],
    note: str = "",
    **hyperparameters: float,
) -> Case:
    """Make a case: one step for each gradient, each with its learning rate."""
    inputs = {
        "params": torch.as_tensor(params, dtype=torch.float64),
        "gradients": [torch.as_tensor(grads, dtype=torch.float64) for grads in gradients],
        "learning_rates": list(learning_rates),
        "hyperparameters": hyperparameters,
    }
    return Case(prop, inputs, note)


def random_drive(
    prop: str,
    rng: torch.Generator,
    shape: tuple[int, ...],
    n_steps: int,
    note: str,
    least: float = 0.0,
    **rest: float,
) -> Case:
    """Make a case with random numbers, one gradient all zero, and a learning rate that falls.

    The entries of the other gradients are of any size, or from `least` to some times as much.
    """
    params = torch.randn(shape, generator=rng, dtype=torch.float64)
    gradients = torch.randn((n_steps, *shape), generator=rng, dtype=torch.float64)
    if least:
        gradients = least * (gradients + gradients.sign())
    gradients[n_steps // 2] = 0.0
    rates = [0.5 / (1 + 0.2 * step) for step in range(n_steps)]
    return drive(prop, params, list(gradients), rates, note, **rest)


def run(step: Step, case: Case) -> Plain:
    """Take the steps, carrying params and state as returned; then the second and first again.

    The second is repeated from what the first returned: a memory kept outside `state` shows.
    """
    inputs = case.inputs
    params, state = inputs["params"], {}
    path, states, edited = [], [state], set()
    for grads, learning_rate in zip(inputs["gradients"], inputs["learning_rates"], strict=True):
        given = {"params": params.clone(), "grads": grads.clone(), "state": state}
        kept = {name: to_plain(value) for name, value in given.items()}
        try:
            result = step(*given.values(), learning_rate=learning_rate, **inputs["hyperparameters"])
        except KeyError as error:
            if path or not error.args:
                raise
            return {"missing": str(error.args[0])}
        edited |= {name for name, value in given.items() if not same(to_plain(value), kept[name])}
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"not a pair": result}
        params, state = result
        if not isinstance(params, Tensor):
            return {"not params": params}
        if not isinstance(state, dict):
            return {"not a state": type(state).__name__}
        path.append(params.clone())
        states.append(copy.deepcopy(state))
    again = {}
    for i in range(min(2, len(path)) - 1, -1, -1):
        grads, learning_rate = inputs["gradients"][i].clone(), inputs["learning_rates"][i]
        start = path[i - 1].clone() if i else inputs["params"].clone()
        state = copy.deepcopy(states[i]) if i else {}
        again[f"step {i + 1}"], _ = step(
            start, grads, state, learning_rate=learning_rate, **inputs["hyperparameters"]
        )
    return {"path": path, "edited": sorted(edited), "again": again}


def judge_with(optimizer: Callable[..., torch.optim.Optimizer]) -> Callable[[Case, Plain], Plain]:
    """Make the judge that compares with `optimizer(params, **hyperparameters)` of torch."""

    def judge(case: Case, outputs: Plain) -> str | None:
        if "not a pair" in outputs:
            got = kind_of(outputs["not a pair"])
            return f"return the pair (params, state); got {got}"
        if "not params" in outputs:
            got = kind_of(outputs["not params"])
            return f"the first of the pair must be the new params; got {got}"
        if "not a state" in outputs:
            got = outputs["not a state"]
            return f"the second of the pair must be the state, a dict (perhaps empty); got {got}"
        if "missing" in outputs:
            name = outputs["missing"]
            return (
                f"at the first step `state` is {{}}: there is no `state[{name!r}]` yet. "
                f"Use `state.get({name!r}, start)`"
            )
        path = outputs["path"]  # `run` takes as many steps, and keeps tensors
        if len(path) != len(case.inputs["gradients"]) or not all(
            isinstance(params, Tensor) for params in path
        ):
            return "the steps could not be read"
        if case.property == "pure":
            return _impurity(outputs, case.inputs["params"])
        expected = torch_path(optimizer, case)
        for number, (got, right) in enumerate(zip(outputs["path"], expected, strict=True), 1):
            if problem := differs(got, right, what=f"params after step {number}"):
                return problem
        return None

    return judge


def _impurity(outputs: Plain, start: Tensor) -> str | None:
    """What a step changed besides what it returns; whether its numbers are right is not asked."""
    if all(same(params, start) for params in outputs["path"]):
        return "the params that came back are those that went in: the step did not move them"
    if outputs["edited"]:
        return (
            f"`{'`, `'.join(outputs['edited'])}` changed in place; "
            "whoever calls the function still needs the old values"
        )
    for (name, got), before in zip(outputs["again"].items(), outputs["path"][1::-1], strict=True):
        if problem := differs(got, before, what=f"{name}, taken once more from the same state,"):
            return f"{problem}. Keep all that a step remembers in the `state` that it returns"
    return None


def torch_path(optimizer: Callable[..., torch.optim.Optimizer], case: Case) -> list[Tensor]:
    """The params after each step of torch's optimizer."""
    params = case.inputs["params"].clone().requires_grad_()
    stepper = optimizer([params], **case.inputs["hyperparameters"])
    path = []
    for grads, learning_rate in zip(
        case.inputs["gradients"], case.inputs["learning_rates"], strict=True
    ):
        stepper.param_groups[0]["lr"] = learning_rate
        params.grad = grads.clone()
        stepper.step()
        path.append(params.detach().clone())
    return path


def symptoms(case: Case, outputs: Plain) -> Plain:
    """The path alone tells bugs apart, except where purity itself is asked for."""
    return outputs if case.property == "pure" or "path" not in outputs else outputs["path"]
