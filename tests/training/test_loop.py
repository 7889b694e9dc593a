"""The loop against the same steps written out with torch, and what it says when it cannot go on."""

import math
from itertools import pairwise, repeat

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.training import TrainingConfig, train
from course_lib.training.optimizer import adamw


class Line(nn.Module):
    """A matrix and a shift."""

    def __init__(self, seed=0):
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(torch.randn(3, 2, generator=draw))
        self.shift = nn.Parameter(torch.randn(2, generator=draw))

    def loss(self, x, y, scale=1.0):
        return scale * F.mse_loss(x @ self.weight + self.shift, y)


def some_batches(n, seed=1):
    draw = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(4, 3, generator=draw), torch.randn(4, 2, generator=draw)) for _ in range(n)
    ]


def test_equals_the_steps_written_out_with_torch():
    config = TrainingConfig(
        n_steps=12, learning_rate=0.1, weight_decay=0.5, n_warmup_steps=3, max_norm=2.0
    )
    batches = some_batches(12)
    model, expected = Line(), Line()
    losses = train(model, batches, config)

    optimizer = torch.optim.AdamW(
        [
            {"params": [expected.weight], "weight_decay": 0.5},
            {"params": [expected.shift], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.95),
    )
    clipped = 0
    for step, (x, y) in enumerate(batches):
        rate = (step + 1) / 3 if step < 3 else (1 + math.cos(math.pi * (step - 3) / 9)) / 2
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * rate
        optimizer.zero_grad()
        loss = expected.loss(x, y)
        loss.backward()
        grads = torch.cat([p.grad.flatten() for p in expected.parameters()])
        if grads.norm() > 2.0:
            clipped += 1
            for p in expected.parameters():
                p.grad *= 2.0 / grads.norm()
        optimizer.step()
        assert losses[step] == pytest.approx(loss.item(), rel=1e-4), step
    assert 0 < clipped < 12  # both sides of the bound were seen
    torch.testing.assert_close(model.weight, expected.weight, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model.shift, expected.shift, rtol=1e-4, atol=1e-5)


def test_old_gradients_do_not_count():
    config = TrainingConfig(n_steps=3, learning_rate=0.1)
    fresh, stale = Line(), Line()
    stale.weight.grad = torch.full((3, 2), 1e6)
    expected = train(fresh, some_batches(3), config)
    assert train(stale, some_batches(3), config) == expected
    assert torch.equal(fresh.weight, stale.weight)


def test_the_model_is_put_into_training_mode_and_left_in_it():
    model = Line().eval()
    modes = []
    train(model, some_batches(2), TrainingConfig(2), lambda *_: modes.append(model.training))
    assert modes == [True, True]
    assert model.training


def test_on_step_sees_each_step_after_its_update():
    model, seen = Line(), []
    weights = [model.weight.detach().clone()]

    def on_step(step, loss):
        seen.append((step, loss))
        weights.append(model.weight.detach().clone())

    losses = train(model, some_batches(4), TrainingConfig(4), on_step)
    assert seen == list(enumerate(losses))
    assert all(not torch.equal(*pair) for pair in pairwise(weights))


def test_takes_exactly_n_steps_batches():
    batches = iter(some_batches(5))
    assert len(train(Line(), batches, TrainingConfig(3))) == 3
    assert len(list(batches)) == 2
    endless = repeat(some_batches(1)[0])
    losses = train(Line(), endless, TrainingConfig(200, learning_rate=0.05))
    assert losses[-1] < 1e-2 < losses[0]


def test_batches_that_end_early_are_told():
    with pytest.raises(ValueError, match="batches must be at least n_steps = 4, got 2"):
        train(Line(), some_batches(2), TrainingConfig(4))


def test_what_is_no_tensor_is_handed_on_as_it_is():
    (batch,) = some_batches(1)
    (loss,) = train(Line(), [batch], TrainingConfig(1))
    assert train(Line(), [(*batch, 3.0)], TrainingConfig(1)) == [pytest.approx(3 * loss)]


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_at_its_step_and_leaves_the_weights(broken):
    batches = some_batches(4)
    batches[2][1][0, 0] = broken
    model, weights = Line(), []
    with pytest.raises(FloatingPointError, match=f"the loss is {broken} at step 2"):
        train(model, batches, TrainingConfig(4), lambda *_: weights.append(model.weight.clone()))
    assert len(weights) == 2
    assert torch.equal(model.weight, weights[-1])


def test_a_gradient_that_is_no_number_stops_too():
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.x = nn.Parameter(torch.zeros(2))

        def loss(self):
            return self.x.sum().sqrt()  # 0, with slope ∞

    model = Root()
    with pytest.raises(FloatingPointError, match="norm of the gradient is inf at step 0"):
        train(model, repeat(()), TrainingConfig(3))
    assert torch.equal(model.x, torch.zeros(2))


def test_frozen_parameters_stay_and_a_model_without_others_is_refused():
    model = Line()
    model.weight.requires_grad_(False)
    before = model.weight.clone()
    train(model, some_batches(3), TrainingConfig(3, weight_decay=0.5))
    assert torch.equal(model.weight, before)
    model.shift.requires_grad_(False)
    with pytest.raises(ValueError, match="requires a gradient"):
        train(model, some_batches(1), TrainingConfig(1))


def test_a_shared_matrix_is_optimized_once():
    model = Line()
    model.again = model.weight
    counted = sum(len(group["params"]) for group in adamw(model, TrainingConfig(1)).param_groups)
    assert counted == 2


@pytest.mark.gpu
def test_batches_follow_the_model_to_its_device():
    device = "cuda" if torch.cuda.is_available() else "mps"
    config = TrainingConfig(n_steps=5, learning_rate=0.1, max_norm=0.7)
    on_cpu = train(Line(), some_batches(5), config)
    model = Line().to(device)
    assert train(model, some_batches(5), config) == pytest.approx(on_cpu, rel=1e-4)
    assert model.weight.device.type == device
