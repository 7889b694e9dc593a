"""Gradients and signals by layer, against hand-worked numbers and finite differences."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from course_lib.gradients.flow import gradient_norms_by_layer, signal_by_layer


@pytest.fixture
def batch():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(7, 1, 4, 4, generator=rng, dtype=torch.float64)
    return x, torch.randint(3, (7,), generator=rng)


@pytest.fixture
def model():
    torch.manual_seed(0)
    convolution = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Tanh())
    return nn.Sequential(convolution, nn.Flatten(), nn.Linear(8, 3)).double()


def test_norm_of_one_layer_worked_by_hand():
    layer = nn.Linear(2, 2, bias=False, dtype=torch.float64)
    nn.init.zeros_(layer.weight)
    x = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    norms = gradient_norms_by_layer(layer, x, torch.tensor([0]))
    assert norms.tolist() == pytest.approx([5 / 2**0.5])  # ∂L/∂W = [[−1.5, −2], [1.5, 2]]


def test_norms_agree_with_central_differences(model, batch):
    x, y = batch
    measured, step = gradient_norms_by_layer(model, x, y), 1e-5
    for norm, weight in zip(measured, (model[0][0].weight, model[2].weight), strict=True):
        entries, slopes = weight.data.view(-1), []
        for i, entry in enumerate(entries.tolist()):
            losses = []
            for moved in (entry + step, entry - step):
                entries[i] = moved
                losses.append(cross_entropy(model(x), y).item())
            entries[i] = entry
            slopes.append((losses[0] - losses[1]) / (2 * step))
        assert norm.item() == pytest.approx(torch.tensor(slopes).norm().item(), rel=1e-5)


def test_measuring_leaves_stale_gradients_weights_and_mode_alone(model, batch):
    first = gradient_norms_by_layer(model, *batch)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    assert torch.equal(gradient_norms_by_layer(model, *batch), first)
    assert all(torch.equal(p, b) for p, b in zip(model.parameters(), before, strict=True))
    assert all(torch.equal(p.grad, torch.ones_like(p)) for p in model.parameters())
    assert model.training


def test_signals_are_the_layers_outputs_and_hooks_are_gone(model, batch):
    signals = signal_by_layer(model, batch[0])
    assert [name for name, _ in signals] == ["0.0", "2"]
    assert torch.equal(signals[0][1], model[0][0](batch[0]))
    assert not any(module._forward_hooks for module in model.modules())


def test_hooks_are_gone_even_when_the_model_fails(model):
    with pytest.raises(RuntimeError):
        signal_by_layer(model, torch.zeros(1, 9, 4, 4, dtype=torch.float64))
    assert not any(module._forward_hooks for module in model.modules())


class WithAWeightLeftOut(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.unused = (nn.Linear(2, 3, dtype=torch.float64) for _ in range(2))

    def forward(self, x):
        return self.used(x)


@pytest.mark.parametrize("model", [WithAWeightLeftOut(), nn.BatchNorm1d(2).double()])
def test_a_weight_without_a_part_in_the_loss_and_no_weight_at_all_are_refused(model):
    x = torch.ones(4, 2, dtype=torch.float64)
    with pytest.raises(RuntimeError):
        gradient_norms_by_layer(model, x, torch.tensor([0, 1, 0, 1]))
