"""The mistakes people make when they measure gradients by layer, with the words that help."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from course_lib.checks.base import bug


def measured(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    loss: Callable = cross_entropy,
    size: Callable = torch.norm,
    keep: Callable = lambda p: p.ndim >= 2,
) -> Tensor:
    """The measurement with one part exchanged; the bugs below each exchange one."""
    parameters = [parameter for parameter in model.parameters() if keep(parameter)]
    return torch.stack([size(g) for g in torch.autograd.grad(loss(model(x), y), parameters)])


@bug(
    "These are the norms of the weights, not of their gradients: x and y play no part.",
    hint="Compute the loss first, then take the norm of each weight's gradient.",
)
def weights_not_gradients(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Norms of the parameters themselves."""
    return torch.stack([p.detach().norm() for p in model.parameters() if p.ndim >= 2])


@bug(
    "Gradients of an earlier batch are counted in: `.backward()` adds to what `.grad` holds.",
    hint="Clear the gradients first (`model.zero_grad()`), or ask `torch.autograd.grad`.",
)
def gradients_not_cleared(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Backward on top of whatever was there."""
    cross_entropy(model(x), y).backward()
    return torch.stack([p.grad.norm() for p in model.parameters() if p.ndim >= 2])


@bug("The norms are squared: the root is missing.", hint="Take the square root of the sum.")
def norm_squared(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Sum of squares."""
    return measured(model, x, y, size=lambda g: g.square().sum())


@bug(
    "This is the largest entry of each gradient, not its Euclidean norm.",
    hint="Square all entries, add them up, take the root: `gradient.norm()`.",
)
def largest_entry(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Maximum norm."""
    return measured(model, x, y, size=lambda g: g.abs().max())


@bug(
    "The root is taken of the mean of the squares, so a wide layer looks weaker than it is.",
    hint="The norm has the sum of the squares under the root, not their mean.",
)
def root_mean_square(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Root of the mean square."""
    return measured(model, x, y, size=lambda g: g.square().mean().sqrt())


@bug(
    "This is the matrix norm (the largest singular value); asked is the norm over all entries.",
    hint="Use `gradient.norm()`, which takes all entries alike; `torch.linalg.norm(gradient, 2)` "
    "does not, where the gradient is a matrix.",
)
def largest_singular_value(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Spectral norm."""
    return measured(model, x, y, size=lambda g: torch.linalg.matrix_norm(g.flatten(1), 2))


@bug(
    "The loss is summed over the batch, so every norm grows with the batch size.",
    hint="Use the mean over the batch, which is what `cross_entropy` does by default.",
)
def loss_summed(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Loss summed over the batch."""
    return measured(model, x, y, loss=lambda z, y: cross_entropy(z, y, reduction="sum"))


@bug(
    "The softmax is applied twice: `cross_entropy` expects logits and applies it itself.",
    hint="Hand the model's output to `cross_entropy` as it is.",
)
def softmax_twice(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Probabilities taken for logits."""
    return measured(model, x, y, loss=lambda z, y: cross_entropy(z.softmax(1), y))


@bug(
    "The squared error is differentiated; the loss here is the cross-entropy.",
    hint="Use `torch.nn.functional.cross_entropy(model(x), y)` as the loss.",
)
def squared_error(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error against one-hot targets."""
    return measured(model, x, y, loss=lambda z, y: (z - one_hot(y, z.shape[1])).square().mean())


@bug(
    "There is a norm for every parameter, biases and normalisation scales among them.",
    hint="Keep the parameters with two or more dimensions.",
)
def vectors_counted(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Every parameter."""
    return measured(model, x, y, keep=lambda p: True)


@bug(
    "Normalisations are counted as layers: their scale is called `weight`, but it is a vector.",
    hint="Ask for the number of dimensions (`parameter.ndim >= 2`), not for the name.",
)
def scales_counted(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Everything called weight."""
    keep = {id(p) for name, p in model.named_parameters() if name.endswith("weight")}
    return measured(model, x, y, keep=lambda p: id(p) in keep)


@bug(
    "Each norm has the layer's bias in it as well.",
    hint="Take the gradient of the weight alone.",
)
def bias_joined(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Weight and bias in one norm."""
    model.zero_grad()
    cross_entropy(model(x), y).backward()
    layers = [m for m in model.modules() if getattr(getattr(m, "weight", None), "ndim", 0) >= 2]
    grads = [[p.grad.flatten() for p in m.parameters(recurse=False)] for m in layers]
    return torch.stack([torch.cat(gradient).norm() for gradient in grads])


@bug(
    "The order is reversed: the first number belongs to the last layer.",
    hint="Collect the norms in the order of `model.parameters()`, first layer first.",
)
def last_layer_first(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """From the output to the input."""
    return measured(model, x, y).flip(0)


@bug(
    "Only linear layers are measured: a convolution's weight, with four dimensions, is missing.",
    hint="Go over `model.parameters()` instead of asking for `nn.Linear`.",
)
def convolutions_missing(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Matrices only."""
    return measured(model, x, y, keep=lambda p: p.ndim == 2)


@bug(
    "Layers inside a block are missing: iterating over a model yields only its outermost modules.",
    hint="Go over `model.parameters()` or `model.modules()`, which reach every depth.",
)
def nested_layers_missing(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Outermost modules only."""
    keep = {id(p) for child in model for p in child.parameters(recurse=False)}
    return measured(model, x, y, keep=lambda p: id(p) in keep and p.ndim >= 2)


@bug(
    "One number comes back for the whole model.",
    hint="Collect one norm per layer and stack them: that the layers differ is the point.",
)
def one_number(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Norm of all gradients together."""
    return measured(model, x, y).norm()


@bug(
    "The model is switched to evaluation mode: batch normalisation uses other statistics there.",
    hint="Measure in the mode in which the model comes; do not call `model.eval()`.",
)
def switched_to_evaluation(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Evaluation mode."""
    model.eval()
    return measured(model, x, y)


@bug(
    "The parameters change: a training step is taken while measuring.",
    hint="Leave the optimiser out. Measuring needs the gradients, not the step.",
)
def step_taken(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """A gradient step along the way."""
    norms = measured(model, x, y)
    gradients = torch.autograd.grad(cross_entropy(model(x), y), list(model.parameters()))
    with torch.no_grad():
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter -= 0.01 * gradient
    return norms


BUGS = (
    weights_not_gradients,
    gradients_not_cleared,
    norm_squared,
    largest_entry,
    root_mean_square,
    largest_singular_value,
    loss_summed,
    softmax_twice,
    squared_error,
    vectors_counted,
    scales_counted,
    bias_joined,
    last_layer_first,
    convolutions_missing,
    nested_layers_missing,
    one_number,
    switched_to_evaluation,
    step_taken,
)
