"""Run a student's GPT on a case: its config, the case's weights, and a head that may be untied."""

from __future__ import annotations

import contextlib
import inspect
import random
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checks.base import Case, Plain
from course_lib.checks.ex2_attention._gpt_plain import EMBEDDING, POSITIONS, gpt_shapes
from course_lib.checks.ex2_attention._transformer import drawn
from course_lib.checks.modules import construct, load_weights


@dataclass(frozen=True)
class Config:
    """Stands in for GPTConfig where the student's `__init__` does not say what config is."""

    vocab_size: int
    context_length: int
    d_model: int
    n_heads: int
    n_layers: int
    d_ff: int
    dropout: float = 0.0


def run(implementation, case: Case) -> Plain:
    """The student's model with the case's weights: its logits, loss and number of parameters."""
    given, config = case.inputs, _config(implementation, case.inputs["config"])
    model = construct(implementation, config)
    first = _first_weights(model)
    weights = weights_of(case)
    head = _untied(model, weights)
    load_weights(model, weights | head)
    if case.property == "start":
        return first
    model.train(given.get("training", True))
    with _random_state_of_its_own():
        found = model(given["token_ids"])
        if case.property == "tied":
            shapes = [list(parameter.shape) for parameter in head.values()]
            return {"logits": found, "head": shapes}
        if case.property != "loss":
            return found
        return {"logits": found, "loss": model.loss(given["token_ids"], given["targets"])}


@contextlib.contextmanager
def _random_state_of_its_own() -> Iterator[None]:
    """Dropout may draw from torch's global state; beartype, in tests of models, from Python's."""
    state = random.getstate()
    try:
        with torch.random.fork_rng(devices=()):
            yield
    finally:
        random.setstate(state)


def _config(implementation: Any, sizes: dict[str, Plain]) -> Any:
    """The config as the class that `__init__` asks for, if it has the fields of a GPTConfig."""
    kind = inspect.signature(implementation).parameters.get("config")
    kind = Config if kind is None else kind.annotation
    wanted = {field.name for field in fields(Config)}
    is_config = inspect.isclass(kind) and wanted <= set(getattr(kind, "__dataclass_fields__", ()))
    return (kind if is_config else Config)(**sizes)


def weights_of(case: Case) -> dict[str, Tensor]:
    """The weights of a case by name."""
    weights = drawn(gpt_shapes(Config(**case.inputs["config"])), case.inputs["weights_seed"])
    if case.inputs.get("positions_are_zero"):
        weights[POSITIONS] = weights[POSITIONS] * 0
    return weights


def _untied(model: nn.Module, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Parameters of a head that is not the embedding: its values, or zeros for a bias."""
    found = {}
    embedding = weights[EMBEDDING]
    ours = dict(model.named_parameters(remove_duplicate=False))
    known = {id(ours[name]) for name in weights if name in ours}
    for name, parameter in ours.items():
        if id(parameter) not in known and parameter.shape == embedding.shape:
            found[name] = embedding
        elif id(parameter) not in known and parameter.shape == embedding.shape[:1]:
            found[name] = torch.zeros_like(embedding[:, 0])
    return found


def _first_weights(model: nn.Module) -> Plain:
    """Root mean squares of the matrices, by name, as the student's `__init__` leaves them."""
    return {
        name: parameter.detach().double().square().mean().sqrt().item()
        for name, parameter in model.named_parameters(remove_duplicate=False)
        if parameter.ndim > 1
    }
