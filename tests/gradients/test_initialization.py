"""First weights: their variance under each scheme."""

import pytest
import torch
from torch import nn

from course_lib.gradients.initialization import initialize


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("scheme", "variance"), [("uniform", 1 / 600), ("glorot", 2 / 500), ("he", 2 / 200)]
)
def test_first_weights_have_the_variance_of_their_scheme(scheme, variance):
    layer = nn.Linear(200, 300)
    initialize(layer, scheme, seeded())
    assert layer.weight.var().item() == pytest.approx(variance, rel=0.03)
    assert not layer.bias.any()


def test_fan_in_of_a_convolution_counts_its_kernel():
    layer = nn.Conv2d(20, 30, 3)
    initialize(layer, "he", seeded())
    assert layer.weight.var().item() == pytest.approx(2 / 180, rel=0.05)


def test_a_layer_without_bias_gets_its_weights():
    layer = nn.Linear(3, 2, bias=False)
    nn.init.zeros_(layer.weight)
    initialize(layer, "he", seeded())
    assert layer.weight.all()
