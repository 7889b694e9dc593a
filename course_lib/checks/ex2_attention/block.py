"""Check of `TransformerBlock(d_model, n_heads, d_ff, …)`, with given weights."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._block_bugs import BUGS
from course_lib.checks.ex2_attention._transformer import block_shapes, drawn, short
from course_lib.checks.modules import construct, load_weights

NAMES, SIZES = "d_model, n_heads, d_ff", (4, 2, 6)
# torch's layers sum in another order, and LayerNorm magnifies what is small.
RTOL, ATOL = 1e-5, 1e-6


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One token, several, masks, an encoder's output to read, and everything dropped."""
    causal = torch.ones(3, 3).tril().bool()
    padding = torch.tensor([[True, True, False], [True, False, False]])[:, None, None]
    yield _case(rng, "pre", 1, note="one token, no options")
    yield _case(rng, "pre", 3, batch=2, note="no options: pre-norm")
    yield _case(rng, "pre", 3, batch=2, norm_position="pre", activation="relu")
    yield _case(rng, "post", 1, norm_position="post", note="one token")
    yield _case(rng, "post", 3, batch=2, norm_position="post", activation="relu")
    yield _case(rng, "mask", 3, mask=causal, note="no token sees those after it")
    yield _case(rng, "mask", 3, batch=2, mask=padding, note="the last tokens are padding")
    yield _case(rng, "cross", 1, context=2, note="one token reads a context of two")
    yield _case(rng, "cross", 3, batch=2, context=3, note="two contexts of three")
    seen = torch.tensor([[True, False, True], [False, True, False]])[:, None, None]
    yield _case(
        rng, "cross", 3, batch=2, context=3, context_mask=seen, note="a context with a mask"
    )
    yield _case(rng, "cross", 2, context=2, norm_position="post", note="post-norm")
    note = "dropout = 1.0, in training: all that is added is dropped"
    yield _case(rng, "dropout", 2, dropout=1.0, note=note)
    yield _case(rng, "dropout", 2, batch=2, dropout=1.0, note=note)
    yield _case(rng, "dropout", 2, dropout=1.0, norm_position="post", note=f"post-norm, {note}")
    note = "dropout = 1.0, in evaluation: nothing is dropped"
    yield _case(rng, "dropout", 2, dropout=1.0, training=False, note=note)


def _case(
    rng: torch.Generator,
    name: str,
    seq: int,
    *,
    batch: int = 1,
    context: int = 0,
    mask: Tensor | None = None,
    context_mask: Tensor | None = None,
    training: bool = True,
    note: str = "",
    **options,
) -> Case:
    def tokens(n: int) -> Tensor:
        return short(torch.randn(batch, n, SIZES[0], generator=rng, dtype=torch.float64))

    if context:
        options["cross_attention"] = True
    seed = int(torch.randint(2**31, (1,), generator=rng))
    inputs = {NAMES: SIZES, "options": options, "weights_seed": seed, "x": tokens(seq)}
    given = {
        "context": tokens(context) if context else None,
        "mask": mask,
        "context_mask": context_mask,
        "training": None if training else False,
    }
    return Case(name, inputs | {k: v for k, v in given.items() if v is not None}, note)


def _weights(case: Case) -> dict[str, Tensor]:
    d_model, _, d_ff = case.inputs[NAMES]
    shapes = block_shapes("", d_model, d_ff, "context" in case.inputs)
    return drawn(shapes, case.inputs["weights_seed"])


def run(implementation, case: Case) -> Plain:
    """The student's block with the case's weights, in training unless the case says otherwise."""
    module = construct(implementation, *case.inputs[NAMES], **case.inputs["options"])
    load_weights(module, _weights(case))
    module.train(case.inputs.get("training", True))
    given = {
        key: case.inputs[key] for key in ("context", "mask", "context_mask") if key in case.inputs
    }
    with torch.random.fork_rng(devices=()):
        return module(case.inputs["x"], **given)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch's own encoder or decoder layer, given the same weights."""
    return differs(outputs, expected(case), RTOL, ATOL)


def expected(case: Case) -> Tensor:
    """What torch's layer makes of the case."""
    x, options = case.inputs["x"], case.inputs["options"]
    context = case.inputs.get("context")
    layer = construct(
        nn.TransformerEncoderLayer if context is None else nn.TransformerDecoderLayer,
        *case.inputs[NAMES],
        dropout=options.get("dropout", 0.0),
        activation=F.relu if options.get("activation") == "relu" else F.gelu,
        batch_first=True,
        norm_first=options.get("norm_position", "pre") == "pre",
        dtype=x.dtype,
    )
    layer.load_state_dict(_torchs_names(_weights(case)))
    layer.train(case.inputs.get("training", True))
    mask = _forbidden(case, "mask", x)
    if context is None:
        return layer(x, src_mask=mask).detach()
    return layer(
        x, context, tgt_mask=mask, memory_mask=_forbidden(case, "context_mask", context)
    ).detach()


def _forbidden(case: Case, name: str, keys: Tensor) -> Tensor | None:
    """A mask as torch's layers want it: True where a query may NOT attend, one for each head."""
    x, mask = case.inputs["x"], case.inputs.get(name)
    if mask is None:
        return None
    n_heads = case.inputs[NAMES][1]
    full = mask.broadcast_to(len(x), n_heads, x.shape[1], keys.shape[1])
    return ~full.flatten(0, 1)


def _torchs_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under the names of torch's layers."""
    parts = {"self_attention": "self_attn", "cross_attention": "multihead_attn"}
    norms = [f"{part}_norm" for part in (*parts, "feed_forward") if f"{part}_norm.scale" in weights]
    found = {}
    for kind in ("weight", "bias"):
        for ours, theirs in parts.items():
            if f"{ours}_norm.scale" in weights:
                inward = [weights[f"{ours}.{p}_proj.{kind}"] for p in "qkv"]
                found[f"{theirs}.in_proj_{kind}"] = torch.cat(inward)
                found[f"{theirs}.out_proj.{kind}"] = weights[f"{ours}.out_proj.{kind}"]
        for ours, theirs in (("up_proj", "linear1"), ("down_proj", "linear2")):
            found[f"{theirs}.{kind}"] = weights[f"feed_forward.{ours}.{kind}"]
        for number, norm in enumerate(norms, 1):
            ours = "scale" if kind == "weight" else "shift"
            found[f"norm{number}.{kind}"] = weights[f"{norm}.{ours}"]
    return found


CHECK = Check(
    id="ex2_attention/block",
    title="The Transformer block",
    references=("course_lib.nn.block.TransformerBlock",),
    properties=(
        Property("pre", 2, 'norm_position="pre": x + sublayer(norm(x)), twice'),
        Property("post", 2, 'norm_position="post": norm(x + sublayer(x)), twice'),
        Property("mask", 1, "`mask` decides who attends to whom"),
        Property("cross", 2, "cross-attention: reads the context, between the other two"),
        Property(
            "dropout", 1, "dropout on what is added, never on the stream, and only in training"
        ),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "With pre-norm nothing stands on the stream but sums: x leaves the block as it came, plus "
        "what was added. So a gradient finds a way from the last block to the first unchanged."
    ),
)
