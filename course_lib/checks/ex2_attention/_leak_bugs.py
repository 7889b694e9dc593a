"""The mistakes people make when they search for a leak, with the words that help."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from course_lib.checks.base import Bug

Model = Callable[[Tensor], Tensor]


def every_later_token(seq: int) -> Iterable[int]:
    """The places whose token is changed, one after the other."""
    return range(1, seq)


def next_token(token_ids: Tensor, t: int, vocab: int) -> Tensor:
    """Another token at place t."""
    changed = token_ids.clone()
    changed[:, t] = (changed[:, t] + 1) % vocab
    return changed


def before(logits: Tensor, t: int) -> Tensor:
    """What must not change when token t does."""
    return logits[:, :t]


def beyond_rounding(one: Tensor, other: Tensor) -> bool:
    """Whether logits differ by more than rounding."""
    return bool(((one - other).abs() > 1e-5).any())


def searching(
    places: Callable = every_later_token,
    change: Callable = next_token,
    compared: Callable = before,
    differ: Callable = beyond_rounding,
    answer: Callable = lambda found: found,
) -> Callable[[Model, Tensor], bool]:
    """The search with its parts exchangeable: each bug below exchanges one."""

    def sees_the_future(model: Model, token_ids: Tensor) -> bool:
        logits = model(token_ids)
        vocab = logits.shape[-1]
        return answer(
            any(
                differ(compared(model(change(token_ids, t, vocab)), t), compared(logits, t))
                for t in places(token_ids.shape[1])
            )
        )

    return sees_the_future


def to_zero(token_ids: Tensor, t: int, vocab: int) -> Tensor:
    """Token 0 at place t."""
    changed = token_ids.clone()
    changed[:, t] = 0
    return changed


def beyond_the_vocabulary(token_ids: Tensor, t: int, vocab: int) -> Tensor:
    """The token's number plus 1."""
    changed = token_ids.clone()
    changed[:, t] += 1
    return changed


def reordered(token_ids: Tensor, t: int, vocab: int) -> Tensor:
    """The same tokens from t on, in reverse."""
    return torch.cat([token_ids[:, :t], token_ids[:, t:].flip(1)], dim=1)


def all_from(token_ids: Tensor, t: int, vocab: int) -> Tensor:
    """Other tokens from t on."""
    return torch.cat([token_ids[:, :t], (token_ids[:, t:] + 1) % vocab], dim=1)


def other_prediction(one: Tensor, other: Tensor) -> bool:
    """Whether the most probable token is another."""
    return not torch.equal(one.argmax(-1), other.argmax(-1))


BUGS = (
    Bug(
        "always-true",
        "The answer is True for every model, the causal ones too.",
        "When token t changes, the logits at t and behind it may change: compare those before it.",
        lambda model, token_ids: True,
        everywhere=True,
    ),
    Bug(
        "always-false",
        "The answer is False for every model, whatever it sees.",
        "In a loop, `return False` at the end of the first turn ends it at once: it belongs after "
        "the loop. And at t = 0 there is nothing before t to compare: begin at 1.",
        lambda model, token_ids: False,
        everywhere=True,
    ),
    Bug(
        "later-positions-compared",
        "The logits after the changed token are compared. They may change: they see it.",
        "Change token t and compare the logits before it: `[:, :t]`.",
        searching(compared=lambda logits, t: logits[:, t + 1 :]),
        everywhere=True,
    ),
    Bug(
        "own-position-compared",
        "The logits at the changed token itself are compared too, and a position may see itself: "
        "its logits predict the token after it.",
        "Change token t and compare the positions before t, without t: `[:, :t]`.",
        searching(compared=lambda logits, t: logits[:, : t + 1]),
        everywhere=True,
    ),
    Bug(
        "own-position-compared-from-0",
        "The logits at the changed token itself are compared too, and a position may see itself: "
        "its logits predict the token after it.",
        "Change token t and compare the positions before t, without t: `[:, :t]`.",
        searching(places=range, compared=lambda logits, t: logits[:, : t + 1]),
        everywhere=True,
    ),
    Bug(
        "only-own-position-compared",
        "Only the logits at the changed token are compared, and a position may see itself.",
        "Change token t and compare the positions before it: `[:, :t]`.",
        searching(compared=lambda logits, t: logits[:, t]),
        everywhere=True,
    ),
    Bug(
        "all-positions-compared",
        "All logits are compared, those at and after the changed token too.",
        "Only what lies before the change must stay: `[:, :t]`.",
        searching(compared=lambda logits, t: logits),
        everywhere=True,
    ),
    Bug(
        "only-the-last-token",
        "Only a change of the last token counts: a position that sees some other later token "
        "passes. (In a loop: does each turn overwrite the answer of the one before?)",
        "Change each token in turn, from place 1 to the last, and stop at the first leak.",
        searching(places=lambda seq: range(max(seq - 1, 1), seq)),
    ),
    Bug(
        "only-the-first-turn",
        "Only the first later token is tried, at place 1. (In a loop: is there a `return` that "
        "ends it in the first turn?)",
        "Return True as soon as a leak is found, and False only after the loop.",
        searching(places=lambda seq: range(1, min(seq, 2))),
    ),
    Bug(
        "only-the-middle-token",
        "Only the token in the middle is changed.",
        "Change each token in turn: the leak may be at any of them.",
        searching(places=lambda seq: range(seq // 2, seq // 2 + (seq > 1))),
    ),
    Bug(
        "only-one-cut",
        "The second half is changed and the first half compared: a leak inside either half passes.",
        "Make the cut at every place t from 1 on.",
        searching(places=lambda seq: range(seq // 2, seq // 2 + (seq > 1)), change=all_from),
    ),
    Bug(
        "only-the-neighbour-compared",
        "Only the position right before the changed token is compared; an earlier one may see it.",
        "Compare all positions before t: `[:, :t]`.",
        searching(compared=lambda logits, t: logits[:, t - 1 : t]),
    ),
    Bug(
        "only-the-first-position-compared",
        "Only the logits at position 0 are compared.",
        "Compare all positions before the change: `[:, :t]`.",
        searching(compared=lambda logits, t: logits[:, :1]),
    ),
    Bug(
        "only-the-first-sequence",
        "Only the first sequence of the batch is looked at.",
        "Compare all of the batch: `[:, :t]`, not `[0, :t]`.",
        searching(compared=lambda logits, t: logits[:1, :t]),
    ),
    Bug(
        "tolerance-too-wide",
        "A small leak passes: differences of a thousandth or more count as equal.",
        "Rounding in float32 is far below 1e-5; everything above counts as a leak.",
        searching(differ=lambda one, other: bool(((one - other).abs() > 1e-2).any())),
    ),
    Bug(
        "only-the-prediction",
        "Only the most probable token is compared; the logits may change and it may stay.",
        "Compare the logits themselves.",
        searching(differ=other_prediction),
    ),
    Bug(
        "rounding-counts",
        "The logits must be equal to the last digit, and rounding alone makes them differ.",
        "Let differences up to 1e-5 pass.",
        searching(differ=lambda one, other: not torch.equal(one, other)),
    ),
    Bug(
        "answer-turned",
        "The answer is turned round: True for causal models, False for those that leak.",
        "Return True if the logits before the change differ.",
        searching(answer=lambda found: not found),
        everywhere=True,
    ),
    Bug(
        "changed-to-zero",
        "Every token is changed to 0; where it was 0 before, nothing changes.",
        "Make sure that the new token is another one: `(token + 1) % vocab_size`.",
        searching(change=to_zero),
    ),
    Bug(
        "beyond-the-vocabulary",
        "The new token may lie beyond the vocabulary: the last one plus 1.",
        "Count round: `(token + 1) % vocab_size`; the logits' last axis says how many tokens there "
        "are.",
        searching(change=beyond_the_vocabulary),
    ),
    Bug(
        "reordered-only",
        "The later tokens are only put into another order: a position that sees their sum or mean "
        "passes.",
        "Exchange a token for another one of the vocabulary.",
        searching(change=reordered),
    ),
)
