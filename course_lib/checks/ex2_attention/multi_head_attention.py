"""Check of `class MultiHeadAttention(d_model, n_heads, n_kv_heads=None)`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._multi_head_bugs import BUGS
from course_lib.checks.modules import construct, draw_weights, load_weights

ATOL = 1e-4  # float32: sums of some 20 numbers around 1, through three products


PLAIN = "the identity for every projection, biases 0"


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Of each property first what can be followed by hand, then drawn weights."""

    def plain(name: str, *heads: int, note: str = "", **inputs: Tensor) -> Case:
        return Case(name, _inputs(inputs["x"].shape[-1], *heads, weights=PLAIN, **inputs), note)

    def drawn(name: str, *heads: int, note: str = "", **inputs: Tensor) -> Case:
        seed = int(torch.randint(1, 2**31, (1,), generator=rng))
        return Case(name, _inputs(inputs["x"].shape[-1], *heads, weights=seed, **inputs), note)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng) * 1.5

    pair = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]])
    other = torch.tensor([[[0.0, 1.0], [3.0, 0.0]]])
    yield plain("one-head", 1, x=pair)
    yield drawn("one-head", 1, x=draw(1, 3, 4))
    yield drawn("one-head", 1, x=draw(2, 4, 6))
    yield plain("heads", 2, x=pair)
    yield plain("heads", 2, x=torch.tensor([[[1.0, 0.0, 0.0, 2.0], [0.0, 3.0, 1.0, 0.0]]]))
    yield drawn("heads", 3, x=draw(2, 5, 12))
    yield drawn("heads", 6, x=draw(3, 4, 12))

    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    yield plain("mask", 2, x=pair, mask=causal[:2, :2])
    yield drawn("mask", 2, x=draw(1, 3, 4), mask=causal[:3, :3], note="causal")
    padding = (torch.arange(5) < torch.tensor([5, 2, 3])[:, None])[:, None, None, :]
    yield drawn("mask", 3, x=draw(3, 5, 12), mask=padding, note="padding")
    of_each = (torch.rand(2, 3, 5, 5, generator=rng) < 0.5) | torch.eye(5, dtype=torch.bool)
    yield drawn("mask", 3, x=draw(2, 5, 12), mask=of_each, note="a mask for each head")

    yield plain("cross", 2, x=pair, context=other)
    yield drawn("cross", 2, x=draw(1, 2, 4), context=draw(1, 2, 4), note="as many keys as queries")
    x, context = draw(2, 3, 12), draw(2, 7, 12)
    seen = (torch.arange(7) < torch.tensor([7, 4])[:, None])[:, None, None, :]
    yield drawn("cross", 3, x=x, context=context, note="more keys than queries")
    yield drawn("cross", 3, x=x, context=context, mask=seen, note="with a padding mask")

    four = torch.tensor([[[1.0, 0.0, 0.0, 2.0], [0.0, 3.0, 1.0, 0.0]]])
    note = "k_proj and v_proj keep the first two columns"
    yield plain("shared-heads", 4, 2, x=four, note=note)
    yield drawn("shared-heads", 2, 1, x=draw(1, 3, 4), note="one key head for all")
    yield drawn("shared-heads", 6, 2, x=draw(2, 3, 24))
    x, context = draw(2, 3, 24), draw(2, 5, 24)
    yield drawn("shared-heads", 6, 3, x=x, context=context, note="cross-attention")


def _inputs(
    d_model: int,
    n_heads: int,
    n_kv_heads: int | None = None,
    *,
    weights: str | int,
    x: Tensor,
    context: Tensor | None = None,
    mask: Tensor | None = None,
) -> dict[str, Plain]:
    """In the order in which they are shown; weights are described, which leaves less to read."""
    sizes = {"d_model": d_model, "n_heads": n_heads, "n_kv_heads": n_kv_heads}
    what = {"weights": weights} if weights == PLAIN else {"seed_of_weights": weights}
    given = {"context": context, "mask": mask}
    return sizes | what | {"x": x} | {k: v for k, v in given.items() if v is not None}


def weights_of(case: Case) -> dict[str, Tensor]:
    """What a case calls its weights."""
    d_model, n_heads, n_kv_heads = (case.inputs[k] for k in ("d_model", "n_heads", "n_kv_heads"))
    d_kv = d_model // n_heads * (n_kv_heads or n_heads)
    widths = {"q_proj": d_model, "k_proj": d_kv, "v_proj": d_kv, "out_proj": d_model}
    shapes: dict[str, tuple[int, ...]] = {}
    for name, width in widths.items():
        shapes |= {f"{name}.weight": (width, d_model), f"{name}.bias": (width,)}
    if "weights" in case.inputs:
        return {
            name: torch.eye(*shape) if len(shape) == 2 else torch.zeros(shape)
            for name, shape in shapes.items()
        }
    return draw_weights(shapes, torch.Generator().manual_seed(case.inputs["seed_of_weights"]))


def run(implementation: Callable[..., nn.Module], case: Case) -> Plain:
    """Build the module, give it the case's weights, and call it as its reader would."""
    sizes = [case.inputs["d_model"], case.inputs["n_heads"], case.inputs["n_kv_heads"]]
    module = construct(implementation, *(sizes if sizes[2] is not None else sizes[:2]))
    load_weights(module, weights_of(case))
    options = {name: case.inputs[name] for name in ("context", "mask") if name in case.inputs}
    return module(case.inputs["x"], **options)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with one head at a time, in float64."""
    n_heads, n_kv_heads, x = (case.inputs[key] for key in ("n_heads", "n_kv_heads", "x"))
    context, mask = case.inputs.get("context"), case.inputs.get("mask")
    weights = {name: value.double() for name, value in weights_of(case).items()}

    def project(name: str, h: Tensor) -> Tensor:
        return h.double() @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    source = x if context is None else context
    q, k, v = project("q_proj", x), project("k_proj", source), project("v_proj", source)
    group = n_heads // (n_kv_heads or n_heads)
    (n_texts, n_queries, d_model), n_keys = x.shape, source.shape[1]
    may = torch.ones((), dtype=torch.bool) if mask is None else mask
    may = may.broadcast_to(n_texts, n_heads, n_queries, n_keys)
    d_head = d_model // n_heads
    heads = []
    for head in range(n_heads):
        own = slice(head * d_head, (head + 1) * d_head)
        shared = slice(head // group * d_head, (head // group + 1) * d_head)
        scores = torch.einsum("bqd,bkd->bqk", q[..., own], k[..., shared]) / math.sqrt(d_head)
        shares = scores.exp() * may[:, head]  # what is forbidden has no share
        heads.append(shares @ v[..., shared] / shares.sum(dim=-1, keepdim=True))
    joined = torch.cat(heads, dim=-1)
    return differs(outputs, project("out_proj", joined).float(), atol=ATOL)


CHECK = Check(
    id="ex2_attention/multi-head-attention",
    title="Multi-head attention",
    references=("course_lib.nn.multi_head.MultiHeadAttention",),
    properties=(
        Property("one-head", 1, "with one head: four projections around attention"),
        Property("heads", 2, "several heads, split and joined in order"),
        Property("mask", 1, "a mask for all, for each text, or for each head"),
        Property("cross", 1, "keys and values from a context"),
        Property("shared-heads", 2, "fewer key and value heads, shared by neighbours"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    forbidden=(
        "torch.nn.functional.multi_head_attention_forward",
        "course_lib.nn.attention_layer.AttentionLayer",
    ),
    takeaway=(
        "Heads can be one more axis of a batched product, with no loop over them. Several heads "
        "have as many parameters and do as many operations as one; how long they take depends on "
        "the code. Every model below is made of this layer."
    ),
)
