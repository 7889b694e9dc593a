"""Tensors stay on the device of those that were given, whichever device the generator is on."""

from dataclasses import fields

import pytest
import torch
from torch import nn

from course_lib.gradients.descent import accuracy, train
from course_lib.gradients.flow import gradient_norms_by_layer
from course_lib.gradients.optimizers import adam_step
from course_lib.overfitting.bias_variance import decompose, normal_like
from course_lib.overfitting.descent_in_time import gradient_descent_path
from course_lib.overfitting.digits import DigitsTask, digits_task
from course_lib.overfitting.double_descent import min_norm_fit, random_relu_features
from course_lib.overfitting.lottery_ticket import find_tickets, random_masks, share_kept
from course_lib.overfitting.memorisation import train_networks
from course_lib.overfitting.polynomial import polynomial_features
from course_lib.overfitting.regularization import dropout, fit_lasso, fit_ridge


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def draws(*shape, seed=0):
    return torch.randn(shape, generator=seeded(seed))  # float32, which every device knows


def classifier():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))


# Each takes a function that puts a tensor or a module on the device, and returns a tensor.
ANYWHERE = {
    "polynomial_features": lambda put: polynomial_features(put(draws(5)), 3),
    "fit_lasso": lambda put: fit_lasso(put(draws(9, 4)), put(draws(9)), 0.1, 20),
    "dropout": lambda put: dropout(put(draws(6, 5)), 0.4, True, seeded()),
    "normal_like": lambda put: normal_like(put(draws(6, 5)), seeded()),
    "min_norm_fit": lambda put: min_norm_fit(put(draws(5, 9)), put(draws(5, 2))),
    "random_relu_features": lambda put: random_relu_features(put(draws(5, 3)), put(draws(3, 4))),
}


def path(put):
    (weights,) = gradient_descent_path(put(draws(8, 5)), put(draws(8, 2)), [20])
    return weights


def decomposition(put):
    parts = decompose(put(draws(20, 4)), put(draws(4)), 0.2, seeded())
    return torch.tensor([parts.total, parts.measured, parts.standard_error])


def training(put):
    model, x, y = put(classifier()), put(draws(40, 4)), put(draws(40).sign().long() + 1)
    settings = {"n_steps": 10, "batch_size": 8, "learning_rate": 0.01, "generator": seeded()}
    losses = train(model, x, y, adam_step, **settings)
    norms = gradient_norms_by_layer(model, x, y)
    return torch.cat([losses, norms, losses.new_tensor([accuracy(model, x, y)])])


def tickets(put):
    model = put(classifier())
    masks = find_tickets(model, lambda model, mask: None, n_rounds=2)
    shares = [share_kept(model, mask) for mask in random_masks(model, masks, seeded())]
    return torch.cat([*masks, put(torch.tensor(shares))])


def memorising(put):
    task = digits_task(100, 0.2, seeded())
    values = (getattr(task, field.name) for field in fields(task))
    moved = DigitsTask(*(put(v.float() if v.is_floating_point() else v) for v in values))
    curve = train_networks([moved, moved], 8, [2], seeded())
    return torch.cat([curve.train_error, curve.test_error, curve.memorised])


ONE_BY_ONE = {
    "fit_ridge": lambda put: fit_ridge(put(draws(9, 4)), put(draws(9)), 0.1),
    **{f.__name__: f for f in (path, decomposition, training, tickets, memorising)},
}


@pytest.mark.gpu
@pytest.mark.parametrize("name", ANYWHERE | ONE_BY_ONE)
def test_a_gpu_gives_what_the_cpu_gives(name):
    device = "cuda" if torch.cuda.is_available() else "mps"
    if device == "mps" and name == "fit_ridge":
        pytest.skip("torch.linalg.lstsq needs CUDA or the CPU")
    function = (ANYWHERE | ONE_BY_ONE)[name]
    there, here = function(lambda item: item.to(device)), function(lambda item: item)
    torch.testing.assert_close(
        there.cpu(), here, rtol=1e-3, atol=0.03 if name == "memorising" else 1e-4
    )


@pytest.mark.parametrize("name", ANYWHERE)
def test_no_tensor_is_left_on_the_cpu(name):
    result = ANYWHERE[name](lambda item: item.to("meta"))  # no data; torch refuses to mix devices
    assert result.device.type == "meta"


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_what_the_gpu_is_compared_with_is_a_number(name):
    assert ONE_BY_ONE[name](lambda item: item).isfinite().all()
