"""Double descent on real data: random ReLU features and least squares on scikit-learn's digits."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from course_lib.overfitting.digits import DigitsTask, one_hot


def random_relu_features(
    x: Float[Tensor, "n d"], directions: Float[Tensor, "d p"]
) -> Float[Tensor, "n p"]:
    """One layer of a network whose weights are never trained: relu(x @ directions).

    Column j is max(0, x · directions[:, j]). Nothing is added and nothing is rescaled:
    no constant column, no 1/√p.

    Source: Rahimi and Recht (2007); with ReLU, Belkin et al. (2019).
    """
    return (x @ directions).clamp(min=0)


def min_norm_fit(
    features: Float[Tensor, "n p"], y: Float[Tensor, "n *targets"]
) -> Float[Tensor, "p *targets"]:
    """The smallest weights of those that fit y best: features⁺ @ y, ⁺ the pseudo-inverse.

    Among all w that minimise ‖features @ w − y‖², the one with the least ‖w‖. Where p > n
    and the rows are independent, infinitely many w fit y exactly and this is the shortest;
    where p ≤ n and the columns are independent, it is ordinary least squares. `y` is (n,),
    or (n, k) for k fits at once. Source: Penrose (1956).
    """
    return torch.linalg.pinv(features) @ y


def random_directions(d: int, p: int, generator: torch.Generator) -> Float[Tensor, "d p"]:
    """p directions drawn uniformly from the unit sphere in d dimensions, one a column.

    They are on the generator's device.
    """
    options = {"generator": generator, "device": generator.device, "dtype": torch.float64}
    directions = torch.randn(d, p, **options)
    return directions / directions.norm(dim=0)


@dataclass(frozen=True)
class Fit:
    """What a fit on digits did, each as a number."""

    train_error: float  # share of the training images whose (noisy) label is not reproduced
    test_error: float  # share of the test images misclassified
    train_loss: float  # squared error, summed over the ten outputs, mean over training images
    test_loss: float  # the same on the test images
    weight_norm: float  # Frobenius norm of all weights


def assess(
    weights: Float[Tensor, "p 10"], directions: Float[Tensor, "64 p"], task: DigitsTask
) -> Fit:
    """Both kinds of error of the given output weights, on the training and on the test images."""
    errors, losses = [], []
    for x, labels in ((task.x_train, task.y_train), (task.x_test, task.y_test)):
        outputs = random_relu_features(x, directions) @ weights
        errors.append((outputs.argmax(dim=1) != labels).double().mean().item())
        losses.append((outputs - one_hot(labels)).square().sum(dim=1).mean().item())
    return Fit(*errors, *losses, weights.norm().item())


def fit_digits(
    task: DigitsTask, directions: Float[Tensor, "64 p"], alphas: Sequence[float] = (0.0,)
) -> list[Fit]:
    """Fit the ten outputs at each ridge strength; 0 is the minimum-norm solution itself.

    One singular value decomposition, features = U S Vᵀ, serves all strengths: the weights that
    minimise ‖features @ w − targets‖² + alpha · ‖w‖² are V · S / (S² + alpha) · Uᵀ @ targets, and
    alpha → 0 gives the pseudo-inverse.
    """
    features = random_relu_features(task.x_train, directions)
    u, s, vt = torch.linalg.svd(features, full_matrices=False)
    rotated = u.mT @ one_hot(task.y_train)
    tiny = s <= s[0] * max(features.shape) * torch.finfo(s.dtype).eps
    fits = []
    for alpha in alphas:
        shrinkage = torch.where(tiny, 0.0, s / (s.square() + alpha))
        fits.append(assess(vt.mT @ (shrinkage[:, None] * rotated), directions, task))
    return fits


def sweep_features(
    task: DigitsTask,
    n_features: Sequence[int],
    alphas: Sequence[float],
    generator: torch.Generator,
) -> list[list[Fit]]:
    """One fit for each number of features (outer list) and each ridge strength (inner list).

    The features are nested: a model with more of them has all those of the smaller ones.
    """
    directions = random_directions(task.x_train.shape[1], max(n_features), generator)
    return [fit_digits(task, directions[:, :p], alphas) for p in n_features]


def sweep_samples(
    task: DigitsTask,
    n_samples: Sequence[int],
    n_features: int,
    alphas: Sequence[float],
    generator: torch.Generator,
) -> list[list[Fit]]:
    """The same model, with the same features, on more and more of the same training images."""
    directions = random_directions(task.x_train.shape[1], n_features, generator)
    return [fit_digits(task.first(n), directions, alphas) for n in n_samples]
