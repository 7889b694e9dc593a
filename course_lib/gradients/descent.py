"""Training a network with one of the optimizers, mini-batch after mini-batch."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector, vector_to_parameters


def train(
    model: nn.Module,
    x: Float[Tensor, "n ..."],
    y: Int[Tensor, "n"],
    step: Callable[..., tuple[Tensor, dict]],
    *,
    n_steps: int,
    batch_size: int,
    generator: torch.Generator,
    mask: Float[Tensor, "d"] | None = None,
    **hyperparameters: float,
) -> Float[Tensor, "n_steps"]:
    """Minimise the cross-entropy by `n_steps` of an optimizer's `step`; return each batch's loss.

    All parameters are joined into one vector θ of length d, in the order of `model.parameters()`,
    so that `step` is called once. Mini-batches are drawn with replacement from `generator`. Where
    `mask` is 0, the parameter is set to zero and stays there.

    Args:
        step: one of `course_lib.gradients.optimizers`, for example `adam_step`.
        hyperparameters: passed on to `step`.

    Raises:
        ValueError: if n_steps or batch_size is below 1.
    """
    if min(n_steps, batch_size) < 1:
        raise ValueError(
            f"n_steps and batch_size must be at least 1, got {n_steps} and {batch_size}"
        )
    theta = parameters_to_vector(model.parameters()).detach()
    keep = torch.ones_like(theta) if mask is None else mask
    theta, state, losses = theta * keep, {}, []
    for _ in range(n_steps):
        vector_to_parameters(theta, model.parameters())
        batch = torch.randint(len(x), (batch_size,), generator=generator)
        loss = cross_entropy(model(x[batch]), y[batch])
        gradient = parameters_to_vector(torch.autograd.grad(loss, list(model.parameters())))
        theta, state = step(theta, gradient * keep, state, **hyperparameters)
        losses.append(loss.detach())
    vector_to_parameters(theta, model.parameters())
    return torch.stack(losses)


@torch.no_grad()
def accuracy(model: nn.Module, x: Float[Tensor, "n ..."], y: Int[Tensor, "n"]) -> float:
    """Share of examples whose largest logit is the right class, in evaluation mode."""
    training = model.training
    share = (model.eval()(x).argmax(dim=1) == y).double().mean().item()
    model.train(training)
    return share
