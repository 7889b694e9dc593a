"""The learning rate against numbers worked by hand and against torch's schedulers."""

import pytest
import torch

from course_lib.training.schedule import warmup_cosine


def test_values_worked_by_hand():
    rates = [warmup_cosine(step, 6, 1.0, 2) for step in range(8)]
    half = 2**-0.5 / 2
    expected = [0.5, 1.0, 1.0, 0.5 + half, 0.5, 0.5 - half, 0.0, 0.0]
    assert rates == pytest.approx(expected)


def test_equals_torchs_schedulers_one_after_the_other():
    n_steps, warmup = 20, 5
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, 1.0, total_iters=warmup - 1),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps - warmup),
        ],
        milestones=[warmup],
    )
    for step in range(n_steps):
        rate = warmup_cosine(step, n_steps, 0.3, warmup)
        assert rate == pytest.approx(scheduler.get_last_lr()[0]), step
        optimizer.step()
        scheduler.step()


def test_without_warm_up_it_starts_at_the_top_and_with_nothing_else_it_ends_there():
    assert warmup_cosine(0, 4, 2.0) == 2.0
    assert warmup_cosine(3, 4, 2.0, 4) == 2.0
    assert warmup_cosine(4, 4, 2.0, 4) == 0.0


@pytest.mark.parametrize(("step", "warmup"), [(-1, 0), (0, -1), (0, 5)])
def test_impossible_steps_are_refused(step, warmup):
    with pytest.raises(ValueError, match=f"got step {step}, n_warmup_steps {warmup}, n_steps 4"):
        warmup_cosine(step, 4, 1.0, warmup)
