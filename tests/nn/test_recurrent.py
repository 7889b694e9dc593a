"""Recurrent cells against torch's own with the same weights, and against numbers worked by hand."""

import math

import pytest
import torch
from torch import nn

from course_lib.nn.recurrent import LSTMCell, RNNCell, run_cell

CELLS = {"RNN": (RNNCell, nn.RNN), "LSTM": (LSTMCell, nn.LSTM)}
SHAPES = [(1, 1, 1, 1), (3, 7, 5, 4), (2, 40, 8, 16)]  # batch, seq, d_input, d_hidden


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pair_of(name, d_input, d_hidden):
    """Our cell and torch's whole network, with the same random weights."""
    our_class, their_class = CELLS[name]
    cell, network = our_class(d_input, d_hidden), their_class(d_input, d_hidden, batch_first=True)
    rng = seeded(1)
    for parameter in network.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5, generator=rng)
    with torch.no_grad():
        cell.input_proj.weight.copy_(network.weight_ih_l0)
        cell.hidden_proj.weight.copy_(network.weight_hh_l0)
        cell.input_proj.bias.copy_(network.bias_ih_l0 + network.bias_hh_l0)
    return cell, network


def random_state(name, batch, d_hidden):
    states = torch.randn(2, batch, d_hidden, generator=seeded(2))
    return states[0] if name == "RNN" else (states[0], states[1])


def as_torch(state):
    """The state with torch's axis of layers in front."""
    return tuple(part[None] for part in state) if isinstance(state, tuple) else state[None]


def close(ours, theirs, atol=1e-6):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=atol)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", CELLS)
def test_a_sequence_gives_what_torchs_network_gives(name, shape):
    batch, seq, d_input, d_hidden = shape
    cell, network = pair_of(name, d_input, d_hidden)
    x = torch.randn(batch, seq, d_input, generator=seeded())
    for state in (cell.initial_state(batch), random_state(name, batch, d_hidden)):
        hidden, last = run_cell(cell, x, state)
        expected_hidden, expected_last = network(x, as_torch(state))
        close(hidden, expected_hidden)
        close(as_torch(last), expected_last)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", CELLS)
def test_gradients_are_those_of_torchs_network(name, shape):
    batch, seq, d_input, d_hidden = shape
    cell, network = pair_of(name, d_input, d_hidden)
    ours = torch.randn(batch, seq, d_input, generator=seeded(), requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    weights = torch.randn(batch, seq, d_hidden, generator=seeded(3)) / (batch * seq)
    (run_cell(cell, ours, cell.initial_state(batch))[0] * weights).sum().backward()
    (network(theirs)[0] * weights).sum().backward()
    close(ours.grad, theirs.grad)
    close(cell.input_proj.weight.grad, network.weight_ih_l0.grad)
    close(cell.hidden_proj.weight.grad, network.weight_hh_l0.grad)
    close(cell.input_proj.bias.grad, network.bias_ih_l0.grad)


@pytest.mark.parametrize("name", CELLS)
def test_a_sequence_may_be_read_in_two_parts(name):
    cell, _ = pair_of(name, 3, 4)
    x = torch.randn(2, 9, 3, generator=seeded())
    whole, last = run_cell(cell, x, cell.initial_state(2))
    first, state = run_cell(cell, x[:, :5], cell.initial_state(2))
    second, last_of_second = run_cell(cell, x[:, 5:], state)
    assert torch.equal(torch.cat([first, second], dim=1), whole)
    assert all(map(torch.equal, as_torch(last_of_second), as_torch(last)))


@pytest.mark.parametrize("name", CELLS)
def test_the_state_holds_the_hidden_vector_of_the_last_step(name):
    cell, _ = pair_of(name, 3, 4)
    hidden, last = run_cell(cell, torch.ones(2, 5, 3), cell.initial_state(2))
    assert torch.equal(hidden[:, -1], last[0] if name == "LSTM" else last)


def filled(cell, input_weight, hidden_weight, bias):
    with torch.no_grad():
        cell.input_proj.weight.copy_(torch.tensor(input_weight)[:, None])
        cell.hidden_proj.weight.copy_(torch.tensor(hidden_weight)[:, None])
        cell.input_proj.bias.copy_(torch.tensor(bias))
    return cell


def test_one_step_of_an_rnn_worked_by_hand():
    cell = filled(RNNCell(1, 1), [2.0], [3.0], [0.5])
    state = cell(torch.tensor([[0.25]]), torch.tensor([[-0.1]]))
    assert state.item() == pytest.approx(math.tanh(0.7))  # 2 · 0.25 + 3 · (−0.1) + 0.5


def test_one_step_of_an_lstm_worked_by_hand():
    cell = filled(LSTMCell(1, 1), [1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, -1.0])
    h, c = cell(torch.tensor([[0.5]]), (torch.tensor([[1.0]]), torch.tensor([[2.0]])))

    def logistic(z):
        return 1 / (1 + math.exp(-z))

    # i = 0.5 + 0.1, f = 1 + 0.2 + 1, g = 1.5 + 0.3, o = 2 + 0.4 − 1
    memory = logistic(2.2) * 2.0 + logistic(0.6) * math.tanh(1.8)
    assert c.item() == pytest.approx(memory)
    assert h.item() == pytest.approx(logistic(1.4) * math.tanh(memory))


def test_an_open_forget_gate_and_a_shut_input_gate_keep_memory_and_gradient():
    cell = filled(LSTMCell(1, 1), [0.0] * 4, [0.0] * 4, [-100.0, 100.0, 0.0, 0.0])
    memory = torch.tensor([[0.7]], requires_grad=True)
    _, (_, last) = run_cell(cell, torch.randn(1, 200, 1, generator=seeded()), (0 * memory, memory))
    assert last.item() == pytest.approx(0.7)
    assert torch.autograd.grad(last.sum(), memory)[0].item() == pytest.approx(1.0)


@pytest.mark.parametrize("name", CELLS)
def test_bfloat16_stays_bfloat16_and_near(name):
    cell, _ = pair_of(name, 5, 8)
    x = torch.randn(2, 6, 5, generator=seeded())
    exact, _ = run_cell(cell, x, cell.initial_state(2))
    cell = cell.to(torch.bfloat16)
    rounded, _ = run_cell(cell, x.to(torch.bfloat16), cell.initial_state(2))
    assert rounded.dtype == torch.bfloat16
    close(rounded.float(), exact, atol=0.03)


@pytest.mark.parametrize("name", CELLS)
def test_the_first_state_is_zero_and_has_the_type_of_the_weights(name):
    state = CELLS[name][0](2, 3).double().initial_state(4)
    for part in state if name == "LSTM" else (state,):
        assert part.shape == (4, 3)
        assert part.dtype == torch.float64
        assert not part.any()


def test_a_sequence_without_a_step_is_refused():
    cell = RNNCell(3, 4)
    with pytest.raises(ValueError, match=r"x must have at least one step, got shape \(2, 0, 3\)"):
        run_cell(cell, torch.zeros(2, 0, 3), cell.initial_state(2))
