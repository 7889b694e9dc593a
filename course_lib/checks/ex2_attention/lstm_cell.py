"""Check of `class LSTMCell(d_input, d_hidden)`, given the weights of each case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs, kind_of
from course_lib.checks.ex2_attention._lstm_bugs import BUGS
from course_lib.checks.modules import construct, draw_weights, load_weights

RTOL, ATOL = 1e-4, 1e-5  # float32 over a few steps, each of which rounds


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One step, one unit, by hand; then several units, sequences, and gradients through time."""
    by_hand = {
        "d_input": 1,
        "d_hidden": 1,
        "weights": {
            "input_proj.weight": torch.tensor([[1.0], [2.0], [3.0], [4.0]]),
            "input_proj.bias": torch.tensor([0.0, 1.0, 0.0, -1.0]),
            "hidden_proj.weight": torch.tensor([[0.1], [0.2], [0.3], [0.4]]),
        },
        "x": torch.tensor([[[0.5]]]),
        "h": torch.tensor([[1.0]]),
        "c": torch.tensor([[2.0]]),
    }
    note = "one unit: i, f, g, o = 0.6, 2.2, 1.8, 1.4 before σ and tanh"

    def drawn(d_input: int, d_hidden: int, batch: int, seq: int, dtype=torch.float32) -> dict:
        shapes = {
            "input_proj.weight": (4 * d_hidden, d_input),
            "input_proj.bias": (4 * d_hidden,),
            "hidden_proj.weight": (4 * d_hidden, d_hidden),
        }
        weights = {name: _short(2 * w) for name, w in draw_weights(shapes, rng, dtype).items()}
        x, h, c = (
            _short(torch.randn(*shape, generator=rng, dtype=torch.float64)).to(dtype)
            for shape in ((batch, seq, d_input), (batch, d_hidden), (batch, d_hidden))
        )
        sizes = {"d_input": d_input, "d_hidden": d_hidden}
        return {**sizes, "weights": weights, "x": x, "h": h, "c": 2 * c}

    for name in ("memory", "hidden"):
        yield Case(name, by_hand, note)
        yield Case(name, drawn(3, 4, 2, 1), "four units, two sequences")
        yield Case(name, drawn(4, 8, 5, 1), "eight units, five sequences")
    for dtype in (torch.float32, torch.float64):
        of_cell = ("d_input", "d_hidden", "weights")
        given = {name: value for name, value in drawn(3, 4, 2, 1, dtype).items() if name in of_cell}
        note = f"weights in {str(dtype).removeprefix('torch.')}"
        yield Case("first state", {**given, "batch": 2}, note)
    yield Case("steps", drawn(3, 4, 2, 2), "two steps")
    yield Case("steps", drawn(3, 4, 2, 7), "seven steps")
    yield Case("steps", drawn(3, 4, 2, 3, torch.float64), "float64")
    yield Case("gradient", drawn(3, 4, 2, 2), "∂(sum of the last h) / ∂x, two steps")
    yield Case("gradient", drawn(3, 4, 2, 6), "∂(sum of the last h) / ∂x, six steps")


def _short(numbers: Tensor) -> Tensor:
    """Two decimals are enough, and short to read."""
    return numbers.mul(100).round() / 100


def run(implementation: Callable[..., Any], case: Case) -> Plain:
    """Make the cell, give it the case's weights, and feed it the sequence step by step."""
    cell = construct(implementation, case.inputs["d_input"], case.inputs["d_hidden"])
    load_weights(cell, case.inputs["weights"])
    if case.property == "first state":
        return cell.initial_state(case.inputs["batch"])
    x = case.inputs["x"].clone().requires_grad_()
    state = case.inputs["h"], case.inputs["c"]
    if case.property != "steps":  # one property is enough to ask that the old state stays
        state = state[0].clone(), state[1].clone()
    for x_at_step in x.unbind(dim=1):
        state = cell(x_at_step, state)
    if case.property == "gradient":
        return torch.autograd.grad(state[0].sum(), x, allow_unused=True, materialize_grads=True)[0]
    return state


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch's own cell."""
    if case.property == "gradient":
        return differs(outputs, _expected(case), RTOL, ATOL, "the gradient")
    if not isinstance(outputs, list | tuple) or len(outputs) != 2:
        return f"expected the state to be a pair (h, c) of tensors, got {kind_of(outputs)}"
    if case.property == "first state":
        return _judge_first_state(case, outputs)
    h, c = _expected(case)
    if case.property == "steps":
        return differs(outputs[0], h, RTOL, ATOL, "the last h") or differs(
            outputs[1], c, RTOL, ATOL, "the last c"
        )
    if case.property == "memory":
        return differs(outputs[1], c, RTOL, ATOL, "c")
    if problem := differs(outputs[1] * 0, c * 0, what="c"):  # is it a tensor of this shape?
        return problem
    o = _gates(case)[3]
    return differs(outputs[0], o * torch.tanh(outputs[1]), RTOL, ATOL, "h, with the c returned,")


def _judge_first_state(case: Case, state: Plain) -> str | None:
    weight = case.inputs["weights"]["hidden_proj.weight"]
    zeros = weight.new_zeros(case.inputs["batch"], weight.shape[1])
    for part, name in zip(state, ("h", "c"), strict=True):
        if problem := differs(part, zeros, what=f"the first {name}"):
            return problem
        if part.dtype != weight.dtype:
            return f"expected the first {name} to have the weights' dtype, {weight.dtype}, " + (
                f"got {part.dtype}"
            )
    return None


def _gates(case: Case) -> tuple[Tensor, ...]:
    """The four gates of the first step, each with its function applied."""
    weights, h = case.inputs["weights"], case.inputs["h"]
    z = case.inputs["x"][:, 0] @ weights["input_proj.weight"].T + weights["input_proj.bias"]
    i, f, g, o = (z + h @ weights["hidden_proj.weight"].T).chunk(4, dim=1)
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


def _expected(case: Case) -> Plain:
    """What torch's cell makes of the sequence: its last state, or the gradient."""
    weights = case.inputs["weights"]
    w_x, b, w_h = (
        weights[name] for name in ("input_proj.weight", "input_proj.bias", "hidden_proj.weight")
    )
    x = case.inputs["x"].clone().requires_grad_(case.property == "gradient")
    state = case.inputs["h"], case.inputs["c"]
    for x_at_step in x.unbind(dim=1):
        state = torch.lstm_cell(x_at_step, state, w_x, w_h, b, torch.zeros_like(b))
    if case.property == "gradient":
        return torch.autograd.grad(state[0].sum(), x)[0]
    return state


CHECK = Check(
    id="ex2_attention/lstm-cell",
    title="An LSTM cell",
    references=("course_lib.nn.recurrent.LSTMCell",),
    properties=(
        Property("first state", 1, "the state before the first step is zero"),
        Property("memory", 3, "the memory c after one step"),
        Property("hidden", 2, "h shows the memory through the output gate"),
        Property("steps", 1, "the state passes from step to step"),
        Property("gradient", 1, "the gradient flows back through all steps"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "Along the memory the gradient is multiplied by σ(f) at each step, and by no matrix: where "
        "the forget gate stays near 1, it survives hundreds of steps."
    ),
    forbidden=("torch.lstm_cell", "torch.lstm", "torch.nn.LSTMCell", "torch.nn.LSTM"),
)
