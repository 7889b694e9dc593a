"""Errors as training goes on: gradient descent in closed form, and networks on noisy labels."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from course_lib.overfitting.double_descent import N_CLASSES, DigitsTask, random_directions


def gradient_descent_path(
    features: Float[Tensor, "n p"], y: Float[Tensor, "n *targets"], steps: Sequence[int]
) -> list[Float[Tensor, "p *targets"]]:
    """The weights of gradient descent from zero after each number of steps, without taking them.

    The loss is ½ ‖features @ w − y‖², the step size 1/σ₁², with σ₁ the largest singular value. In
    the basis of the singular vectors every coordinate moves alone: with features = U S Vᵀ, after t
    steps w = V · (1 − (1 − S²/σ₁²)^t) / S · Uᵀ y, so a direction is learned after about (σ₁/σ)²
    steps, and t → ∞ gives the minimum-norm solution. Source: Yao, Rosasco and Caponnetto (2007).
    """
    u, s, vt = torch.linalg.svd(features, full_matrices=False)
    kept = s > s[0] * max(features.shape) * torch.finfo(s.dtype).eps
    u, s, vt = u[:, kept], s[kept], vt[kept]
    remaining = torch.log1p(-((s / s[0]) ** 2).clamp(max=1 - 1e-15))  # log of the factor of a step
    return [vt.mT @ ((-torch.expm1(t * remaining) / s).diag() @ (u.mT @ y)) for t in steps]


def two_speed_directions(
    n_fast: int, n_slow: int, slowness: float, n_columns: int, generator: torch.Generator
) -> Float[Tensor, "64 p"]:
    """Random directions that see two parts of a digit at two speeds.

    The first `n_fast` look only at the leftmost `n_columns` of the 8 × 8 pixels; the others look
    only at the rest and are `slowness` times as long. A feature's speed under gradient descent goes
    with its square. Source of the idea: Heckel and Yilmaz (2021).
    """
    left = (torch.arange(64) % 8 < n_columns).double()[:, None]
    fast = random_directions(64, n_fast, generator) * left
    slow = random_directions(64, n_slow, generator) * (1 - left) * slowness
    return torch.cat([fast, slow], dim=1)


@dataclass(frozen=True)
class TrainingCurve:
    """What several networks, one for each task, had learned after some numbers of epochs."""

    epochs: list[int]  # when it was measured
    train_error: Float[Tensor, "epochs tasks"]  # share of training labels not reproduced
    test_error: Float[Tensor, "epochs tasks"]  # share of test images misclassified
    memorised: Float[Tensor, "epochs tasks"]  # share of the wrong labels that are reproduced


def train_networks(
    tasks: Sequence[DigitsTask],
    n_hidden: int,
    epochs: Sequence[int],
    generator: torch.Generator,
    learning_rate: float = 1e-3,
    batch_size: int = 100,
) -> TrainingCurve:
    """Trains one network of one hidden ReLU layer on each task, all of them at once, with Adam.

    The networks share nothing but the loop: their weights are stacked along the first axis, so that
    each matrix product serves all of them. In float32, as networks usually are.
    """
    x_train, x_test = _stack(tasks, "x_train").float(), _stack(tasks, "x_test").float()
    y_train, y_test, truth = (_stack(tasks, name) for name in ("y_train", "y_test", "truth"))
    wrong = y_train != truth
    layers = [
        torch.randn(len(tasks), fan_in, fan_out, generator=generator) * (gain / fan_in) ** 0.5
        for fan_in, fan_out, gain in ((64, n_hidden, 2), (n_hidden, N_CLASSES, 1))
    ]
    biases = [torch.zeros(len(tasks), 1, layer.shape[2]) for layer in layers]
    parameters = [parameter.requires_grad_() for parameter in layers + biases]
    optimizer = torch.optim.Adam(parameters, lr=learning_rate)

    def logits(x: Tensor) -> Tensor:
        return (x @ layers[0] + biases[0]).relu() @ layers[1] + biases[1]

    measured: list[list[Tensor]] = []
    for epoch in tqdm(range(1, max(epochs) + 1), unit=" epochs", file=sys.stdout):
        order = torch.rand(y_train.shape, generator=generator).argsort(dim=1)
        for batch in order.split(batch_size, dim=1):
            x = x_train.gather(1, batch[:, :, None].expand(-1, -1, 64))
            loss = torch.nn.functional.cross_entropy(
                logits(x).flatten(0, 1), y_train.gather(1, batch).flatten(), reduction="sum"
            )
            optimizer.zero_grad()
            (loss / batch.shape[1]).backward()  # a mean for each network, a sum over networks
            optimizer.step()
        if epoch in epochs:
            with torch.no_grad():
                said, said_test = logits(x_train).argmax(dim=2), logits(x_test).argmax(dim=2)
            repeated = ((said == y_train) & wrong).sum(dim=1) / wrong.sum(dim=1)
            measured.append([_share(said != y_train), _share(said_test != y_test), repeated])
    return TrainingCurve(sorted(epochs), *map(torch.stack, zip(*measured, strict=True)))


def _stack(tasks: Sequence[DigitsTask], field: str) -> Tensor:
    return torch.stack([getattr(task, field) for task in tasks])


def _share(wrong: Tensor) -> Tensor:
    return wrong.float().mean(dim=1)
