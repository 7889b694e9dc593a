"""scikit-learn's handwritten digits as a task: some labels wrong, or the images moved."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import pad

N_CLASSES = 10


@dataclass(frozen=True)
class DigitsTask:
    """Handwritten digits to be told apart, with some of the training labels wrong on purpose."""

    x_train: Float[Tensor, "n 64"]  # pixels in [0, 1], minus their mean over the training images
    y_train: Int[Tensor, "n"]  # 0…9; a share of them wrong
    truth: Int[Tensor, "n"]  # 0…9, what the training images really show
    x_test: Float[Tensor, "n_test 64"]  # minus the same mean
    y_test: Int[Tensor, "n_test"]  # 0…9, all of them right

    def first(self, n_train: int) -> "DigitsTask":
        """The same task with only the first `n_train` training images."""
        kept = (self.x_train[:n_train], self.y_train[:n_train], self.truth[:n_train])
        return DigitsTask(*kept, self.x_test, self.y_test)


def digits_task(n_train: int, label_noise: float, generator: torch.Generator) -> DigitsTask:
    """Split scikit-learn's 1,797 digits at random and relabels a share of the training images.

    Each training label is replaced, with probability `label_noise`, by one of the nine wrong ones.
    All images that are not trained on are tested on. Raises ValueError if none would be left, if
    none is trained on, or if `label_noise` is not in [0, 1].
    """
    pixels, digits = load_digits(return_X_y=True)
    x, y = torch.from_numpy(pixels) / 16, torch.from_numpy(digits).long()
    if not 0 < n_train < len(x):
        raise ValueError(f"n_train must be between 1 and {len(x) - 1}, got {n_train}")
    if not 0 <= label_noise <= 1:
        raise ValueError(f"label_noise must be in [0, 1], got {label_noise}")
    order = torch.randperm(len(x), generator=generator)
    train, test = order[:n_train], order[n_train:]
    relabelled = torch.rand(n_train, generator=generator) < label_noise
    shift = torch.randint(1, N_CLASSES, (n_train,), generator=generator)
    y_train = (y[train] + relabelled * shift) % N_CLASSES
    mean = x[train].mean(dim=0)
    return DigitsTask(x[train] - mean, y_train, y[train], x[test] - mean, y[test])


def one_hot(labels: Int[Tensor, "n"]) -> Float[Tensor, "n 10"]:
    """Ten targets for a squared loss: 1 in the column of the digit, 0 in the others."""
    return torch.nn.functional.one_hot(labels, N_CLASSES).double()


def on_canvas(
    images: Float[Tensor, "n height width"], margin: int, down: int = 0, right: int = 0
) -> Float[Tensor, "n 1 _ _"]:
    """Each image with `margin` empty pixels around it, moved `down` and `right` within them.

    Nothing is cut off; raises ValueError where a shift is larger than the margin.
    """
    if max(abs(down), abs(right)) > margin:
        raise ValueError(f"shifts must be within the margin {margin}, got {down} and {right}")
    around = (margin + right, margin - right, margin + down, margin - down)
    return pad(images, around).unsqueeze(1)
