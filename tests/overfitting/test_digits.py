"""The digits task: its split, its wrong labels, and images that move."""

import pytest
import torch

from course_lib.overfitting.digits import digits_task, on_canvas


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_digits_task_splits_all_images_and_relabels_the_share_asked_for():
    task = digits_task(1000, 0.25, seeded())
    assert len(task.x_train) == 1000
    assert len(task.x_test) == 797
    wrong = (task.y_train != task.truth).double().mean().item()
    assert wrong == pytest.approx(0.25, abs=6 * (0.25 * 0.75 / 1000) ** 0.5)
    assert task.x_train.mean(dim=0).abs().max() < 1e-12
    assert len(task.first(10).y_train) == len(task.first(10).truth) == 10
    with pytest.raises(ValueError, match="1797"):
        digits_task(1797, 0.0, seeded())


def test_images_move_on_their_canvas_without_losing_a_pixel():
    images = torch.arange(1.0, 9.0, dtype=torch.float64).view(2, 2, 2)
    moved = on_canvas(images, 1, down=1, right=-1)
    assert moved.shape == (2, 1, 4, 4)
    assert torch.equal(moved[:, 0, 2:, :2], images)
    assert moved.sum() == images.sum()
    with pytest.raises(ValueError, match="margin 1, got 0 and 2"):
        on_canvas(images, 1, right=2)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_label_noise_that_is_no_share_is_refused(share):
    with pytest.raises(ValueError, match=f"label_noise .* got {share}"):
        digits_task(10, share, seeded())
