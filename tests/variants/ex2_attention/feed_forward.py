"""Other correct ways to write FeedForward."""

import math

import torch
from torch import nn
from torch.nn import functional as F

MODULES = {
    "relu": nn.ReLU(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
}


class WithModules(nn.Module):
    """Activations as modules; the maps made in the order in which they are used."""

    def __init__(self, d_model, d_ff, activation="gelu", gated=False, bias=True, dropout=0.0):
        super().__init__()
        self.up_proj = nn.Linear(d_model, d_ff, bias=bias)
        if gated:
            self.gate_proj = nn.Linear(d_model, d_ff, bias=bias)
        self.down_proj = nn.Linear(d_ff, d_model, bias=bias)
        self.act = MODULES[activation]
        self.drop = nn.Dropout(p=dropout)

    def forward(self, x):
        h = self.up_proj(x)
        h = self.act(self.gate_proj(x)) * h if hasattr(self, "gate_proj") else self.act(h)
        return self.down_proj(self.drop(h))


class Functional(nn.Module):
    """One matrix product for gate and value together, dropout as a function."""

    def __init__(self, d_model, d_ff, activation="gelu", gated=False, bias=True, dropout=0.0):
        super().__init__()
        self.gated, self.p, self.name = gated, dropout, activation
        names = ["gate_proj", "up_proj"] if gated else ["up_proj"]
        for name in names:
            setattr(self, name, nn.Linear(d_model, d_ff, bias=bias))
        self.inward = names
        self.down_proj = nn.Linear(d_ff, d_model, bias=bias)

    def phi(self, z):
        if self.name == "relu":
            return z.clamp(min=0)
        if self.name == "silu":
            return z * z.sigmoid()
        return F.gelu(z, approximate="tanh" if self.name.endswith("tanh") else "none")

    def forward(self, x):
        maps = [getattr(self, name) for name in self.inward]
        weight = torch.cat([m.weight for m in maps])
        bias = None if maps[0].bias is None else torch.cat([m.bias for m in maps])
        h = F.linear(x, weight, bias)
        if self.gated:
            gate, up = h.chunk(2, dim=-1)
            h = self.phi(gate).mul(up)
        else:
            h = self.phi(h)
        return self.down_proj(F.dropout(h, self.p, training=self.training))


class Matrix(nn.Module):
    """Weights as plain parameters, formulas written out, a mask drawn by hand."""

    def __init__(self, d_model, d_ff, activation="gelu", gated=False, bias=True, dropout=0.0):
        super().__init__()
        self.gate_proj = self._linear(d_model, d_ff, bias) if gated else None
        self.up_proj = self._linear(d_model, d_ff, bias)
        self.down_proj = self._linear(d_ff, d_model, bias)
        self.activation, self.p = activation, dropout

    @staticmethod
    def _linear(n_in, n_out, bias):
        holder = nn.Module()
        holder.weight = nn.Parameter(torch.randn(n_out, n_in))
        holder.register_parameter("bias", nn.Parameter(torch.zeros(n_out)) if bias else None)
        return holder

    @staticmethod
    def _map(part, x):
        y = torch.einsum("...i,oi->...o", x, part.weight)
        return y if part.bias is None else y + part.bias

    def _phi(self, z):
        if self.activation == "relu":
            return torch.maximum(z, torch.zeros_like(z))
        if self.activation == "gelu":
            return z * 0.5 * torch.erfc(-z / math.sqrt(2))
        if self.activation == "silu":
            return z / (1 + (-z).exp())
        return z * torch.sigmoid(2 * math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))

    def forward(self, x):
        features = self._map(self.up_proj, x)
        if self.gate_proj is None:
            features = self._phi(features)
        else:
            features = features * self._phi(self._map(self.gate_proj, x))
        if self.training and self.p > 0:
            keep = torch.rand(features.shape) >= self.p
            features = features * keep / (1 - self.p)
        return self._map(self.down_proj, features)


VARIANTS = [WithModules, Functional, Matrix]
