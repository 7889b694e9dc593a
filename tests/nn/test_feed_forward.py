"""The feed-forward layer against torch's modules and against formulas spelt out."""

import math

import pytest
import torch
from torch import nn

from course_lib.nn.feed_forward import FeedForward


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


TORCHS = {
    "relu": nn.ReLU(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
}


def module(*arguments, **options):
    torch.manual_seed(0)
    return FeedForward(*arguments, **options).double()


@pytest.mark.parametrize("activation", TORCHS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4,), (2, 3, 4)])
def test_equals_torchs_modules_in_a_row(activation, bias, shape):
    ours, x = module(4, 10, activation, bias=bias), draws(*shape)
    theirs = nn.Sequential(ours.up_proj, TORCHS[activation], ours.down_proj)
    torch.testing.assert_close(ours(x), theirs(x))
    assert (ours.up_proj.bias is not None) == (ours.down_proj.bias is not None) == bias


@pytest.mark.parametrize("activation", TORCHS)
def test_the_gate_goes_through_the_activation_and_multiplies_the_rest(activation):
    ours, x = module(4, 10, activation, gated=True, bias=False), draws(2, 3, 4)
    gate = TORCHS[activation](x @ ours.gate_proj.weight.T)
    expected = (gate * (x @ ours.up_proj.weight.T)) @ ours.down_proj.weight.T
    torch.testing.assert_close(ours(x), expected)


def test_activations_worked_by_hand():
    def at(activation, x):
        layer = module(1, 1, activation, bias=False)
        nn.init.ones_(layer.up_proj.weight)
        nn.init.ones_(layer.down_proj.weight)
        return layer(torch.tensor([x], dtype=torch.float64)).item()

    assert (at("relu", -2.0), at("relu", 2.0)) == (0.0, 2.0)
    assert at("gelu", 1.0) == pytest.approx(0.5 * (1 + math.erf(1 / math.sqrt(2))))
    tanh = math.tanh(math.sqrt(2 / math.pi) * (1 + 0.044715))
    assert at("gelu_tanh", 1.0) == pytest.approx(0.5 * (1 + tanh))
    assert at("silu", 1.0) == pytest.approx(1 / (1 + math.exp(-1)))


def test_gelu_without_a_gate_is_the_default():
    ours, x = module(4, 10), draws(3, 4)
    torch.testing.assert_close(ours(x), ours.down_proj(nn.GELU()(ours.up_proj(x))))


def test_each_token_is_mapped_alone():
    ours, x = module(4, 10, "silu", gated=True), draws(2, 3, 4)
    for b in range(2):
        for t in range(3):
            torch.testing.assert_close(ours(x)[b, t], ours(x[b, t]))


def test_a_gate_costs_half_as_many_weights_again():
    def count(**options):
        return sum(p.numel() for p in FeedForward(4, 10, bias=False, **options).parameters())

    assert (count(), count(gated=True)) == (2 * 40, 3 * 40)


def test_dropout_drops_inner_features_in_training_only():
    ours, x = module(4, 1000, "relu", dropout=0.25), torch.ones(1, 4, dtype=torch.float64)
    nn.init.ones_(ours.up_proj.weight)
    nn.init.zeros_(ours.up_proj.bias)
    nn.init.zeros_(ours.down_proj.bias)
    nn.init.constant_(ours.down_proj.weight, 1 / 4000)
    assert ours.eval()(x).tolist()[0] == pytest.approx([1.0] * 4)
    kept = ours.train()(x)[0] * 0.75  # the share of 1000 features that is kept
    assert kept.unique().numel() == 1
    assert kept[0].item() == pytest.approx(0.75, abs=0.08)  # 5.8 standard deviations


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match=r"activation must be one of .*'relu'.*, got 'swish'"):
        FeedForward(4, 10, "swish")
