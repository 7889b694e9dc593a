"""Random features, minimum-norm fits, the sweeps, and the record that the page plots."""

import json
from pathlib import Path

import pytest
import torch

from course_lib.overfitting.digits import digits_task, one_hot
from course_lib.overfitting.double_descent import (
    fit_digits,
    min_norm_fit,
    random_directions,
    random_relu_features,
    sweep_features,
    sweep_samples,
)

RECORD = Path(__file__).parents[2] / "benchmarks" / "results" / "double_descent.json"


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def matrix(n, p, seed=0):
    return torch.randn(n, p, generator=seeded(seed), dtype=torch.float64)


@pytest.mark.parametrize(("n", "p"), [(20, 5), (5, 20), (7, 7)])
def test_min_norm_fit_is_lapacks_on_either_side_of_the_threshold(n, p):
    features, y = matrix(n, p), matrix(n, 3, seed=1)
    expected = torch.linalg.lstsq(features, y, driver="gelsd").solution
    torch.testing.assert_close(min_norm_fit(features, y), expected)
    torch.testing.assert_close(min_norm_fit(features, y[:, 0]), expected[:, 0])


def test_min_norm_fit_is_the_shortest_interpolator():
    features, y = matrix(5, 20), matrix(5, 1, seed=1)
    shortest = min_norm_fit(features, y)
    null_space = torch.linalg.svd(features).Vh[5:].T
    other = shortest + null_space @ matrix(15, 1, seed=2)
    torch.testing.assert_close(features @ shortest, y)
    torch.testing.assert_close(features @ other, y)
    assert shortest.norm() < other.norm()


def test_random_relu_features_by_hand():
    x = torch.tensor([[1.0, 2.0]])
    directions = torch.tensor([[1.0, 0.0, -1.0], [1.0, -1.0, 1.0]])
    assert random_relu_features(x, directions).tolist() == [[3.0, 0.0, 1.0]]


def test_fits_at_each_ridge_strength_are_the_closed_form():
    task = digits_task(60, 0.2, seeded())
    directions = random_directions(64, 90, seeded())
    features = random_relu_features(task.x_train, directions)
    targets = one_hot(task.y_train)
    ridge = torch.linalg.solve(features.T @ features + 0.5 * torch.eye(90), features.T @ targets)
    without, with_ridge = fit_digits(task, directions, (0.0, 0.5))
    assert without.weight_norm == pytest.approx(min_norm_fit(features, targets).norm().item())
    assert with_ridge.weight_norm == pytest.approx(ridge.norm().item())
    outputs = random_relu_features(task.x_test, directions) @ ridge
    loss = (outputs - one_hot(task.y_test)).square().sum(dim=1).mean().item()
    assert with_ridge.test_loss == pytest.approx(loss)
    error = (outputs.argmax(dim=1) != task.y_test).double().mean().item()
    assert with_ridge.test_error == pytest.approx(error)


def test_double_descent_is_there_and_ridge_removes_its_peak():
    task = digits_task(100, 0.2, seeded())
    fits = sweep_features(task, [30, 100, 1000], (0.0, 1.0), seeded())
    small, threshold, large = (pair[0] for pair in fits)
    assert threshold.test_error > 2 * max(small.test_error, large.test_error)
    assert threshold.weight_norm > 5 * max(small.weight_norm, large.weight_norm)
    assert large.train_error == 0
    assert large.test_error < small.test_error
    assert fits[1][1].test_error < 0.5 * threshold.test_error


def test_more_data_hurts_at_the_threshold():
    task = digits_task(300, 0.2, seeded())
    fits = sweep_samples(task, [40, 100, 300], 100, (0.0,), seeded())
    assert fits[1][0].test_error > fits[0][0].test_error > fits[2][0].test_error


def test_the_record_is_what_the_widget_takes_and_shows_double_descent():
    record = json.loads(RECORD.read_text())
    shape = (len(record["noise"]), len(record["alphas"]), len(record["n_features"]))
    for name in ("train_error", "test_error", "weight_norm"):
        assert torch.tensor(record[name]).shape == shape
    at = record["n_features"].index(record["n_train"])
    for noise in range(shape[0]):
        error = record["test_error"][noise][0]
        assert error[at] == max(error)
        assert min(error[at:]) < 0.3 * error[at]
        assert min(row[at] for row in record["test_error"][noise]) < 0.3 * error[at]
    assert {"date", "hardware", "torch", "seeds"} <= record.keys()
