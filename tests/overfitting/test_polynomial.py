"""Data, features, least squares, error and split against independent answers."""

import inspect
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.overfitting.polynomial import (
    fit_least_squares,
    noisy_parabola,
    parabola,
    polynomial_features,
    rmse,
    train_validation_split,
)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_data_scatter_around_the_parabola_by_the_stated_noise():
    x, y = noisy_parabola(100_000, 0.2, seeded(0))
    residual = y - parabola(x)
    assert x.min() >= 0
    assert x.max() <= 1
    assert abs(x.mean() - 0.5) < 6 * math.sqrt(1 / 12 / 100_000)
    assert abs(residual.mean()) < 6 * 0.2 / math.sqrt(100_000)
    assert abs(residual.std() - 0.2) < 6 * 0.2 / math.sqrt(2 * 100_000)
    assert x.dtype == y.dtype == torch.float64


def test_same_seed_same_data():
    for one, other in zip(
        noisy_parabola(5, 0.2, seeded(3)), noisy_parabola(5, 0.2, seeded(3)), strict=True
    ):
        assert torch.equal(one, other)


@given(degree=st.integers(0, 8), n=st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_features_evaluate_the_polynomial(degree, n):
    x = torch.randn(n, generator=seeded(n), dtype=torch.float64)
    weights = torch.randn(degree + 1, generator=seeded(degree), dtype=torch.float64)
    by_horner = torch.zeros_like(x)
    for weight in weights.flip(0):
        by_horner = by_horner * x + weight
    torch.testing.assert_close(polynomial_features(x, degree) @ weights, by_horner)


def test_least_squares_residual_is_orthogonal_to_the_features():
    x, y = noisy_parabola(30, 0.2, seeded(0))
    features = polynomial_features(x, 3)
    residual = y - features @ fit_least_squares(features, y)
    assert (features.T @ residual).abs().max() < 1e-10


def test_least_squares_finds_the_true_curve_without_noise():
    x, y = noisy_parabola(30, 0.0, seeded(0))
    expected = torch.tensor([1.0, 0.0, 2.0], dtype=torch.float64)
    torch.testing.assert_close(fit_least_squares(polynomial_features(x, 2), y), expected)


def test_least_squares_takes_the_shortest_of_many_solutions():
    features = torch.randn(5, 9, generator=seeded(0), dtype=torch.float64)
    y = torch.randn(5, generator=seeded(1), dtype=torch.float64)
    weights = fit_least_squares(features, y)
    torch.testing.assert_close(features @ weights, y)
    null_space = torch.linalg.svd(features).Vh[5:]
    assert (null_space @ weights).abs().max() < 1e-12


def test_least_squares_solves_a_batch_as_it_solves_each():
    features = torch.randn(4, 6, 3, generator=seeded(0), dtype=torch.float64)
    y = torch.randn(4, 6, generator=seeded(1), dtype=torch.float64)
    batch = fit_least_squares(features, y)
    for k in range(4):
        torch.testing.assert_close(batch[k], fit_least_squares(features[k], y[k]))


def test_degree_30_does_not_depend_on_the_last_bits():
    x, y = noisy_parabola(30, 0.2, seeded(29))
    features = polynomial_features(x, 30)
    curve = features @ fit_least_squares(features, y)
    shaken = features * (1 + 1e-15 * torch.randn(features.shape, generator=seeded(1)))
    torch.testing.assert_close(shaken @ fit_least_squares(shaken, y), curve, rtol=1e-4, atol=1e-4)


def test_rmse_of_a_known_shift():
    y = torch.linspace(0, 1, 7, dtype=torch.float64)
    assert rmse(y + 0.3, y).item() == pytest.approx(0.3)


def test_split_parts_every_point_once_with_its_own_y():
    x, y = noisy_parabola(30, 0.2, seeded(0))
    x_train, y_train, x_validation, y_validation = train_validation_split(x, y, 1 / 3, seeded(1))
    assert len(x_train) == 20
    assert len(x_validation) == 10
    order = torch.cat([x_train, x_validation]).argsort()
    assert torch.equal(torch.cat([x_train, x_validation])[order], x.sort().values)
    assert torch.equal(torch.cat([y_train, y_validation])[order], y[x.argsort()])


def test_a_negative_degree_is_refused():
    with pytest.raises(ValueError, match=r"degree .* got -1"):
        polynomial_features(torch.ones(3), -1)


@pytest.mark.parametrize("fraction", [-0.1, 1.5])
def test_a_share_that_is_none_is_refused(fraction):
    with pytest.raises(ValueError, match=f"validation_fraction .* got {fraction}"):
        train_validation_split(torch.ones(3), torch.ones(3), fraction, seeded(0))


def test_a_y_too_many_is_refused():
    split = inspect.unwrap(train_validation_split)  # without the shape checks that only tests have
    with pytest.raises(ValueError, match=r"x and y .* 3 and 4"):
        split(torch.ones(3), torch.ones(4), 0.5, seeded(0))
