"""Training by the course's own optimizers, against torch.optim."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector

from course_lib.gradients.descent import accuracy, train
from course_lib.gradients.optimizers import adam_step, sgd_step


@pytest.fixture
def data():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(40, 3, generator=rng, dtype=torch.float64)
    return x, (x @ torch.randn(3, 4, generator=rng, dtype=torch.float64)).argmax(dim=1)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4)).double()


def fit(model, data, step, **options):
    settings = {"n_steps": 30, "batch_size": 8, "learning_rate": 0.05} | options
    return train(model, *data, step, generator=torch.Generator().manual_seed(1), **settings)


def test_every_step_equals_torchs_own(data):
    model, theirs = network(), network()
    losses = fit(model, data, adam_step)
    optimizer = torch.optim.Adam(theirs.parameters(), lr=0.05)
    rng, (x, y) = torch.Generator().manual_seed(1), data
    for ours in losses:
        batch = torch.randint(40, (8,), generator=rng)
        loss = cross_entropy(theirs(x[batch]), y[batch])
        assert ours.item() == pytest.approx(loss.item(), rel=1e-9)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_masked_parameters_are_zero_and_stay_so(data):
    model = network()
    mask = torch.randint(2, (44,), generator=torch.Generator().manual_seed(0)).bool()
    fit(model, data, adam_step, mask=mask)
    trained = parameters_to_vector(model.parameters()).detach()
    assert not trained[~mask].any()
    assert trained[mask].all()


def test_training_learns_and_accuracy_says_so(data):
    model = network()
    before = accuracy(model, *data)
    fit(model, data, sgd_step, n_steps=400, learning_rate=0.5)
    assert accuracy(model, *data) > max(before, 0.9)
    assert model.training


@pytest.mark.parametrize("wrong", [{"n_steps": 0}, {"batch_size": 0}])
def test_no_steps_and_empty_batches_are_refused(data, wrong):
    with pytest.raises(ValueError, match=r"n_steps and batch_size .* 0"):
        fit(network(), data, sgd_step, **wrong)
