"""A student's torch module with weights from the case, so that its results can be compared.

    module = construct(implementation, d_input, d_hidden)
    load_weights(module, case.inputs["weights"])        # {"input_proj.weight": a tensor, …}

Both are called in a check's `run`. What is wrong with the module itself, such as a missing
parameter, they raise as a `ModuleProblem`, whose text the report shows as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter


class ModuleProblem(Exception):
    """What a student's module lacks or has too much, in words for its author."""


def draw_weights(
    shapes: Mapping[str, Sequence[int]],
    rng: torch.Generator,
    dtype: torch.dtype = torch.float32,
) -> dict[str, Tensor]:
    """Random weights for a case: normal, divided by the root of the last axis.

    Args:
        shapes: the shape of every parameter by its dotted name.
        rng: what they are drawn from.
        dtype: of every tensor.
    """
    return {
        name: (torch.randn(*shape, generator=rng, dtype=torch.float64) / shape[-1] ** 0.5).to(dtype)
        for name, shape in shapes.items()
    }


def construct(kind: Callable[..., Any], *arguments: Any, **keywords: Any) -> nn.Module:
    """Make a student's module; its first weights may come from torch's global random state."""
    with torch.random.fork_rng(devices=()):
        module = kind(*arguments, **keywords)
    if not isinstance(module, nn.Module):
        raise ModuleProblem(
            f"Expected `{_name(kind)}(…)` to make a `torch.nn.Module`, "
            f"got an object of type {type(module).__name__}."
        )
    return module


def load_weights(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a module's parameters these values, and their dtype to the whole module.

    Two names of one parameter, as of tied weights, count as one. Buffers may be whatever the module
    likes.

    Args:
        module: made by the student.
        weights: the value of every parameter by its dotted name.

    Raises:
        ModuleProblem: if the module has other parameters, or one of another shape.
    """
    parameters = dict(module.named_parameters(remove_duplicate=False))
    _check_names(module, parameters, weights)
    for name, value in weights.items():
        if isinstance(parameters[name], UninitializedParameter):
            raise ModuleProblem(
                f"`{name}` has no shape before the module's first call. Make the layer with its "
                "sizes, as `nn.Linear(n_in, n_out)`, and not as a lazy one."
            )
        if parameters[name].shape != value.shape:
            raise ModuleProblem(_shape_problem(name, parameters[name], value))
    for name, value in weights.items():
        parameters[name].data = value.detach().clone()
    dtypes = {value.dtype for value in weights.values()}
    if len(dtypes) == 1:
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer.data = buffer.data.to(*dtypes)


def _check_names(
    module: nn.Module, parameters: Mapping[str, Tensor], weights: Mapping[str, Tensor]
) -> None:
    """The words name no class, so that a bug's and a student's are the same."""
    missing = [name for name in weights if name not in parameters]
    if missing:
        shape = f", of shape {tuple(weights[missing[0]].shape)}" if len(missing) == 1 else ""
        has = _listed(list(parameters)) if parameters else "none"
        raise ModuleProblem(
            f"Your module lacks the {_counted(missing)}{shape}; it has {has}. "
            f"{_reason(module, missing[0])}"
        )
    wanted = {id(parameters[name]) for name in weights}
    extra = [name for name, value in parameters.items() if id(value) not in wanted]
    if extra:
        are_biases = all(name.rpartition(".")[2] == "bias" for name in extra)
        hint = " `bias=False` makes a linear layer without one." * are_biases
        raise ModuleProblem(
            f"Your module has the {_counted(extra)}, which the task does not ask for.{hint}"
        )


def _reason(module: nn.Module, name: str) -> str:
    """Why a module may lack a parameter: what stands in the way on the path to it."""
    here: Any = module
    path = name.split(".")
    for place, part in enumerate(path):
        if isinstance(here, list | tuple | dict) and not isinstance(here, nn.Module):
            holder = ".".join(path[:place])
            return (
                f"`{holder}` is a plain {type(here).__name__}, in which torch finds no parameters: "
                "`nn.ModuleList` holds a list of modules."
            )
        if not hasattr(here, part):
            return "The task says what each is called."
        here = getattr(here, part)
    if isinstance(here, Tensor):
        return f"`{name}` is a tensor; wrapped in `nn.Parameter` it becomes a parameter."
    return "The task says what each is called."


def _shape_problem(name: str, parameter: Tensor, value: Tensor) -> str:
    got, expected = tuple(parameter.shape), tuple(value.shape)
    message = f"Expected the parameter `{name}` to have shape {expected}, got {got}."
    if got == expected[::-1] and len(got) == 2:
        message += " `nn.Linear(n_in, n_out)` keeps its weight as (n_out, n_in)."
    return message


def _counted(names: Sequence[str]) -> str:
    return f"parameter{'s' * (len(names) > 1)} {_listed(names)}"


def _listed(names: Sequence[str], most: int = 12) -> str:
    """Names in words, not too many of them."""
    shown = [f"`{name}`" for name in names[:most]]
    if more := len(names) - len(shown):
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", type(kind).__name__)
