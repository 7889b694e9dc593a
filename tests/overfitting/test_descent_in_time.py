"""Gradient descent in closed form against the steps themselves; features of two speeds."""

import torch

from course_lib.overfitting.descent_in_time import gradient_descent_path, two_speed_directions
from course_lib.overfitting.double_descent import min_norm_fit


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def matrix(n, p, seed=0):
    return torch.randn(n, p, generator=seeded(seed), dtype=torch.float64)


def test_gradient_descent_path_is_what_taking_the_steps_gives():
    features, y = matrix(8, 12), matrix(8, 2, seed=1)
    step_size = 1 / torch.linalg.matrix_norm(features, ord=2) ** 2
    weights = torch.zeros(12, 2, dtype=torch.float64)
    taken = {0: weights}
    for step in range(1, 51):
        weights = weights - step_size * features.T @ (features @ weights - y)
        taken[step] = weights
    path = gradient_descent_path(features, y, tuple(taken))
    torch.testing.assert_close(torch.stack(path), torch.stack(list(taken.values())))
    (last,) = gradient_descent_path(features, y[:, 0], (10**9,))
    torch.testing.assert_close(last, min_norm_fit(features, y[:, 0]))


def test_two_speed_directions_look_at_two_parts():
    directions = two_speed_directions(5, 7, 0.01, 3, seeded())
    left = torch.arange(64) % 8 < 3
    assert directions.shape == (64, 12)
    assert not directions[~left, :5].any()
    assert not directions[left, 5:].any()
    assert directions[:, 5:].norm(dim=0).max() <= 0.01


def test_gradient_descent_path_is_finite_in_single_precision():
    features, y = matrix(6, 4).float(), matrix(6, 1, seed=1).float()[:, 0]
    (last,) = gradient_descent_path(features, y, (10**6,))
    torch.testing.assert_close(last, torch.linalg.lstsq(features, y[:, None]).solution[:, 0])
