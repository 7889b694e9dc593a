"""The measured decomposition against closed forms, and its terms against the measured error."""

import pytest
import torch

from course_lib.overfitting.bias_variance import (
    bias_variance,
    decompose,
    exact_bias_variance,
    prediction_matrix,
    predictions_with_new_noise,
    predictions_with_new_points,
)
from course_lib.overfitting.polynomial import (
    fit_least_squares,
    noisy_parabola,
    parabola,
    polynomial_features,
)

NOISE = 0.2


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def x() -> torch.Tensor:
    return noisy_parabola(30, NOISE, seeded(29))[0]


@pytest.fixture
def grid() -> torch.Tensor:
    return (torch.arange(100, dtype=torch.float64) + 0.5) / 100


def test_bias_squared_and_variance_add_up_to_the_distance_from_the_truth():
    predictions = torch.randn(50, 7, generator=seeded(0), dtype=torch.float64)
    truth = torch.randn(7, generator=seeded(1), dtype=torch.float64)
    total = sum(bias_variance(predictions, truth))
    torch.testing.assert_close(total, (predictions - truth).square().mean())


@pytest.mark.parametrize("degree", [1, 2, 30])
def test_prediction_matrix_fits_and_predicts(x, grid, degree):
    y = torch.sin(5 * x)
    weights = fit_least_squares(polynomial_features(x, degree), y)
    expected = polynomial_features(grid, degree) @ weights
    got = prediction_matrix(x, grid, degree) @ y
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("degree", [1, 2, 30])
def test_100_000_data_sets_agree_with_the_closed_form(x, grid, degree):
    predictions = predictions_with_new_noise(x, grid, degree, NOISE, 100_000, seeded(degree))
    bias_squared, variance = bias_variance(predictions, parabola(grid))
    exact_bias_squared, exact_variance = exact_bias_variance(x, grid, degree, NOISE)
    assert variance.item() == pytest.approx(exact_variance.item(), rel=0.03)
    assert bias_squared.item() == pytest.approx(
        exact_bias_squared.item(), abs=1e-4 + 10 * exact_variance.item() / 100_000
    )


@pytest.mark.parametrize("degree", [1, 2, 30])
def test_three_terms_add_up_to_the_measured_validation_error(x, grid, degree):
    predictions = predictions_with_new_noise(x, grid, degree, NOISE, 100_000, seeded(degree))
    parts = decompose(predictions, parabola(grid), NOISE, seeded(degree + 100))
    assert abs(parts.measured - parts.total) < 5 * parts.standard_error
    assert parts.standard_error < 0.01 * parts.measured


@pytest.mark.parametrize("degree", [1, 2])
def test_three_terms_add_up_when_the_points_are_drawn_anew(grid, degree):
    predictions = predictions_with_new_points(
        30, grid, degree, NOISE, 3_000, seeded(0), progress=False
    )
    parts = decompose(predictions, parabola(grid), NOISE, seeded(1))
    assert predictions.shape == (3_000, 100)
    assert abs(parts.measured - parts.total) < 5 * parts.standard_error


@pytest.mark.parametrize(("degree", "n_weights"), [(1, 2), (2, 3), (5, 6)])
def test_at_the_training_points_variance_is_the_share_of_weights(x, degree, n_weights):
    _, variance = exact_bias_variance(x, x, degree, NOISE)
    assert variance.item() == pytest.approx(NOISE**2 * n_weights / 30)


def test_one_data_set_has_no_spread_to_measure(grid):
    with pytest.raises(ValueError, match=r"predictions .* got 1"):
        decompose(parabola(grid)[None], parabola(grid), NOISE, seeded(0))
