"""Other correct ways to write LSTMCell."""

import torch
from torch import nn
from torch.nn import functional as F


class Slices(nn.Module):
    def __init__(self, d_input, d_hidden):
        super(Slices, self).__init__()  # noqa: UP008, as many people write it
        self.d = d_hidden
        self.hidden_proj = nn.Linear(d_hidden, 4 * d_hidden, bias=False)
        self.input_proj = nn.Linear(d_input, 4 * d_hidden, bias=True)

    def initial_state(self, batch):
        zeros = torch.zeros(batch, self.d, dtype=self.input_proj.weight.dtype)
        return (zeros, zeros)

    def forward(self, x, state):
        h_old, c_old = state
        z = self.hidden_proj(h_old) + self.input_proj(x)
        d = self.d
        input_gate = F.sigmoid(z[:, :d])
        forget_gate = F.sigmoid(z[:, d : 2 * d])
        candidate = F.tanh(z[:, 2 * d : 3 * d])
        output_gate = F.sigmoid(z[:, 3 * d :])
        c_new = forget_gate * c_old + input_gate * candidate
        return output_gate * torch.tanh(c_new), c_new


class ByFormula(nn.Module):
    """Parameters made by hand, logistic function through tanh, a list as state."""

    class Weights(nn.Module):
        def __init__(self, d_in, d_out, bias):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(d_out, d_in) * 0.1)
            if bias:
                self.bias = nn.Parameter(torch.zeros(d_out))

    def __init__(self, d_input, d_hidden):
        super().__init__()
        self.input_proj = self.Weights(d_input, 4 * d_hidden, True)
        self.hidden_proj = self.Weights(d_hidden, 4 * d_hidden, False)
        self.register_buffer("zero", torch.zeros(1, d_hidden))

    def initial_state(self, batch):
        return [self.zero.repeat(batch, 1), self.zero.expand(batch, -1)]

    def forward(self, x, state):
        def logistic(z):
            return (1 + torch.tanh(z / 2)) / 2

        z = torch.einsum("bi,gi->bg", x, self.input_proj.weight) + self.input_proj.bias
        z = z + torch.einsum("bh,gh->bg", state[0], self.hidden_proj.weight)
        i, f, g, o = z.view(x.shape[0], 4, -1).unbind(1)
        c = torch.addcmul(logistic(f) * state[1], logistic(i), (2 * g).sigmoid() * 2 - 1)
        return [logistic(o) * torch.tanh(c), c]


class OneProduct(nn.Module):
    """One matrix product of the input and the state side by side."""

    def __init__(self, d_input, d_hidden):
        super().__init__()
        self.input_proj = nn.Linear(d_input, 4 * d_hidden)
        self.hidden_proj = nn.Linear(d_hidden, 4 * d_hidden, bias=False)
        nn.init.orthogonal_(self.hidden_proj.weight)

    def initial_state(self, batch):
        weight = next(self.hidden_proj.parameters())
        return tuple(weight.new_zeros(2, batch, weight.size(1)))

    def forward(self, x, state):
        h, c = state
        both = torch.cat([self.input_proj.weight, self.hidden_proj.weight], dim=1)
        gates = torch.cat([x, h], dim=1) @ both.T + self.input_proj.bias
        i, f, g, o = torch.split(gates, h.shape[1], dim=1)
        c = c * f.sigmoid()
        c += i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


VARIANTS = [Slices, ByFormula, OneProduct]
