"""The mistakes people make in scaled dot-product attention, with the words that help."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.base import Bug


def root_of_d_head(q: Tensor, k: Tensor) -> float:
    """What the scores are divided by."""
    return math.sqrt(q.shape[-1])


def at_least_float32(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors as they are computed with."""
    dtype = torch.promote_types(tensors[0].dtype, torch.float32)
    return tuple(x.to(dtype) for x in tensors)


def dot_products(q: Tensor, k: Tensor) -> Tensor:
    """Q Kᵀ."""
    return q @ k.transpose(-2, -1)


def forbidden_where_false(scores: Tensor, mask: Tensor | None) -> Tensor:
    """−∞ where a query may not attend."""
    return scores if mask is None else scores.masked_fill(~mask, -math.inf)


def shares(scores: Tensor) -> Tensor:
    """Softmax over the keys, zeros where all scores are −∞."""
    return scores.softmax(-1).nan_to_num(nan=0.0)


def attending(
    compute_in: Callable = at_least_float32,
    products: Callable = dot_products,
    divisor: Callable = root_of_d_head,
    masked: Callable = forbidden_where_false,
    weights_of: Callable = shares,
    reweighted: Callable = lambda weights, mask: weights,
    mean: Callable = lambda weights, v: weights @ v,
    result: Callable = lambda outputs, v: outputs.to(v.dtype),
) -> Callable[..., Tensor]:
    """Attention with its parts exchangeable: each bug below exchanges one or two."""

    def scaled_dot_product_attention(
        q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        ours_q, ours_k, ours_v = compute_in(q, k, v)
        scores = products(ours_q, ours_k) / divisor(q, k)
        weights = reweighted(weights_of(masked(scores, mask)), mask)
        return result(mean(weights, ours_v), v)

    return scaled_dot_product_attention


def root_of_d_model(q: Tensor, k: Tensor) -> float:
    """√(n_heads · d_head), where there is an axis of heads."""
    return math.sqrt(q.shape[-1] * (q.shape[-3] if q.ndim > 2 else 1))


def zero_where_forbidden(weights: Tensor, mask: Tensor | None) -> Tensor:
    """Masked after the softmax."""
    return weights if mask is None else weights * mask


def causal_too(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Nobody sees a later position."""
    scores = forbidden_where_false(scores, mask)
    return scores.masked_fill(~torch.ones_like(scores, dtype=torch.bool).tril(), -math.inf)


right = attending()
unscaled = attending(divisor=lambda q, k: 1.0)


def filled(value: float) -> Callable[[Tensor, Tensor | None], Tensor]:
    """A finite score where attention is forbidden."""
    return lambda scores, mask: scores if mask is None else scores.masked_fill(~mask, value)


BUGS = (
    Bug(
        "not-scaled",
        "The scores are not divided by √d_head, so for wide heads one key takes nearly all weight.",
        "Divide Q Kᵀ by `math.sqrt(q.shape[-1])` before the softmax.",
        unscaled,
    ),
    Bug(
        "root-forgotten",
        "The scores are divided by d_head, not by its root: the weights come out too equal.",
        "The variance of q · k grows like d_head, its size like √d_head: divide by the root.",
        attending(divisor=lambda q, k: q.shape[-1]),
    ),
    Bug(
        "root-of-d-model",
        "The scores are divided by the root of n_heads · d_head, the width of all heads together.",
        "Each head has its own scores: only `q.shape[-1]` goes under the root.",
        attending(divisor=root_of_d_model),
    ),
    Bug(
        "root-of-the-number-of-keys",
        "The scores are divided by the root of the number of keys.",
        "A score is a sum over d_head products: `q.shape[-1]` goes under the root.",
        attending(divisor=lambda q, k: math.sqrt(k.shape[-2])),
    ),
    Bug(
        "multiplied-by-the-root",
        "The scores are multiplied by √d_head; they should be divided by it.",
        "Scores of wide heads are too large already: divide.",
        attending(divisor=lambda q, k: 1 / math.sqrt(q.shape[-1])),
    ),
    Bug(
        "scaled-after-the-softmax",
        "√d_head divides the weights, not the scores: they no longer add up to 1.",
        "Divide first, then take the softmax.",
        lambda q, k, v, mask=None: unscaled(q, k, v, mask) / math.sqrt(q.shape[-1]),
    ),
    Bug(
        "no-softmax",
        "The scores are used as weights without a softmax: they are neither positive nor shares.",
        "Take the softmax of the scores over the keys, the last axis.",
        attending(weights_of=lambda scores: scores.masked_fill(scores == -math.inf, 0.0)),
    ),
    Bug(
        "softmax-over-queries",
        "The softmax runs over the queries: the queries share each key, in place of the reverse.",
        "The keys are the last axis of the scores: `dim=-1`.",
        attending(weights_of=lambda scores: scores.softmax(-2).nan_to_num(nan=0.0)),
    ),
    Bug(
        "softmax-over-axis-1",
        "The softmax runs over axis 1, counted from the front: these may be queries, or heads.",
        "The keys are the last axis of the scores, whatever stands in front: `dim=-1`.",
        attending(weights_of=lambda scores: scores.softmax(1).nan_to_num(nan=0.0)),
    ),
    Bug(
        "mask-inverted",
        "The mask is inverted: attention goes exactly where it is forbidden.",
        "True means a query MAY attend. Set the scores to −∞ where the mask is False (`~mask`).",
        attending(
            masked=lambda scores, mask: forbidden_where_false(
                scores, None if mask is None else ~mask
            )
        ),
    ),
    Bug(
        "masked-after-the-softmax",
        "The mask is applied to the weights, after the softmax: those that are left do not add up "
        "to 1, and the forbidden keys still count in the sum.",
        "Set forbidden scores to −∞ before the softmax.",
        attending(masked=lambda scores, mask: scores, reweighted=zero_where_forbidden),
    ),
    Bug(
        "forbidden-score-zero",
        "A forbidden score is set to 0, and e⁰ = 1 is a weight like any other.",
        "Set it to −∞: only e^−∞ is 0.",
        attending(masked=filled(0.0)),
    ),
    Bug(
        "mask-added",
        "The mask is added to the scores as 0 and 1, which forbids nothing.",
        "Use the boolean mask to choose: the score where it is True, −∞ where it is False.",
        attending(masked=lambda scores, mask: scores if mask is None else scores + mask),
    ),
    Bug(
        "mask-ignored",
        "The mask makes no difference.",
        "Before the softmax, set the scores to −∞ where the mask is False.",
        attending(masked=lambda scores, mask: scores),
    ),
    Bug(
        "forbidden-row-nan",
        "A query that may attend to nothing gets NaN: the softmax of −∞ alone is 0 / 0.",
        "The course's `softmax` gives zeros there; after torch's, replace NaN by 0.",
        attending(weights_of=lambda scores: scores.softmax(-1)),
    ),
    Bug(
        "forbidden-row-mean",
        "A query that may attend to nothing gets the mean of all values: a large negative score in "
        "place of −∞ is the same for all keys, and the softmax sees only differences.",
        "Use −∞ (`-math.inf`), and make the weights of such a row zero.",
        attending(masked=filled(-1e9), weights_of=lambda scores: scores.softmax(-1)),
    ),
    Bug(
        "no-mask-is-an-error",
        "Without a mask it fails: `~None` means nothing.",
        "Mask only `if mask is not None`.",
        attending(masked=lambda scores, mask: scores.masked_fill(~mask, -math.inf)),
    ),
    Bug(
        "no-mask-compared",
        "Without a mask it fails: `None == 0` is False, which is no mask.",
        "Mask only `if mask is not None`.",
        attending(masked=lambda scores, mask: scores.masked_fill(mask == 0, -math.inf)),
    ),
    Bug(
        "mask-asked-for-its-truth",
        "`if mask:` asks whether a whole tensor is true, which has no answer.",
        "Ask whether there is a mask: `if mask is not None`.",
        attending(
            masked=lambda scores, mask: forbidden_where_false(scores, mask) if mask else scores
        ),
    ),
    Bug(
        "no-mask-forbids-all",
        "Without a mask all is forbidden; it should all be allowed.",
        "Leave the scores as they are when `mask is None`.",
        attending(
            masked=lambda scores, mask: forbidden_where_false(
                scores, torch.zeros_like(scores, dtype=torch.bool) if mask is None else mask
            )
        ),
    ),
    Bug(
        "causal-by-default",
        "Queries are kept from later keys although no mask says so.",
        "Attention itself knows no order. Who wants it causal passes a causal mask.",
        attending(masked=causal_too),
    ),
    Bug(
        "causal-without-a-mask",
        "Without a mask, queries are kept from later keys; no mask means that all is allowed.",
        "Leave the scores as they are when `mask is None`.",
        attending(
            masked=lambda scores, mask: (
                causal_too(scores, None) if mask is None else forbidden_where_false(scores, mask)
            )
        ),
    ),
    Bug(
        "all-axes-reversed",
        "`k.T` reverses all axes, the batch too.",
        "Exchange the last two only: `k.transpose(-2, -1)`.",
        attending(products=lambda q, k: q @ k.permute(*range(k.ndim - 1, -1, -1))),
    ),
    Bug(
        "first-axes-exchanged",
        "`transpose(0, 1)` exchanges the first two axes, which are not those of a matrix here.",
        "Exchange the last two: `k.transpose(-2, -1)`.",
        attending(products=lambda q, k: q @ k.transpose(0, 1)),
    ),
    Bug(
        "one-batch-axis-only",
        "It works for tensors with exactly three axes; there may be more, or fewer.",
        "Count axes from the end: `transpose(-2, -1)`, `dim=-1`.",
        attending(products=lambda q, k: q @ k.transpose(1, 2)),
    ),
    Bug(
        "roles-exchanged",
        "The keys ask and the queries answer: the scores are K Qᵀ.",
        "One row of scores belongs to one query: Q Kᵀ.",
        lambda q, k, v, mask=None: right(k, q, v, mask),
    ),
    Bug(
        "weights-returned",
        "The weights are returned, not the values' mean.",
        "Multiply by v: `weights @ v`.",
        attending(mean=lambda weights, v: weights),
    ),
    Bug(
        "keys-averaged",
        "The mean is taken of the keys, not of the values.",
        "Keys are only for scores. What a query receives are the values: `weights @ v`.",
        lambda q, k, v, mask=None: right(q, k, k, mask),
    ),
    Bug(
        "computed-in-16-bits",
        "The scores are computed in the inputs' 16 bits: bfloat16 rounds a score of 40 to "
        "quarters, and float16 ends at 65,504.",
        "Take q, k and v to float32 first, and the result back to v's dtype at the end.",
        attending(compute_in=lambda q, k, v: (q, k, v)),
    ),
    Bug(
        "not-taken-back",
        "The values are right, but come back in float32 where the inputs have 16 bits.",
        "End with `.to(v.dtype)`.",
        attending(result=lambda outputs, v: outputs),
    ),
)
