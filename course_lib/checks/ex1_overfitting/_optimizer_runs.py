"""What the optimizer checks share: runs of several steps, with torch.optim as oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_lib.checks.base import Case, Plain
from course_lib.checks.compare import differs, kind_of
from course_lib.checks.plain import copy_plain, same, to_plain

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
    prop: str, rng: torch.Generator, shape: tuple[int, ...], n_steps: int, note: str, **rest: float
) -> Case:
    """Make a case with random numbers, one gradient all zero, and a learning rate that falls."""
    params = torch.randn(shape, generator=rng, dtype=torch.float64)
    gradients = torch.randn((n_steps, *shape), generator=rng, dtype=torch.float64)
    gradients[n_steps // 2] = 0.0
    rates = [0.5 / (1 + 0.2 * step) for step in range(n_steps)]
    return drive(prop, params, list(gradients), rates, note, **rest)


def run(step: Step, case: Case) -> Plain:
    """Take the steps, carrying params and state as returned; then take the first one once more."""
    params, state = case.inputs["params"], {}
    path, edited = [], set()
    for grads, learning_rate in zip(
        case.inputs["gradients"], case.inputs["learning_rates"], strict=True
    ):
        given = {"params": params.clone(), "grads": grads.clone(), "state": state}
        kept = {name: to_plain(value) for name, value in given.items()}
        result = step(
            *given.values(), learning_rate=learning_rate, **case.inputs["hyperparameters"]
        )
        edited |= {name for name, value in given.items() if not same(to_plain(value), kept[name])}
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"not a pair": result}
        params, state = result
        if not isinstance(params, Tensor):
            return {"not params": params}
        path.append(params.clone())
    first = copy_plain(case.inputs)
    again, _ = step(
        first["params"],
        first["gradients"][0],
        {},
        learning_rate=first["learning_rates"][0],
        **first["hyperparameters"],
    )
    return {"path": path, "edited": sorted(edited), "first step again": again}


def judge_with(optimizer: Callable[..., torch.optim.Optimizer]) -> Callable[[Case, Plain], Plain]:
    """Make the judge that compares with `optimizer(params, **hyperparameters)` of torch."""

    def judge(case: Case, outputs: Plain) -> str | None:
        if "not a pair" in outputs:
            got = kind_of(outputs["not a pair"])
            return f"return the pair (params, state); got {got}"
        if "not params" in outputs:
            got = kind_of(outputs["not params"])
            return f"the first of the pair must be the new params; got {got}"
        expected = torch_path(optimizer, case)
        for number, (got, right) in enumerate(zip(outputs["path"], expected, strict=True), 1):
            if problem := differs(got, right, what=f"params after step {number}"):
                return problem
        if case.property != "pure":
            return None
        if outputs["edited"]:
            return (
                f"the numbers are right, but `{'`, `'.join(outputs['edited'])}` changed in place; "
                "whoever calls the function still needs the old values"
            )
        return differs(
            outputs["first step again"], expected[0], what="the first step, taken once more with {}"
        )

    return judge


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
