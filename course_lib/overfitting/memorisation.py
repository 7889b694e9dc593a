"""Networks on noisy labels: what they learn and what they memorise, epoch after epoch."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from course_lib.overfitting.digits import N_CLASSES, DigitsTask


@dataclass(frozen=True)
class TrainingCurve:
    """What several networks, one for each task, had learned after some numbers of epochs."""

    epochs: list[int]  # when it was measured
    train_error: Float[Tensor, "epochs tasks"]  # share of training labels not reproduced
    test_error: Float[Tensor, "epochs tasks"]  # share of test images misclassified
    memorised: Float[Tensor, "epochs tasks"]  # share of wrong labels learned; NaN if there is none


def train_networks(
    tasks: Sequence[DigitsTask],
    d_hidden: int,
    epochs: Sequence[int],
    generator: torch.Generator,
    learning_rate: float = 1e-3,
    batch_size: int = 100,
) -> TrainingCurve:
    """Train one network of one hidden ReLU layer on each task, all of them at once, with Adam.

    The networks share nothing but the loop: their weights are stacked along the first axis, so that
    each matrix product serves all of them. In float32, as networks usually are. It is measured
    after each of `epochs`, counted from 1; raises ValueError if they are none, below 1 or repeated.
    """
    if min(epochs, default=0) < 1 or len(set(epochs)) < len(epochs):
        raise ValueError(f"epochs must be different numbers from 1 up, got {list(epochs)}")
    x_train, x_test = _stack(tasks, "x_train").float(), _stack(tasks, "x_test").float()
    y_train, y_test, truth = (_stack(tasks, name) for name in ("y_train", "y_test", "truth"))
    wrong, device = y_train != truth, x_train.device
    draw = {"generator": generator, "device": generator.device}
    layers = [
        (torch.randn(len(tasks), fan_in, fan_out, **draw) * (gain / fan_in) ** 0.5).to(device)
        for fan_in, fan_out, gain in ((64, d_hidden, 2), (d_hidden, N_CLASSES, 1))
    ]
    biases = [layer.new_zeros(len(tasks), 1, layer.shape[2]) for layer in layers]
    parameters = [parameter.requires_grad_() for parameter in layers + biases]
    optimizer = torch.optim.Adam(parameters, lr=learning_rate)

    def logits(x: Tensor) -> Tensor:
        return (x @ layers[0] + biases[0]).relu() @ layers[1] + biases[1]

    measured: list[list[Tensor]] = []
    for epoch in tqdm(range(1, max(epochs) + 1), unit=" epochs", file=sys.stdout):
        order = torch.rand(y_train.shape, **draw).argsort(dim=1).to(device)
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
