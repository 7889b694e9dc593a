"""The mistakes people make with multi-head attention, with the words that help."""

from __future__ import annotations

import math
from collections.abc import Callable

from course_lib.checks.base import Bug
from course_lib.checks.ex2_attention import _multi_head_steps as steps
from course_lib.checks.ex2_attention._multi_head_axes_bugs import HEADS
from course_lib.checks.ex2_attention._multi_head_steps import Attention, with_steps


def _in_projections(name: str, project: Callable, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, with_steps(project=project))


def _in_scores(name: str, scores: Callable, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, with_steps(scores=scores))


PROJECTIONS = (
    _in_projections(
        "values-of-the-key-projection",
        lambda self, x, c: (self.q_proj(x), self.k_proj(c), self.k_proj(c)),
        "Keys and values come from one projection, `k_proj`.",
        "`k_proj` makes the keys, `v_proj` the values: what is matched and what is handed on.",
    ),
    _in_projections(
        "keys-of-the-value-projection",
        lambda self, x, c: (self.q_proj(x), self.v_proj(c), self.v_proj(c)),
        "Keys and values come from one projection, `v_proj`.",
        "`k_proj` makes the keys, `v_proj` the values: what is matched and what is handed on.",
    ),
    _in_projections(
        "keys-and-values-exchanged",
        lambda self, x, c: (self.q_proj(x), self.v_proj(c), self.k_proj(c)),
        "Keys and values are exchanged: `v_proj` makes the scores, `k_proj` what is handed on.",
        "Scores are queries times keys; the weights are applied to the values.",
    ),
    _in_projections(
        "queries-of-the-key-projection",
        steps.queries_of_the_key_projection,
        "Queries and keys come from one projection, `k_proj`.",
        "`q_proj` makes the queries and `k_proj` the keys: what is looked for and what is offered.",
    ),
    Bug(
        "no-output-projection",
        "The joined heads come back as they are: `out_proj` is not applied.",
        "End with `self.out_proj(…)`, which lets the heads work together.",
        with_steps(mix=lambda self, joined, x: joined),
    ),
    Bug(
        "residual-added",
        "x is added to the result. The block around this layer does that.",
        "Return what `out_proj` makes, and nothing else.",
        with_steps(mix=lambda self, joined, x: x + self.out_proj(joined)),
    ),
    Bug(
        "sequence-first",
        "The axes of batch and position are exchanged, as torch's own module has them by default.",
        "x comes as (batch, seq, d_model); positions attend to positions of the same text.",
        with_steps(forward=steps.sequence_first),
    ),
    _in_projections(
        "context-ignored",
        lambda self, x, c: Attention.project(self, x, x),
        "`context` is ignored: keys and values come from x in cross-attention too.",
        "Where a context is given, project it to keys and values.",
    ),
    _in_projections(
        "queries-from-the-context",
        lambda self, x, c: Attention.project(self, c, c),
        "In cross-attention the queries come from the context too, and x plays no part.",
        "x asks, the context answers: queries of x, keys and values of the context.",
    ),
    _in_projections(
        "roles-exchanged",
        lambda self, x, c: Attention.project(self, c, x),
        "In cross-attention the roles are exchanged: the context asks, x answers.",
        "x asks, the context answers: queries of x, keys and values of the context.",
    ),
    _in_projections(
        "keys-from-x",
        lambda self, x, c: (self.q_proj(x), self.k_proj(x), self.v_proj(c)),
        "In cross-attention the keys come from x and the values from the context.",
        "A key says what its value is about: both come from the same position of the context.",
    ),
    _in_projections(
        "values-from-x",
        lambda self, x, c: (self.q_proj(x), self.k_proj(c), self.v_proj(x)),
        "In cross-attention the values come from x and the keys from the context.",
        "A key says what its value is about: both come from the same position of the context.",
    ),
)

SCORES = (
    _in_scores(
        "scaled-by-model-width",
        lambda self, q, k, mask: Attention.scores(self, q, k, mask) / math.sqrt(self.n_heads),
        "The scores are divided by √d_model; each head is only d_head wide.",
        "Divide by the root of the width over which the product is summed: √d_head.",
    ),
    _in_scores(
        "not-scaled",
        lambda self, q, k, mask: Attention.scores(self, q, k, mask) * math.sqrt(self.d_head),
        "The scores are not divided by √d_head.",
        "Divide by `math.sqrt(self.d_head)`, or call `scaled_dot_product_attention`.",
    ),
    Bug(
        "softmax-over-queries",
        "The softmax runs over the queries: the weights of one query do not sum to 1.",
        "The keys are the last axis of the scores: `softmax(dim=-1)`.",
        with_steps(attend=steps.softmax_over(-2)),
    ),
    Bug(
        "softmax-over-heads",
        "The softmax runs over the heads, which then compete for each key.",
        "Every head has weights of its own that sum to 1 over the keys: `softmax(dim=-1)`.",
        with_steps(attend=steps.softmax_over(1)),
    ),
    _in_scores(
        "mask-ignored",
        lambda self, q, k, mask: Attention.scores(self, q, k, None),
        "The mask is ignored.",
        "Hand it on to attention; it is broadcast against (batch, heads, query, key).",
    ),
    _in_scores(
        "mask-inverted",
        lambda self, q, k, mask: Attention.scores(self, q, k, None if mask is None else ~mask),
        "The mask is read the other way round, as `torch.nn.MultiheadAttention` reads its own.",
        "In this course True means that a query may attend: hide the scores where it is False.",
    ),
    Bug(
        "mask-inverted-and-zeros",
        "The mask is read the other way round, as `torch.nn.MultiheadAttention` reads its own.",
        "In this course True means that a query may attend: hand the mask on as it comes.",
        with_steps(attend=steps.attend_inverted),
    ),
    _in_scores(
        "mask-added",
        lambda self, q, k, mask: Attention.scores(self, q, k, None) + (0 if mask is None else mask),
        "The boolean mask is added to the scores: what may be seen gets 1 more, and all is seen.",
        "Fill with −∞ where the mask is False: `scores.masked_fill(~mask, -math.inf)`.",
    ),
    Bug(
        "masked-after-the-softmax",
        "The mask sets weights to zero after the softmax, so the rest no longer sums to 1.",
        "Hide before the softmax: a score of −∞ gets no weight, and the others share all of it.",
        with_steps(attend=steps.masked_weights),
    ),
    _in_scores(
        "causal-by-default",
        steps.causal_scores,
        "Every query sees only what came before it, though no mask was given.",
        "Attend to all keys unless a mask forbids it: an encoder needs that.",
    ),
)

BUGS = (*HEADS, *PROJECTIONS, *SCORES)
