"""Check of `scaled_dot_product_attention(q, k, v, mask=None)`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._attention_bugs import BUGS

# Room for float32, whose 7 digits become 5 where 64 products of both signs are added up.
RTOL, ATOL = 1e-4, 1e-5
# Inputs of 16 bits are exact in float32, so a result computed there is off by its last rounding
# only; weights computed in bfloat16 from scores of some tens are off by a quarter.
LAST_ROUNDING = 2e-2


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Numbers worked by hand, then axes of every kind, masks of every shape, and 16 bits."""

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng).mul(100).round() / 100  # short to read

    def inputs(*batch: int, n_queries: int = 2, n_keys: int = 3, d: int = 4, d_value: int = 2):
        q, k, v = draw(*batch, n_queries, d), draw(*batch, n_keys, d), draw(*batch, n_keys, d_value)
        return {"q": 2 * q, "k": k, "v": v, "mask": None}

    def masked(*batch: int, mask: tuple[int, ...]) -> dict[str, Tensor]:
        """A random mask in which every query may attend to something, not to all."""
        given = inputs(*batch)
        allowed = torch.rand(mask, generator=rng) < 0.5
        first = torch.randint(mask[-1], mask[:-1], generator=rng)[..., None]
        allowed.scatter_(-1, first, torch.tensor(True).expand_as(first))
        allowed.scatter_(-1, (first + 1) % mask[-1], torch.tensor(False).expand_as(first))
        return {**given, "mask": allowed}

    by_hand = {
        "q": torch.tensor([[[2.0, 0.0, 0.0, 0.0]]]),
        "k": torch.tensor([[[math.log(3), 0.0, 0.0, 0.0], [0.0, 7.0, 0.0, 0.0]]]),
        "v": torch.tensor([[[8.0, 0.0], [0.0, 4.0]]]),
        "mask": None,
    }
    yield Case("value", by_hand, "by hand: the scores are log 3 and 0, the weights ¾ and ¼")
    yield Case("value", inputs(1, d_value=3), "two queries, three keys, d_head = 4")
    yield Case("value", inputs(1, n_queries=3), "as many keys as queries")
    yield Case("value", inputs(2, n_keys=1), "a single key: its value is the result")
    yield Case("value", inputs(1, d=64), "d_head = 64")
    double = {name: x if x is None else x.double() for name, x in inputs(2).items()}
    yield Case("value", double, "float64")

    yield Case("axes", inputs(), "no batch axis")
    yield Case("axes", inputs(3, n_queries=3, n_keys=3, d=3, d_value=3), "all sizes equal")
    yield Case("axes", inputs(2, 3), "batch and heads")
    yield Case("axes", inputs(2, 1, 2, n_keys=2), "three axes in front")

    allowed = {**by_hand, "mask": torch.tensor([[True, False]])}
    yield Case("mask", allowed, "only the first key is allowed")
    yield Case("mask", masked(1, mask=(2, 3)), "one mask for all")
    yield Case("mask", masked(2, 2, mask=(2, 1, 2, 3)), "a mask for each sequence")
    yield Case("mask", masked(2, 2, mask=(2, 1, 1, 3)), "padding: a mask over the keys")
    yield Case("mask", {**inputs(2), "mask": torch.ones(2, 3, dtype=torch.bool)}, "all is allowed")

    nothing = {**by_hand, "mask": torch.tensor([[False, False]])}
    yield Case("nothing", nothing, "both keys are forbidden: zeros")
    # The query that attends has one key, not the first: its scale never counts, a causal mask does.
    alone = torch.zeros(2, 1, 2, 3, dtype=torch.bool)
    alone[0, 0, 0, torch.randint(1, 3, (), generator=rng)] = True
    some = {**inputs(2, 2), "mask": alone}
    yield Case("nothing", some, "one query of the first sequence, all of the second")

    for dtype in (torch.bfloat16, torch.float16):
        given = inputs(1, 2, n_queries=6, n_keys=7, d=64)
        half = {name: x if x is None else x.to(dtype) for name, x in given.items()}
        half["q"] = 4 * half["q"]
        yield Case("precision", half, f"{str(dtype).removeprefix('torch.')}: scores of some tens")
    big = {"q": torch.full((1, 2, 64), 100.0), "k": torch.full((1, 3, 64), 100.0)}
    half = {name: x.half() for name, x in {**big, "v": draw(1, 3, 2)}.items()}
    note = "float16, in which q · k = 640,000 is ∞"
    yield Case("precision", {**half, "mask": None}, note)


def run(implementation: Callable[..., Tensor], case: Case) -> Plain:
    """Call it as its users do: without a mask where there is none."""
    q, k, v, mask = case.inputs.values()
    return implementation(q, k, v) if mask is None else implementation(q, k, v, mask)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch's fused kernel in float64, and zeros where nothing is allowed."""
    expected, dtype = _expected(case), case.inputs["v"].dtype
    if case.property != "precision":
        return differs(outputs, expected, RTOL, ATOL)
    if problem := differs(outputs, expected, LAST_ROUNDING, LAST_ROUNDING):
        return problem
    if outputs.dtype != dtype:
        return f"the values are right, but expected them in v's dtype, {dtype}, got {outputs.dtype}"
    return None


def _expected(case: Case) -> Tensor:
    q, k, v, mask = case.inputs.values()
    if mask is None:
        return F.scaled_dot_product_attention(q.double(), k.double(), v.double())
    attends = mask.any(dim=-1, keepdim=True)
    result = F.scaled_dot_product_attention(
        q.double(), k.double(), v.double(), attn_mask=mask | ~attends
    )
    return torch.where(attends, result, 0.0)


def symptoms(case: Case, outputs: Plain) -> Plain:
    """In 16 bits two equal mistakes differ by their rounding: that something is wrong is shared."""
    if case.property != "precision":
        return outputs
    off = differs(outputs, _expected(case), LAST_ROUNDING, LAST_ROUNDING)
    return {
        "shape": list(outputs.shape),
        "dtype": str(outputs.dtype),
        "wrong": off is not None,
        "nan": bool(outputs.isnan().any()),
    }


CHECK = Check(
    id="ex2_attention/attention",
    title="Scaled dot-product attention",
    references=("course_lib.nn.attention.scaled_dot_product_attention",),
    properties=(
        Property("value", 3, "softmax(Q Kᵀ / √d_head) V"),
        Property("axes", 1, "any number of axes in front of the last two"),
        Property("mask", 3, "a query attends only where the mask is True"),
        Property("nothing", 1, "a query that may attend to nothing gets zeros"),
        Property("precision", 1, "16 bits in and out, float32 in between"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    symptoms=symptoms,
    takeaway=(
        "Nothing in it knows the order of the keys: shuffle keys and values together and the "
        "result stays. Whatever a Transformer knows of order it learns from positions and masks."
    ),
    forbidden=(
        "torch.nn.functional.scaled_dot_product_attention",
        "torch.nn.functional.multi_head_attention_forward",
        "torch.nn.MultiheadAttention",
    ),
)
