"""Rotary positions against complex numbers, hand-worked turns, and what they must keep."""

import math

import pytest
import torch

from course_lib.nn.rotary import Rotary, rotate


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_complex_numbers(x, positions, base):
    """Pair i as a complex number, times e^(i m θ)."""
    d_head = x.shape[-1]
    theta = [base ** (-2 * i / d_head) for i in range(d_head // 2)]
    theta = torch.tensor(theta, dtype=torch.float64)
    angles = positions[..., None] * theta
    numbers = torch.complex(x[..., 0::2], x[..., 1::2])
    turned = numbers * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(turned).flatten(-2)


ORDER = {d: [*range(0, d, 2), *range(1, d, 2)] for d in (2, 4, 6, 64)}  # 0, 2, …, 1, 3, …


@pytest.mark.parametrize("shape", [(5, 2), (3, 5, 4), (2, 3, 5, 6)])
@pytest.mark.parametrize("base", [10_000.0, 500_000.0, 7.0])
def test_equals_multiplication_by_complex_numbers(shape, base):
    x, positions = draws(*shape), torch.tensor([0, 1, 2, 9, 100])
    torch.testing.assert_close(
        rotate(x, positions, base), by_complex_numbers(x, positions, base), rtol=0, atol=1e-12
    )


def test_a_turn_worked_by_hand():
    x = torch.tensor([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0]], dtype=torch.float64)
    expected = [
        [1.0, 0.0, 0.0, 1.0],
        [math.cos(2), math.sin(2), -math.sin(0.02), math.cos(0.02)],
    ]
    result = rotate(x, torch.tensor([0, 2]))
    torch.testing.assert_close(result, torch.tensor(expected, dtype=torch.float64))


def test_positions_of_each_sequence_in_the_batch():
    x, positions = draws(2, 3, 5, 4), torch.tensor([[[0, 1, 2, 3, 4]], [[9, 7, 5, 3, 1]]])
    result = rotate(x, positions)
    for b in range(2):
        torch.testing.assert_close(result[b], rotate(x[b], positions[b, 0]))


@pytest.mark.parametrize("rotary", [False, True])
def test_products_depend_on_the_distance_only_and_lengths_stay(rotary):
    q, k = draws(1, 64), draws(1, 64, seed=1)

    def turned(x, position):
        at = torch.tensor([position])
        return Rotary(at, 64)(x) if rotary else rotate(x, at)

    products = [(turned(q, m) * turned(k, m - 7)).sum() for m in (7, 8, 100, 1000)]
    torch.testing.assert_close(torch.stack(products), products[0].expand(4), rtol=0, atol=2e-3)
    torch.testing.assert_close(turned(q, 1000).norm(), q.norm(), rtol=1e-6, atol=0)
    torch.testing.assert_close(turned(q, 0), q)


@pytest.mark.parametrize("d_head", ORDER)
@pytest.mark.parametrize("base", [10_000.0, 500_000.0])
def test_the_two_layouts_differ_by_a_permutation(d_head, base):
    x, positions, order = draws(2, 3, 5, d_head).float(), torch.arange(5) * 30, ORDER[d_head]
    halves = Rotary(positions, d_head, base)(x[..., order])
    torch.testing.assert_close(halves, rotate(x, positions, base)[..., order])


def test_halves_are_turned_as_in_the_usual_formula():
    x, positions = draws(2, 3, 5, 6).float(), torch.arange(5)
    theta = 1 / 10_000 ** (torch.arange(0, 6, 2) / 6)
    angles = torch.cat((positions[:, None] * theta,) * 2, dim=-1)  # (seq, d_head)
    swapped = torch.cat((-x[..., 3:], x[..., :3]), dim=-1)
    expected = x * angles.cos() + swapped * angles.sin()
    torch.testing.assert_close(Rotary(positions, 6)(x), expected)


@pytest.mark.parametrize("rotary", [False, True])
def test_half_precision_is_computed_in_float32(rotary):
    x, positions = draws(50, 64).bfloat16(), torch.arange(50) * 20

    def turned(x):
        return Rotary(positions, 64)(x) if rotary else rotate(x, positions)

    result = turned(x)
    assert result.dtype == torch.bfloat16
    torch.testing.assert_close(result, turned(x.float()).bfloat16(), rtol=0, atol=0)


def test_gradients_are_turned_back():
    x, upstream, positions = draws(5, 6).requires_grad_(), draws(5, 6, seed=1), torch.arange(5)
    (gradient,) = torch.autograd.grad(rotate(x, positions), x, upstream)
    torch.testing.assert_close(gradient, rotate(upstream, -positions))


@pytest.mark.parametrize("d_head", [1, 5])
def test_an_odd_width_is_refused(d_head):
    with pytest.raises(ValueError, match=f"d_head, .*, must be even, got {d_head}"):
        rotate(draws(3, d_head), torch.arange(3))
    with pytest.raises(ValueError, match=f"d_head, .*, must be even, got {d_head}"):
        Rotary(torch.arange(3), d_head)
