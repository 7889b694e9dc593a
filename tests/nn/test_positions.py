"""Positions that are added: against loops, hand-worked numbers, and torch.nn.Embedding."""

import math

import pytest
import torch
from torch import nn

from course_lib.nn.positions import LearnedPositions, sinusoidal_positions


@pytest.mark.parametrize(("context_length", "d_model"), [(1, 2), (7, 2), (5, 6), (3000, 64)])
def test_sinusoids_equal_loops_over_the_formula(context_length, d_model):
    table = sinusoidal_positions(context_length, d_model)
    assert table.dtype == torch.float32
    expected = torch.empty(context_length, d_model, dtype=torch.float64)
    for position in range(context_length):
        for i in range(d_model // 2):
            angle = position / 10000 ** (2 * i / d_model)
            expected[position, 2 * i] = math.sin(angle)
            expected[position, 2 * i + 1] = math.cos(angle)
    torch.testing.assert_close(table.double(), expected, rtol=0, atol=6e-8)


def test_sinusoids_worked_by_hand():
    table = sinusoidal_positions(3, 4)  # wavelengths 2π and 100 · 2π
    expected = [
        [0.0, 1.0, 0.0, 1.0],
        [0.841471, 0.540302, 0.010000, 0.999950],
        [0.909297, -0.416147, 0.019999, 0.999800],
    ]
    torch.testing.assert_close(table, torch.tensor(expected), rtol=0, atol=1e-6)


def test_going_on_by_n_positions_is_the_same_rotation_everywhere():
    table, d_model, n = sinusoidal_positions(60, 8), 8, 7
    for i in range(d_model // 2):
        angle = n / 10000 ** (2 * i / d_model)
        turn = torch.tensor(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        pair = table[:, [2 * i, 2 * i + 1]]  # (sin, cos) turns by −angle
        torch.testing.assert_close(pair[n:], pair[:-n] @ turn, rtol=0, atol=1e-6)


@pytest.mark.parametrize("context_length", [0, -1])
def test_no_positions_are_refused(context_length):
    with pytest.raises(ValueError, match=f"context_length must be .* 1, got {context_length}"):
        sinusoidal_positions(context_length, 4)


@pytest.mark.parametrize("d_model", [0, 3, -2])
def test_an_odd_width_is_refused(d_model):
    with pytest.raises(ValueError, match=f"d_model must be even and positive, got {d_model}"):
        sinusoidal_positions(5, d_model)


@pytest.mark.parametrize("positions", [[0, 1, 2], [5], [[3, 3], [0, 6]]])
def test_learned_positions_are_rows_of_a_table(positions):
    torch.manual_seed(0)
    ours, positions = LearnedPositions(7, 4), torch.tensor(positions)
    theirs = nn.Embedding(7, 4, _weight=ours.table.detach().clone())
    result, expected = ours(positions), theirs(positions)
    assert torch.equal(result, expected)
    result.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(ours.table.grad, theirs.weight.grad)


def test_learned_positions_start_small():
    torch.manual_seed(0)
    assert LearnedPositions(500, 40).table.std().item() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("sizes", [(0, 4), (4, 0)])
def test_an_empty_table_is_refused(sizes):
    with pytest.raises(ValueError, match=r"context_length and d_model must be at least 1, got .*0"):
        LearnedPositions(*sizes)


def test_a_sequence_longer_than_the_table_is_refused():
    with pytest.raises(ValueError, match="context_length = 7 numbers, got 8"):
        LearnedPositions(7, 4)(torch.arange(8))
