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


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Projections that change nothing first, so that results can be followed; then drawn ones."""
    pair = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]])
    yield _case("one-head", rng, 2, 1, x=pair, plain=True, note="projections change nothing")
    yield _case("one-head", rng, 4, 1, x=_draw(rng, 1, 3, 4))
    yield _case("one-head", rng, 6, 1, x=_draw(rng, 2, 4, 6))
    yield _case("heads", rng, 2, 2, x=pair, plain=True, note="two heads of width 1, as above")
    yield _case("heads", rng, 4, 2, x=_draw(rng, 1, 3, 4), plain=True, note="nor here")
    yield _case("heads", rng, 12, 3, x=_draw(rng, 2, 5, 12))
    yield _case("heads", rng, 12, 6, x=_draw(rng, 3, 4, 12))
    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    yield _case("mask", rng, 4, 2, x=_draw(rng, 1, 3, 4), mask=causal[:3, :3], note="causal")
    padding = torch.arange(5) < torch.tensor([5, 2, 3])[:, None]
    padding = padding[:, None, None, :]
    yield _case("mask", rng, 12, 3, x=_draw(rng, 3, 5, 12), mask=padding, note="padding")
    drawn = (torch.rand(2, 3, 5, 5, generator=rng) < 0.5) | torch.eye(5, dtype=torch.bool)
    yield _case("mask", rng, 12, 3, x=_draw(rng, 2, 5, 12), mask=drawn, note="one for each head")
    context = _draw(rng, 1, 2, 4)
    yield _case("cross", rng, 4, 2, x=_draw(rng, 1, 2, 4), context=context, note="as many keys")
    x, context = _draw(rng, 2, 3, 12), _draw(rng, 2, 7, 12)
    seen = (torch.arange(7) < torch.tensor([7, 4])[:, None])[:, None, None, :]
    yield _case("cross", rng, 12, 3, x=x, context=context, note="more keys than queries")
    yield _case("cross", rng, 12, 3, x=x, context=context, mask=seen, note="with a padding mask")
    yield _case("shared-heads", rng, 4, 4, 2, x=_draw(rng, 1, 2, 4), note="4 heads, 2 key heads")
    yield _case("shared-heads", rng, 4, 2, 1, x=_draw(rng, 1, 3, 4), note="one key head for all")
    x, context = _draw(rng, 2, 3, 24), _draw(rng, 2, 5, 24)
    yield _case("shared-heads", rng, 24, 6, 2, x=x)
    yield _case("shared-heads", rng, 24, 6, 3, x=x, context=context, note="cross-attention")


def _draw(rng: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=rng) * 1.5


def _case(
    name: str,
    rng: torch.Generator,
    d_model: int,
    n_heads: int,
    n_kv_heads: int | None = None,
    *,
    x: Tensor,
    context: Tensor | None = None,
    mask: Tensor | None = None,
    plain: bool = False,
    note: str = "",
) -> Case:
    d_kv = d_model // n_heads * (n_kv_heads or n_heads)
    widths = {"q_proj": d_model, "k_proj": d_kv, "v_proj": d_kv, "out_proj": d_model}
    shapes: dict[str, tuple[int, ...]] = {}
    for projection, width in widths.items():
        shapes |= {f"{projection}.weight": (width, d_model), f"{projection}.bias": (width,)}
    weights = draw_weights(shapes, rng)
    if plain:
        weights = {
            key: torch.eye(d_model) if value.ndim == 2 else torch.zeros(d_model)
            for key, value in weights.items()
        }
    sizes = {"d_model": d_model, "n_heads": n_heads, "n_kv_heads": n_kv_heads}
    return Case(name, sizes | {"weights": weights, "x": x, "context": context, "mask": mask}, note)


def run(implementation: Callable[..., nn.Module], case: Case) -> Plain:
    """Build the module, give it the case's weights, and call it as its reader would."""
    d_model, n_heads, n_kv_heads, weights, x, context, mask = case.inputs.values()
    shared = () if n_kv_heads is None else (n_kv_heads,)
    module = construct(implementation, d_model, n_heads, *shared)
    load_weights(module, weights)
    options = {"context": context, "mask": mask}
    return module(x, **{name: value for name, value in options.items() if value is not None})


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with one head at a time, in float64."""
    _, n_heads, n_kv_heads, weights, x, context, mask = case.inputs.values()
    weights = {name: value.double() for name, value in weights.items()}

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
    forbidden=("torch.nn.functional.multi_head_attention_forward",),
    takeaway=(
        "No loop over heads is left: they became one more axis of a batched product. That is why "
        "several heads take no longer than one, and it is the code that every model below runs."
    ),
)
