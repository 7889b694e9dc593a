"""Check of `layer_norm(x, scale, shift, epsilon)` and `rms_norm(x, scale, epsilon)`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._norms_bugs import BUGS

# Rounding in float32 is allowed; one of the bugs is no more than ten times coarser.
RTOL, ATOL = 1e-5, 1e-6
LAYER, RMS = 1e-5, 1e-6  # the default of epsilon in either function
BF16, FP16 = torch.bfloat16, torch.float16


def cases(rng: torch.Generator) -> Iterator[Case]:
    """By hand, then learned scales, other shapes, ε, a far mean, and half precision."""
    rows = torch.tensor([[1.0, 2, 3], [4, 5, 6]], dtype=torch.float64)
    by_hand = "by hand: both rows become (−1.2247, 0, 1.2247), whatever the other row is"
    yield _layer("layer", rows, torch.ones(3), torch.zeros(3), LAYER, by_hand)
    learned = torch.tensor([1.0, 2, -1]), torch.tensor([0.5, 0, 3])
    yield _layer("layer", rows, *learned, LAYER, "the same rows, scaled and shifted")
    yield _layer("layer", 300 * _random(rng, 5, 8) + 200, *_learned(rng, 8), LAYER)
    yield _layer("layer-tokens", _random(rng, 2, 3, 4), *_learned(rng, 4), LAYER, "three axes")
    yield _layer("layer-tokens", _random(rng, 2, 1, 3, 4), *_learned(rng, 4), LAYER, "four axes")
    yield _layer("layer-tokens", _random(rng, 6), *_learned(rng, 6), LAYER, "one vector alone")
    constant = torch.full((2, 4), 7.0, dtype=torch.float64)
    yield _layer("layer-epsilon", constant, *_learned(rng, 4), LAYER, "no variance at all")
    yield _layer("layer-epsilon", rows, torch.ones(3), torch.zeros(3), 0.75, "ε as large as 0.75")
    yield _layer("layer-epsilon", _random(rng, 3, 6) / 4, *_learned(rng, 6), 0.1, "ε = 0.1")
    yield _layer("layer-precision", *_far_mean(rng), LAYER, "float32, and the mean is near 6000")
    yield _layer("layer-precision", *_near_96(rng), LAYER, "everything in bfloat16")
    small = torch.tensor([[-1.0, 0, 1, 2], [0, 0, 4, 4]], dtype=BF16)
    mixed = torch.tensor([1.0, 2, 1, 2]), torch.tensor([0.0, 0, 1, 1])
    yield _layer("layer-precision", small, *mixed, LAYER, "x in bfloat16, the rest in float32")
    wide = torch.tensor([[-400.0, 400, -600, 600], [0, 0, 0, 1000]], dtype=FP16)
    halves = torch.tensor([1.0, 0.5, 2, 1], dtype=FP16), torch.tensor([0.0, 1, 0, 1], dtype=FP16)
    yield _layer("layer-precision", wide, *halves, LAYER, "float16, whose largest number is 65504")

    pair = torch.tensor([[1.0, 7], [3, -4]], dtype=torch.float64)
    by_hand = "by hand: the mean square of (1, 7) is 25, so it becomes (0.2, 1.4)"
    yield _rms("rms", pair, torch.ones(2), RMS, by_hand)
    yield _rms("rms", pair, torch.tensor([2.0, -1]), RMS, "the same rows, scaled")
    yield _rms("rms", 3 * _random(rng, 5, 8) + 2, _learned(rng, 8)[0], RMS)
    yield _rms("rms-tokens", _large(rng, 2, 3, 4), _learned(rng, 4)[0], RMS, "three axes")
    yield _rms("rms-tokens", _large(rng, 2, 1, 3, 4), _learned(rng, 4)[0], RMS, "four axes")
    yield _rms("rms-tokens", _large(rng, 6), _learned(rng, 6)[0], RMS, "one vector alone")
    yield _rms("rms-epsilon", torch.zeros(2, 4, dtype=torch.float64), torch.ones(4), RMS, "zeros")
    small = "numbers so small that the default ε counts"
    yield _rms("rms-epsilon", pair / 4000, torch.ones(2), RMS, small)
    yield _rms("rms-epsilon", pair / 4, torch.ones(2), 0.75, "ε as large as 0.75")
    yield _rms("rms-epsilon", _random(rng, 3, 6) / 4, _learned(rng, 6)[0], 0.1, "ε = 0.1")
    small = torch.tensor([[2.0, -2, 2, 2], [0, 0, 4, 0]], dtype=BF16)
    yield _rms("rms-precision", small, torch.tensor([1.0, 2, 1, 2], dtype=BF16), RMS, "bfloat16")
    yield _rms(
        "rms-precision", small, torch.tensor([1.0, 2, 1, 2]), RMS, "x in bfloat16, scale in float32"
    )
    note = "float16, whose largest number is 65504"
    yield _rms("rms-precision", wide, halves[0], RMS, note)


def _layer(
    name: str, x: Tensor, scale: Tensor, shift: Tensor, epsilon: float, note: str = ""
) -> Case:
    if x.dtype == torch.float64:
        scale, shift = scale.double(), shift.double()
    return Case(name, {"x": x, "scale": scale, "shift": shift, "epsilon": epsilon}, note)


def _rms(name: str, x: Tensor, scale: Tensor, epsilon: float, note: str = "") -> Case:
    scale = scale.double() if x.dtype == torch.float64 else scale
    return Case(name, {"x": x, "scale": scale, "epsilon": epsilon}, note)


def _random(rng: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=rng, dtype=torch.float64).round(decimals=2)


def _large(rng: torch.Generator, *shape: int) -> Tensor:
    """Numbers beside which the default ε does not count: between 1 and 5 or so in size."""
    x = _random(rng, *shape)
    return x + torch.where(x < 0, -1.0, 1.0)


def _learned(rng: torch.Generator, d_model: int) -> tuple[Tensor, Tensor]:
    return 1 + _random(rng, d_model) / 2, _random(rng, d_model)


def _far_mean(rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors whose mean float32 holds exactly, and whose squares it does not.

    Their variance is 1.875, beside which ε does not count; nor does a large scale make it count.
    """
    steps = torch.tensor([-2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2])
    order = torch.stack([torch.randperm(8, generator=rng) for _ in range(3)])
    x = 6000 + torch.randint(-64, 65, (3, 1), generator=rng) / 32 + steps[order]
    return x, 0.5 + torch.rand(8, generator=rng), _random(rng, 8).float()


def _near_96(rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors of 96, 96.5 and 97, whose mean bfloat16, in steps of one half here, cannot hold."""
    x = torch.tensor([96.0, 96, 96, 96, 96.5, 96.5, 96.5, 97], dtype=BF16)
    order = torch.stack([torch.randperm(8, generator=rng) for _ in range(3)])
    scale, shift = (
        torch.tensor([1.0, 2, 1, 1, 2, 1, 1, 1]),
        torch.tensor([0.0, 0, 1, 0, 0, 0, 1, 0]),
    )
    return x[order], scale.to(BF16), shift.to(BF16)


def run(implementation, case: Case) -> Plain:
    """Call the function that the case is about; the default ε is left to the student's code."""
    layer_norm, rms_norm = implementation
    is_layer = "shift" in case.inputs
    *arguments, epsilon = case.inputs.values()
    options = {} if epsilon == (LAYER if is_layer else RMS) else {"epsilon": epsilon}
    return (layer_norm if is_layer else rms_norm)(*arguments, **options)


def expected(case: Case) -> Tensor:
    """The result in float64, from torch's own functions."""
    x, *learned, epsilon = (
        value.double() if isinstance(value, Tensor) else value for value in case.inputs.values()
    )
    norm = F.layer_norm if "shift" in case.inputs else F.rms_norm
    return norm(x, x.shape[-1:], *learned, epsilon)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch's functions, in float64; the dtype counts in the cases on precision."""
    x, right = case.inputs["x"], expected(case)
    if not case.property.endswith("precision"):
        return differs(outputs, right, RTOL, ATOL)
    if not isinstance(outputs, Tensor) or outputs.shape != x.shape or outputs.is_complex():
        return differs(outputs, right)
    if outputs.dtype != x.dtype:
        return f"expected the result in x's dtype, {x.dtype}, got {outputs.dtype}"
    rtol, atol = _tolerances(case)
    return differs(outputs, right.to(x.dtype), rtol, atol)


def _tolerances(case: Case) -> tuple[float, float]:
    """Room for one more rounding, say of the normalised vector before it is scaled."""
    dtype = case.inputs["x"].dtype
    if dtype == torch.float32:
        return RTOL, 1e-5
    step = torch.finfo(dtype).eps
    return step, step * max(1.0, case.inputs.get("shift", torch.zeros(1)).abs().max().item())


def symptoms(case: Case, outputs: Plain) -> Plain:
    """In half precision: the dtype, and not how exactly the roundings fell."""
    if not case.property.endswith("precision"):
        return outputs
    error = (outputs.double() - expected(case)).abs().max().item()
    if case.inputs["x"].dtype == torch.float32 and not error < 0.2:
        return "swamped by rounding"
    if case.inputs["x"].dtype == BF16 and 0.02 < error < 1.5:
        return [str(outputs.dtype), "roughly right"]
    return [str(outputs.dtype), outputs]


CHECK = Check(
    id="ex2_attention/norms",
    title="LayerNorm and RMSNorm",
    references=("course_lib.nn.norms.layer_norm", "course_lib.nn.norms.rms_norm"),
    properties=(
        Property("layer", 2, "`layer_norm`: mean 0 and variance 1, then scale and shift"),
        Property("layer-tokens", 1, "`layer_norm`: each vector alone, whatever axes stand before"),
        Property("layer-epsilon", 1, "`layer_norm`: ε under the root"),
        Property("layer-precision", 1, "`layer_norm`: float32 inside, x's dtype outside"),
        Property("rms", 1, "`rms_norm`: divided by the root mean square, then scaled"),
        Property("rms-tokens", 1, "`rms_norm`: each vector alone, whatever axes stand before"),
        Property("rms-epsilon", 1, "`rms_norm`: ε under the root"),
        Property("rms-precision", 1, "`rms_norm`: float32 inside, x's dtype outside"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    symptoms=symptoms,
    forbidden=(
        "torch.nn.functional.layer_norm",
        "torch.nn.functional.rms_norm",
        "torch.nn.functional.group_norm",
        "torch.layer_norm",
        "torch.native_layer_norm",
        "torch.rms_norm",
        "torch.group_norm",
    ),
    takeaway=(
        "Nothing here looks beyond one token, so a sentence comes out the same alone, in a batch, "
        "and beside any padding. That is why Transformers use these and not batch normalisation."
    ),
)
