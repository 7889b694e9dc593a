"""Every optimizer against torch.optim, step by step; Newton's step against closed forms."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradients import optimizers

# ours, torch's, hyperparameters under our names, the same under torch's
PAIRS = {
    "sgd": (optimizers.sgd_step, torch.optim.SGD, {"learning_rate": 0.1}, {"lr": 0.1}),
    "momentum": (
        optimizers.momentum_step,
        torch.optim.SGD,
        {"learning_rate": 0.1, "momentum": 0.8},
        {"lr": 0.1, "momentum": 0.8},
    ),
    "adagrad": (
        optimizers.adagrad_step,
        torch.optim.Adagrad,
        {"learning_rate": 0.1, "epsilon": 1e-3},
        {"lr": 0.1, "eps": 1e-3},
    ),
    "adadelta": (
        optimizers.adadelta_step,
        torch.optim.Adadelta,
        {"learning_rate": 0.7, "rho": 0.8, "epsilon": 1e-3},
        {"lr": 0.7, "rho": 0.8, "eps": 1e-3},
    ),
    "adam": (
        optimizers.adam_step,
        torch.optim.Adam,
        {"learning_rate": 0.1, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3},
    ),
    "adamw": (
        optimizers.adamw_step,
        torch.optim.AdamW,
        {"learning_rate": 0.1, "weight_decay": 0.2},
        {"lr": 0.1, "weight_decay": 0.2},
    ),
}
DEFAULTS = {
    "adagrad": {"lr": 1e-2},
    "adadelta": {"lr": 1.0},
    "adam": {"lr": 1e-3},
    "adamw": {"lr": 1e-3},
}


def trajectory(step, start, gradients, **hyperparameters):
    points, state = [start], {}
    for gradient in gradients:
        point, state = step(points[-1], gradient, state, **hyperparameters)
        points.append(point)
    return torch.stack(points)


def torch_trajectory(optimizer_class, start, gradients, **hyperparameters):
    params = start.clone().requires_grad_()
    optimizer = optimizer_class([params], **hyperparameters)
    points = [start]
    for gradient in gradients:
        params.grad = gradient.clone()
        optimizer.step()
        points.append(params.detach().clone())
    return torch.stack(points)


@pytest.mark.parametrize("name", PAIRS)
@given(seed=st.integers(0, 2**31), shape=st.sampled_from([(), (1,), (4,), (2, 3)]))
@settings(max_examples=20, deadline=None)
def test_equals_torch_step_by_step(name, seed, shape):
    step, optimizer_class, ours, theirs = PAIRS[name]
    rng = torch.Generator().manual_seed(seed)
    start = torch.randn(shape, generator=rng, dtype=torch.float64)
    gradients = torch.randn((12, *shape), generator=rng, dtype=torch.float64)
    gradients[3] = 0.0
    torch.testing.assert_close(
        trajectory(step, start, gradients, **ours),
        torch_trajectory(optimizer_class, start, gradients, **theirs),
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize("name", DEFAULTS)
def test_has_the_defaults_of_torch(name):
    step, optimizer_class, _, _ = PAIRS[name]
    start = torch.tensor([1.0, -2.0], dtype=torch.float64)
    gradients = torch.tensor([[1e-6, 3.0], [2.0, -1e-6]], dtype=torch.float64)
    torch.testing.assert_close(
        trajectory(step, start, gradients),
        torch_trajectory(optimizer_class, start, gradients, **DEFAULTS[name]),
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize("name", PAIRS)
def test_changes_nothing_it_is_given(name):
    step, _, hyperparameters, _ = PAIRS[name]
    params, grads = torch.ones(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    _, state = step(params, grads, {}, **hyperparameters)
    kept = {key: torch.as_tensor(value).clone() for key, value in state.items()}
    first, _ = step(params, grads, state, **hyperparameters)
    again, _ = step(params, grads, state, **hyperparameters)
    assert torch.equal(first, again)
    assert torch.equal(params, torch.ones(2, dtype=torch.float64))
    assert torch.equal(grads, torch.ones(2, dtype=torch.float64))
    assert state.keys() == kept.keys()
    assert all(torch.equal(torch.as_tensor(state[key]), kept[key]) for key in kept)


@given(seed=st.integers(0, 2**31), d=st.integers(1, 8))
@settings(max_examples=20, deadline=None)
def test_newton_solves_a_quadratic_in_one_step(seed, d):
    rng = torch.Generator().manual_seed(seed)
    root = torch.randn(d, d, generator=rng, dtype=torch.float64)
    hessian = root @ root.T + torch.eye(d, dtype=torch.float64)
    start, target = torch.randn(2, d, generator=rng, dtype=torch.float64)
    arrived = optimizers.newton_step(start, hessian @ (start - target), hessian)
    torch.testing.assert_close(arrived, target, rtol=1e-8, atol=1e-8)


def test_newton_refuses_a_singular_hessian():
    singular = torch.ones(2, 2, dtype=torch.float64)
    with pytest.raises(torch.linalg.LinAlgError):
        optimizers.newton_step(singular[0], singular[0], singular)
