"""Networks on noisy labels: first what is right, then what is wrong."""

import pytest
import torch

from course_lib.overfitting.digits import digits_task
from course_lib.overfitting.memorisation import train_networks


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_networks_memorise_wrong_labels_after_they_have_learned_the_right_ones():
    tasks = [digits_task(200, 0.2, seeded(seed)) for seed in range(2)]
    curve = train_networks(tasks, 128, [10, 150], seeded(), learning_rate=5e-3)
    assert curve.epochs == [10, 150]
    assert curve.test_error.shape == (2, 2)
    assert (curve.memorised[1] > curve.memorised[0] + 0.3).all()
    assert (curve.train_error[1] < curve.train_error[0]).all()


def test_without_wrong_labels_there_is_nothing_to_memorise():
    tasks = [digits_task(50, 0.0, seeded())]
    assert train_networks(tasks, 4, [2, 1], seeded()).memorised.isnan().all()


@pytest.mark.parametrize("epochs", [[], [0, 1], [3, 3]])
def test_epochs_that_cannot_all_be_measured_are_refused(epochs):
    with pytest.raises(ValueError, match=r"epochs .* got"):
        train_networks([digits_task(50, 0.0, seeded())], 4, epochs, seeded())
