"""Recurrent networks: a state that is passed on from each step of a sequence to the next."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class RNNCell(nn.Module):
    """One step of a simple recurrent network: the state h becomes

        h ← tanh(W_x x + W_h h + b)

    with W_x and b in `input_proj`, W_h in `hidden_proj`. torch.nn.RNN is the same with two biases,
    which it adds.

    Source: Elman (1990).
    """

    def __init__(self, d_input: int, d_hidden: int):
        super().__init__()
        self.input_proj = nn.Linear(d_input, d_hidden)
        self.hidden_proj = nn.Linear(d_hidden, d_hidden, bias=False)

    def initial_state(self, batch: int) -> Float[Tensor, "batch d_hidden"]:
        """The state before the first step: zeros."""
        weight = self.hidden_proj.weight
        return weight.new_zeros(batch, len(weight))

    def forward(
        self, x: Float[Tensor, "batch d_input"], state: Float[Tensor, "batch d_hidden"]
    ) -> Float[Tensor, "batch d_hidden"]:
        """The state after reading x."""
        return torch.tanh(self.input_proj(x) + self.hidden_proj(state))


class LSTMCell(nn.Module):
    """One step of a long short-term memory: gates decide what its memory c takes in, keeps, shows.

        i, f, g, o = the four blocks of d_hidden rows, in this order, of W_x x + W_h h + b
        c ← σ(f) ⊙ c + σ(i) ⊙ tanh(g)
        h ← σ(o) ⊙ tanh(c)

    where σ is the logistic function and ⊙ multiplies entry by entry. W_x and b are in `input_proj`,
    W_h in `hidden_proj`; the state is the pair (h, c). torch.nn.LSTM is the same with two biases,
    which it adds.

    Sources: Hochreiter and Schmidhuber (1997), section 4; Gers, Schmidhuber and Cummins (2000),
    section 3, for the forget gate f.
    """

    def __init__(self, d_input: int, d_hidden: int):
        super().__init__()
        self.input_proj = nn.Linear(d_input, 4 * d_hidden)
        self.hidden_proj = nn.Linear(d_hidden, 4 * d_hidden, bias=False)

    def initial_state(
        self, batch: int
    ) -> tuple[Float[Tensor, "batch d_hidden"], Float[Tensor, "batch d_hidden"]]:
        """The state before the first step: zeros."""
        weight = self.hidden_proj.weight
        zeros = weight.new_zeros(batch, weight.shape[1])
        return zeros, zeros

    def forward(
        self,
        x: Float[Tensor, "batch d_input"],
        state: tuple[Float[Tensor, "batch d_hidden"], Float[Tensor, "batch d_hidden"]],
    ) -> tuple[Float[Tensor, "batch d_hidden"], Float[Tensor, "batch d_hidden"]]:
        """The state (h, c) after reading x."""
        h, c = state
        i, f, g, o = (self.input_proj(x) + self.hidden_proj(h)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


def run_cell(
    cell: nn.Module,
    x: Float[Tensor, "batch seq d_input"],
    state: Tensor | tuple[Tensor, Tensor],
) -> tuple[Float[Tensor, "batch seq d_hidden"], Tensor | tuple[Tensor, Tensor]]:
    """Feed a sequence to an RNN or LSTM cell, one step after the other.

    Returns h after each step, and the whole state after the last.
    Raises ValueError if the sequence has no step.
    """
    if x.shape[1] == 0:
        raise ValueError(f"x must have at least one step, got shape {tuple(x.shape)}")
    hidden = []
    for x_at_step in x.unbind(dim=1):
        state = cell(x_at_step, state)
        hidden.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(hidden, dim=1), state
