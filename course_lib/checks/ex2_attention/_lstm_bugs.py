"""The mistakes people make in an LSTM cell, with the words that help."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_lib.checks.base import Bug

State = tuple[Tensor, Tensor]


def in_blocks(z: Tensor) -> list[Tensor]:
    """Four blocks, one after the other."""
    return list(z.chunk(4, dim=-1))


def ordered(names: str) -> Callable[[Tensor], list[Tensor]]:
    """Four blocks read in another order, returned as i, f, g, o."""
    return lambda z: [z.chunk(4, dim=-1)[names.index(name)] for name in "ifgo"]


def new_memory(i: Tensor, f: Tensor, g: Tensor, h: Tensor, c: Tensor) -> Tensor:
    """C after the step."""
    return torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)


def shown(o: Tensor, c: Tensor, before: Tensor) -> Tensor:
    """H after the step."""
    return torch.sigmoid(o) * torch.tanh(c)


def zeros(cell: nn.Module, batch: int) -> State:
    """The first state."""
    first = cell.hidden_proj.weight.new_zeros(batch, cell.hidden_proj.weight.shape[1])
    return first, first.clone()


def cell(
    split: Callable = in_blocks,
    memory: Callable = new_memory,
    hidden: Callable = shown,
    first: Callable = zeros,
    given: Callable = lambda self, state: state,
    returned: Callable = lambda h, c: (h, c),
    from_hidden: Callable = lambda z: z,
    bias: bool = True,
    hidden_bias: bool = False,
    n_blocks: int = 4,
) -> type[nn.Module]:
    """An LSTM cell with its parts exchangeable: each bug below exchanges one."""

    class LSTMCell(nn.Module):
        def __init__(self, d_input: int, d_hidden: int) -> None:
            super().__init__()
            self.input_proj = nn.Linear(d_input, n_blocks * d_hidden, bias=bias)
            self.hidden_proj = nn.Linear(d_hidden, n_blocks * d_hidden, bias=hidden_bias)

        def initial_state(self, batch: int) -> State:
            return first(self, batch)

        def forward(self, x: Tensor, state: State) -> State:
            h, c = given(self, state)
            i, f, g, o = split(self.input_proj(x) + from_hidden(self.hidden_proj(h)))
            after = memory(i, f, g, h, c)
            return returned(hidden(o, after, c), after)

    return LSTMCell


def _memory(name: str, sentence: str, hint: str, wrong: Callable) -> Bug:
    return Bug(name, sentence, hint, cell(memory=wrong))


def _order(name: str, taken: str, whose: str) -> Bug:
    return Bug(
        name,
        f"The four blocks are read in the order {', '.join(taken)}{whose}; here it is i, f, g, o.",
        "`i, f, g, o = (…).chunk(4, dim=-1)`: the order decides which weights are whose.",
        cell(split=ordered(taken)),
    )


BUGS = (
    _order("forget-gate-first", "figo", ", the forget gate first"),
    _order("output-gate-third", "ifog", ", the candidate last"),
    _order("candidate-second", "igfo", ", as in early TensorFlow"),
    _order("forget-gate-first-candidate-last", "fiog", ", the forget gate first"),
    _order("output-gate-second", "iofg", ", as in ONNX"),
    Bug(
        "interleaved",
        "The blocks are interleaved: entries 0, 4, 8, … are taken for the input gate.",
        "The first d_hidden entries belong to i, the next d_hidden to f, and so on: `chunk(4)`.",
        cell(split=lambda z: list(z.reshape(*z.shape[:-1], -1, 4).unbind(-1))),
    ),
    _memory(
        "forgets-the-wrong-state",
        "The forget gate multiplies h, the hidden state; what it keeps or forgets is the memory c.",
        "c ← σ(f) ⊙ c + σ(i) ⊙ tanh(g).",
        lambda i, f, g, h, c: f.sigmoid() * h + i.sigmoid() * g.tanh(),
    ),
    _memory(
        "forget-gate-turned",
        "The forget gate is turned: 1 − σ(f) of the memory is kept. Despite its name, σ(f) near 1 "
        "means keep.",
        "Multiply the old memory by σ(f).",
        lambda i, f, g, h, c: (1 - f.sigmoid()) * c + i.sigmoid() * g.tanh(),
    ),
    _memory(
        "memory-lost",
        "The old memory is dropped at every step: nothing of c is in the new c.",
        "Add σ(f) ⊙ c to what comes in.",
        lambda i, f, g, h, c: i.sigmoid() * g.tanh(),
    ),
    _memory(
        "nothing-forgotten",
        "The forget gate is not used: all of the old memory is kept.",
        "Multiply the old c by σ(f) before you add what comes in.",
        lambda i, f, g, h, c: c + i.sigmoid() * g.tanh(),
    ),
    _memory(
        "all-let-in",
        "The input gate is not used: all of tanh(g) is added to the memory.",
        "Multiply tanh(g) by σ(i).",
        lambda i, f, g, h, c: f.sigmoid() * c + g.tanh(),
    ),
    _memory(
        "candidate-without-tanh",
        "g enters the memory as it is; it should pass through tanh first.",
        "c ← σ(f) ⊙ c + σ(i) ⊙ tanh(g).",
        lambda i, f, g, h, c: f.sigmoid() * c + i.sigmoid() * g,
    ),
    _memory(
        "candidate-with-sigmoid",
        "g passes through the logistic function, so that the memory can only grow.",
        "The gates i, f, o take σ; the candidate g takes tanh, between −1 and 1.",
        lambda i, f, g, h, c: f.sigmoid() * c + i.sigmoid() * g.sigmoid(),
    ),
    _memory(
        "gates-with-tanh",
        "The input and forget gates use tanh, which can be negative.",
        "A gate is a share between 0 and 1: `torch.sigmoid`.",
        lambda i, f, g, h, c: f.tanh() * c + i.tanh() * g.tanh(),
    ),
    _memory(
        "gates-coupled",
        "What comes in is weighted by 1 − σ(f), as in a GRU; here the input gate is its own.",
        "Multiply tanh(g) by σ(i).",
        lambda i, f, g, h, c: f.sigmoid() * c + (1 - f.sigmoid()) * g.tanh(),
    ),
    Bug(
        "memory-shown-without-tanh",
        "h is σ(o) ⊙ c: the tanh on the memory is missing, so h can be of any size.",
        "h ← σ(o) ⊙ tanh(c).",
        cell(hidden=lambda o, c, before: o.sigmoid() * c),
    ),
    Bug(
        "old-memory-shown",
        "h is computed from the memory as it was before the step.",
        "Compute the new c first, then h ← σ(o) ⊙ tanh(c) with it.",
        cell(hidden=lambda o, c, before: o.sigmoid() * before.tanh()),
    ),
    Bug(
        "output-gate-missing",
        "The output gate is not used: h is tanh(c).",
        "Multiply tanh(c) by σ(o).",
        cell(hidden=lambda o, c, before: c.tanh()),
    ),
    Bug(
        "hidden-state-ignored",
        "The gates see x only: the state h makes no difference to them.",
        "Add `hidden_proj(h)` to `input_proj(x)` before you cut the sum into four.",
        cell(from_hidden=lambda z: 0 * z),
    ),
    Bug(
        "state-ignored",
        "The state that is passed in is not used: every step starts from zeros.",
        "`h, c = state`: the caller passes what your last step returned.",
        cell(given=lambda self, state: zeros(self, len(state[0]))),
    ),
    Bug(
        "state-unpacked-in-reverse",
        "The state is unpacked as (c, h); it comes as (h, c).",
        "`h, c = state`.",
        cell(given=lambda self, state: (state[1], state[0])),
    ),
    Bug(
        "state-returned-in-reverse",
        "The new state is returned as (c, h).",
        "Return (h, c), as it comes in.",
        cell(returned=lambda h, c: (c, h)),
    ),
    Bug(
        "only-h-returned",
        "Only h comes back; the next step needs the memory too.",
        "Return the pair (h, c).",
        cell(returned=lambda h, c: h),
    ),
    Bug(
        "detached",
        "The state is cut off from the computation: no gradient reaches earlier steps.",
        "Leave out `.detach()`, `.data` and `torch.no_grad()`.",
        cell(given=lambda self, state: (state[0].detach(), state[1].detach())),
    ),
    Bug(
        "one-vector-as-first-state",
        "initial_state returns one tensor; the state of an LSTM has two, h and c.",
        "Return the pair (zeros, zeros).",
        cell(first=lambda self, batch: zeros(self, batch)[0]),
    ),
    Bug(
        "first-state-without-batch",
        "The first state has no batch axis.",
        "Each sequence of the batch has a state of its own: shape (batch, d_hidden).",
        cell(first=lambda self, batch: tuple(part[0] for part in zeros(self, 1))),
    ),
    Bug(
        "first-state-in-float32",
        "The first state is always float32; a cell in float64 or bfloat16 could not go on from it.",
        "`self.hidden_proj.weight.new_zeros(batch, d_hidden)` has the dtype and the device of the "
        "weights.",
        cell(first=lambda self, batch: tuple(part.float() for part in zeros(self, batch))),
    ),
    Bug(
        "bias-twice",
        "hidden_proj has a bias too; W_h h + b would then hold two, which are only ever added.",
        "`nn.Linear(d_hidden, 4 * d_hidden, bias=False)`.",
        cell(hidden_bias=True),
    ),
    Bug(
        "no-bias",
        "There is no bias: `input_proj` should hold W_x and b.",
        "`nn.Linear(d_input, 4 * d_hidden)` has a bias unless you forbid it.",
        cell(bias=False),
    ),
    Bug(
        "one-gate-only",
        "The projections have room for one gate; four blocks of d_hidden are needed.",
        "`nn.Linear(d_input, 4 * d_hidden)`, and the same for `hidden_proj`.",
        cell(n_blocks=1),
    ),
)
