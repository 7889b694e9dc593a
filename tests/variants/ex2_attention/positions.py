"""Other correct ways to write sinusoidal_positions and rotate."""

import math

import torch


def by_slices(context_length, d_model):
    """As in many tutorials: frequencies through exp and log, written into a table of zeros."""
    table = torch.zeros(context_length, d_model)
    position = torch.arange(0, context_length, dtype=torch.float).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
    table[:, 0::2] = torch.sin(position * div_term)
    table[:, 1::2] = torch.cos(position * div_term)
    return table


def complex_numbers(x, positions, base=10_000.0):
    """As Llama's own program does."""
    d_head = x.shape[-1]
    theta = 1.0 / (base ** (torch.arange(0, d_head, 2).float() / d_head))
    angles = positions.unsqueeze(-1).float() * theta
    turns = torch.polar(torch.ones_like(angles), angles)
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], d_head // 2, 2))
    return torch.view_as_real(pairs * turns).flatten(-2).type_as(x)


def loops(context_length, d_model):
    rows = []
    for m in range(context_length):
        row = []
        for i in range(d_model // 2):
            angle = m / 10_000 ** (2 * i / d_model)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return torch.tensor(rows)


def in_place_on_a_copy(x, positions, base=10_000.0):
    """cos and sin are cast to x's dtype, and the products are formed in it."""
    d_head = x.shape[-1]
    angles = positions[..., None] * base ** (-torch.arange(0, d_head, 2) / d_head)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    y = torch.empty_like(x)
    y[..., ::2] = x[..., ::2] * cos - x[..., 1::2] * sin
    y[..., 1::2] = x[..., ::2] * sin + x[..., 1::2] * cos
    return y


def shifted_sines(context_length, d_model):
    """A cosine is a sine a quarter turn on."""
    column = torch.arange(d_model, dtype=torch.float64)
    wavelength = 10_000.0 ** (2 * (column // 2) / d_model)
    angles = torch.arange(context_length, dtype=torch.float64)[:, None] / wavelength
    return torch.sin(angles + column % 2 * math.pi / 2)


def swapped_neighbours(x, positions, base=10_000.0):
    """x cos + (−odd, even) sin, with every cosine and sine written twice."""
    d_head = x.shape[-1]
    theta = (base ** (-torch.arange(0, d_head, 2, dtype=torch.float64) / d_head)).repeat_interleave(
        2
    )
    angles = positions[..., None] * theta
    other = torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)
    return (x * angles.cos() + other * angles.sin()).to(x.dtype)


def matrices(x, positions, base=10_000.0):
    """A 2 × 2 matrix for every pair and position."""
    d_head = x.shape[-1]
    i = torch.arange(d_head // 2)
    angles = torch.einsum("...s,i->...si", positions.double(), base ** (-2.0 * i / d_head).double())
    c, s = angles.cos(), angles.sin()
    turn = torch.stack((torch.stack((c, -s), -1), torch.stack((s, c), -1)), -2)
    pairs = x.double().unflatten(-1, (-1, 2))
    return (turn @ pairs.unsqueeze(-1)).flatten(-3).to(x.dtype)


VARIANTS = [
    (by_slices, complex_numbers),
    (loops, in_place_on_a_copy),
    (shifted_sines, swapped_neighbours),
    (by_slices, matrices),
]
