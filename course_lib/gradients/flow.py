"""How much signal and how much gradient each layer of a network gets."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


def gradient_norms_by_layer(
    model: nn.Module, x: Float[Tensor, "batch ..."], y: Int[Tensor, "batch"]
) -> Float[Tensor, "layers"]:
    """How large the loss gradient of each layer's weight is, from the first to the last.

    With the mean cross-entropy L of `model(x)`, shape (batch, classes), against the
    class numbers `y`, entry l of the result is

        ‖∂L/∂W_l‖ = sqrt(sum over all entries of (∂L/∂W_l)²)

    A layer is a weight with two or more dimensions: linear (out, in), convolution
    (out, in, height, width), in the order of `model.parameters()`. Vectors (biases, and
    the scales and shifts of a normalisation) are left out.

    What `.grad` held before does not count (what it holds afterwards is free). The
    parameters keep their values and the model stays in its mode. A batch normalisation in
    training mode updates its running statistics, as in any forward pass.

    Raises:
        RuntimeError: if a weight plays no part in the loss, or there is no weight.

    Source: Glorot and Bengio (2010), section 4.2.
    """
    weights = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    loss = cross_entropy(model(x), y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([gradient.norm() for gradient in gradients])


def signal_by_layer(
    model: nn.Module, x: Float[Tensor, "batch ..."]
) -> list[tuple[str, Float[Tensor, "batch ..."]]]:
    """What comes out of each linear and convolutional layer on the way forward, with its name.

    A batch normalisation in training mode updates its running statistics, as in any forward pass.
    """
    signals: list[tuple[str, Tensor]] = []
    hooks = [
        layer.register_forward_hook(
            lambda layer, inputs, output, name=name: signals.append((name, output.detach()))
        )
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    ]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
    return signals
