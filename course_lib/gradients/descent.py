"""Training a network with one of the optimizers, mini-batch after mini-batch."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
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
    mask: Bool[Tensor, "d"] | None = None,
    **hyperparameters: float,
) -> Float[Tensor, "n_steps"]:
    """Minimise the cross-entropy by `n_steps` of an optimizer's `step`; return each batch's loss.

    All parameters are joined into one vector θ of length d, in the order of `model.parameters()`,
    so that `step` is called once. Mini-batches are drawn with replacement from `generator`. Where
    `mask` is False, the parameter is set to zero and stays there.

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
    keep = torch.ones_like(theta, dtype=torch.bool) if mask is None else mask
    theta, state, losses = theta * keep, {}, []
    for _ in range(n_steps):
        vector_to_parameters(theta, model.parameters())
        places = torch.randint(len(x), (batch_size,), generator=generator, device=generator.device)
        batch = places.to(x.device)
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
    n_right = (model.eval()(x).argmax(dim=1) == y).sum().item()
    model.train(training)
    return n_right / len(y)
