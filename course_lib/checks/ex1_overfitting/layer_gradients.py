"""Check of ex1_overfitting/layer-gradients: the size of the loss gradient, layer by layer."""

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex1_overfitting._described_models import build, linear
from course_lib.checks.ex1_overfitting._layer_gradients_bugs import BUGS


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


def run(implementation, case: Case) -> dict[str, object]:
    """Build the model, measure, and look at what the measurement did to it."""
    model = build(case.inputs["layers"])
    if case.inputs["stale"]:
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    norms = implementation(model, case.inputs["x"], case.inputs["y"])
    frozen = not all(parameter.requires_grad for parameter in model.parameters())
    if isinstance(norms, list | tuple):  # as good as a tensor
        norms = torch.tensor([float(norm) for norm in norms], dtype=torch.float64)
    unmoved = all(map(torch.equal, model.parameters(), before))
    return {"norms": norms, "moved": not unmoved, "training": model.training, "frozen": frozen}


def judge(case: Case, outputs: dict[str, object]) -> str | None:
    """Compare with torch.autograd on an untouched copy of the model."""
    model = build(case.inputs["layers"])
    log_p = model(case.inputs["x"]).log_softmax(dim=1)
    loss = -log_p[torch.arange(len(log_p)), case.inputs["y"]].mean()
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    expected = torch.stack([g.square().sum().sqrt() for g in gradients if g.ndim >= 2])
    if wrong := differs(outputs["norms"], expected):
        return wrong
    if outputs["moved"]:
        return "the norms are right, but the model's parameters changed during the measurement"
    if not outputs["training"]:
        return "the norms are right, but the model was left in evaluation mode"
    if outputs["frozen"]:
        return "the norms are right, but parameters were left with `requires_grad` set to False"
    return None


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
    bugs=BUGS,
    takeaway="Each of your numbers holds a product of as many Jacobians as there are layers above, "
    "which is why depth makes gradients vanish or explode, and why one looks at them by layer.",
)
