"""Check of ex1_overfitting/layer-gradients: the size of the loss gradient, layer by layer."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from course_lib.checks.base import Case, Check, Property, bug
from course_lib.checks.compare import differs


def linear(rng: torch.Generator, d_in: int, d_out: int) -> tuple:
    """A linear layer as plain data: its kind, weight (out, in) and bias."""
    weight = torch.randn(d_out, d_in, generator=rng, dtype=torch.float64)
    return ("linear", weight, torch.randn(d_out, generator=rng, dtype=torch.float64))


def cases(rng: torch.Generator) -> Iterator[Case]:
    """From one layer worked by hand to nested, normalised and convolutional networks."""

    def batch(n: int, *shape: int, n_classes: int = 3) -> dict[str, Tensor]:
        x = torch.randn(n, *shape, generator=rng, dtype=torch.float64)
        return {"x": x, "y": torch.randint(n_classes, (n,), generator=rng)}

    one = ("linear", torch.zeros(2, 2, dtype=torch.float64), None)
    x = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    yield Case(
        "value",
        {"layers": [one], "x": x, "y": torch.tensor([0]), "stale": False},
        note="one layer of zeros: p = (½, ½), so ∂L/∂W = [[−1.5, −2], [1.5, 2]]",
    )
    yield Case("value", {"layers": [linear(rng, 4, 3)], **batch(6, 4), "stale": False})
    two = [linear(rng, 4, 5), ("tanh",), linear(rng, 5, 3)]
    yield Case("value", {"layers": two, **batch(8, 4), "stale": False}, note="two layers and tanh")
    deep = [linear(rng, 4, 6), ("tanh",), linear(rng, 6, 5), ("relu",), linear(rng, 5, 3)]
    yield Case("value", {"layers": deep, **batch(16, 4), "stale": False}, note="three layers")

    inner = ("nested", [("tanh",), linear(rng, 5, 5)])
    nested = [linear(rng, 4, 5), inner, ("tanh",), linear(rng, 5, 3)]
    yield Case(
        "layers", {"layers": nested, **batch(8, 4), "stale": False}, note="a block inside a model"
    )
    normed = [linear(rng, 4, 5), ("layer_norm", 5), ("tanh",), linear(rng, 5, 3)]
    yield Case(
        "layers", {"layers": normed, **batch(8, 4), "stale": False}, note="layer normalisation"
    )
    kernel = torch.randn(2, 1, 3, 3, generator=rng, dtype=torch.float64)
    conv = [("conv", kernel), ("relu",), ("flatten",), linear(rng, 8, 3)]
    yield Case(
        "layers", {"layers": conv, **batch(5, 1, 4, 4), "stale": False}, note="a convolution"
    )

    stale = [linear(rng, 4, 5), ("tanh",), linear(rng, 5, 3)]
    yield Case(
        "untouched",
        {"layers": stale, **batch(8, 4), "stale": True},
        note="`.grad` still holds the gradients of an earlier batch",
    )
    batch_normed = [linear(rng, 4, 5), ("batch_norm", 5), ("tanh",), linear(rng, 5, 3)]
    yield Case(
        "untouched",
        {"layers": batch_normed, **batch(8, 4), "stale": False},
        note="batch normalisation, in training mode",
    )


def build(layers: list[tuple]) -> nn.Sequential:
    """The torch model that the plain data describe."""

    def layer(kind: str, *arguments: object) -> nn.Module:
        if kind == "nested":
            return build(arguments[0])
        if kind == "layer_norm":
            return nn.LayerNorm(arguments[0], dtype=torch.float64)
        if kind == "batch_norm":
            return nn.BatchNorm1d(arguments[0], dtype=torch.float64)
        if kind in ("linear", "conv"):
            weight, bias = (*arguments, None)[:2]
            make = nn.Linear if kind == "linear" else nn.Conv2d
            size = () if kind == "linear" else (weight.shape[2],)
            module = nn.utils.skip_init(
                make,
                weight.shape[1],
                weight.shape[0],
                *size,
                bias=bias is not None,
                dtype=weight.dtype,
            )
            module.weight.data = weight.clone()
            if bias is not None:
                module.bias.data = bias.clone()
            return module
        return {"tanh": nn.Tanh, "relu": nn.ReLU, "flatten": nn.Flatten}[kind]()

    return nn.Sequential(*(layer(*described) for described in layers))


def run(implementation, case: Case) -> dict[str, object]:
    """Build the model, measure, and look at what the measurement did to it."""
    model = build(case.inputs["layers"])
    if case.inputs["stale"]:
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
    norms = implementation(model, case.inputs["x"], case.inputs["y"])
    if isinstance(norms, list | tuple):  # as good as a tensor
        norms = torch.tensor([float(norm) for norm in norms], dtype=torch.float64)
    return {
        "norms": norms,
        "weights": [parameter.detach().clone() for parameter in model.parameters()],
        "training": model.training,
    }


def judge(case: Case, outputs: dict[str, object]) -> str | None:
    """Compare with torch.autograd on an untouched copy of the model."""
    model = build(case.inputs["layers"])
    log_p = model(case.inputs["x"]).log_softmax(dim=1)
    loss = -log_p[torch.arange(len(log_p)), case.inputs["y"]].mean()
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    expected = torch.stack([g.square().sum().sqrt() for g in gradients if g.ndim >= 2])
    if wrong := differs(outputs["norms"], expected):
        return wrong
    if moved(case, outputs):
        return "the norms are right, but the model's parameters changed during the measurement"
    if not outputs["training"]:
        return "the norms are right, but the model was left in evaluation mode"
    return None


def moved(case: Case, outputs: dict[str, object]) -> bool:
    """Whether any parameter came out of the measurement with another value."""
    before = build(case.inputs["layers"]).parameters()
    pairs = zip(before, outputs["weights"], strict=True)
    return not all(torch.equal(parameter, after) for parameter, after in pairs)


def symptoms(case: Case, outputs: dict[str, object]) -> dict[str, object]:
    """Two steps of different size are the same mistake."""
    return {
        "norms": outputs["norms"],
        "moved": moved(case, outputs),
        "training": outputs["training"],
    }


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
    "Your numbers are the norms of the weights, not of their gradients: x and y play no part.",
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


@bug("Your norms are squared: the root is missing.", hint="Take the square root of the sum.")
def norm_squared(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Sum of squares."""
    return measured(model, x, y, size=lambda g: g.square().sum())


@bug(
    "You return the largest entry of each gradient, not its Euclidean norm.",
    hint="Square all entries, add them up, take the root: `gradient.norm()`.",
)
def largest_entry(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Maximum norm."""
    return measured(model, x, y, size=lambda g: g.abs().max())


@bug(
    "You take the root of the mean of the squares, so a wide layer looks weaker than it is.",
    hint="The norm has the sum of the squares under the root, not their mean.",
)
def root_mean_square(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Root of the mean square."""
    return measured(model, x, y, size=lambda g: g.square().mean().sqrt())


@bug(
    "You use the matrix norm (the largest singular value); asked is the norm over all entries.",
    hint="`gradient.norm()`, or `torch.linalg.vector_norm(gradient)`; "
    "`torch.linalg.norm(gradient, 2)` is another thing for a matrix.",
)
def largest_singular_value(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Spectral norm."""
    return measured(model, x, y, size=lambda g: torch.linalg.matrix_norm(g.flatten(1), 2))


@bug(
    "You add up the loss over the batch, so every norm grows with the batch size.",
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
    "You differentiate the squared error; the loss here is the cross-entropy.",
    hint="`torch.nn.functional.cross_entropy(model(x), y)`.",
)
def squared_error(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error against one-hot targets."""
    return measured(model, x, y, loss=lambda z, y: (z - one_hot(y, z.shape[1])).square().mean())


@bug(
    "You return a norm for each parameter, biases and normalisation scales among them.",
    hint="Keep the parameters with two or more dimensions.",
)
def vectors_counted(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Every parameter."""
    return measured(model, x, y, keep=lambda p: True)


@bug(
    "A normalisation counts as a layer with you: its scale is called `weight`, but it is a vector.",
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
    "The order is reversed: your first number belongs to the last layer.",
    hint="Backpropagation runs from back to front; the result goes from front to back.",
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
    hint="`model.parameters()` and `model.modules()` reach every depth.",
)
def nested_layers_missing(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Outermost modules only."""
    keep = {id(p) for child in model for p in child.parameters(recurse=False)}
    return measured(model, x, y, keep=lambda p: id(p) in keep and p.ndim >= 2)


@bug(
    "You return one number for the whole model.",
    hint="Collect one norm per layer and stack them: that the layers differ is the point.",
)
def one_number(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Norm of all gradients together."""
    return measured(model, x, y).norm()


@bug(
    "You switch the model to evaluation mode, where batch normalisation uses other statistics.",
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


CHECK = Check(
    id="ex1_overfitting/layer-gradients",
    title="Gradient norms by layer",
    references=("course_lib.gradients.flow.gradient_norms_by_layer",),
    properties=(
        Property("value", 2, "the norm of each weight's gradient under the mean cross-entropy"),
        Property("layers", 1, "one number per linear or convolutional layer, first to last"),
        Property("untouched", 1, "no stale gradients counted in, and the model left as it was"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=(
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
    ),
    takeaway="Each of your numbers holds a product of as many Jacobians as there are layers above, "
    "which is why depth makes gradients vanish or explode, and why one looks at them by layer.",
    symptoms=symptoms,
)
