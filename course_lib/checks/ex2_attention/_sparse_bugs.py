"""The mistakes people make with sparse masks, with the words that help."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.base import Bug

Mask = Callable[..., Tensor]
Three = tuple[Mask, Mask, Mask]  # strided_mask, fixed_mask, sliding_window_mask


def strided(near=lambda d, s: d < s, far=lambda d, s: d % s == 0) -> Mask:
    """`strided_mask` from its two sets, each of which a bug may exchange."""

    def strided_mask(seq: int, stride: int) -> Tensor:
        d = distances(seq)
        return (d >= 0) & (near(d, stride) | far(d, stride))

    return strided_mask


def fixed(
    block=lambda i, j, s: i // s == j // s, summary=lambda j, s, n: j % s >= s - n
) -> Mask:  # fmt: skip
    """`fixed_mask` from its two sets, each of which a bug may exchange."""

    def fixed_mask(seq: int, stride: int, n_summary: int) -> Tensor:
        key = torch.arange(seq)
        query = key[:, None]
        own, last = block(query, key, stride), summary(key, stride, n_summary)
        return (key <= query) & (own | last)

    return fixed_mask


def window(within=lambda d, w: d < w) -> Mask:
    """`sliding_window_mask` with its bound exchangeable."""
    return lambda seq, window: (distances(seq) >= 0) & within(distances(seq), window)


def distances(seq: int) -> Tensor:
    """How far each key lies behind each query."""
    place = torch.arange(seq)
    return place[:, None] - place


def both_sides_strided(seq: int, stride: int) -> Tensor:
    """Without `key <= query`."""
    return (distances(seq).abs() < stride) | (distances(seq) % stride == 0)


def both_sides_fixed(seq: int, stride: int, n_summary: int) -> Tensor:
    """Without `key <= query`."""
    key = torch.arange(seq)
    return (key[:, None] // stride == key // stride) | (key % stride >= stride - n_summary)


RIGHT = (strided(), fixed(), window())


def changed(change: Callable[[Tensor], Tensor]) -> Three:
    """The right masks, each changed afterwards."""
    return tuple((lambda *sizes, f=f: change(f(*sizes))) for f in RIGHT)


def _in_all(name: str, wrong: Three, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, wrong)


def _in_strided(name: str, wrong: Mask, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (wrong, *RIGHT[1:]))


def _in_fixed(name: str, wrong: Mask, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (RIGHT[0], wrong, RIGHT[2]))


def _in_window(name: str, wrong: Mask, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (*RIGHT[:2], wrong))


BUGS = (
    _in_all(
        "not-causal",
        (both_sides_strided, both_sides_fixed, lambda seq, w: distances(seq).abs() < w),
        "Queries see keys that stand after them: the mask is not causal.",
        "Every pattern here asks for key ≤ query as well.",
    ),
    _in_all(
        "transposed",
        changed(lambda mask: mask.T),
        "Rows and columns are exchanged: queries see what comes after them, not before.",
        "Rows are queries and columns are keys: query = arange(seq)[:, None], key = arange(seq).",
    ),
    _in_all(
        "inverted",
        changed(lambda mask: ~mask),
        "True and False are exchanged: the mask is True where a query may not attend.",
        "True means that the query may attend.",
    ),
    _in_all(
        "not-boolean",
        changed(lambda mask: mask.float()),
        "The pattern is right, but it comes as numbers 1 and 0.",
        "Return a boolean tensor: a comparison gives one, and `.bool()` makes one.",
    ),
    _in_all(
        "added-to-scores",
        changed(lambda mask: torch.where(mask, 0.0, -torch.inf)),
        "This is 0 and −∞, to be added to scores; asked is a boolean mask.",
        "Return True and False. What is done with them is the business of attention.",
    ),
    _in_all(
        "without-itself",
        changed(lambda mask: mask & ~torch.eye(len(mask), dtype=torch.bool)),
        "The diagonal is False: a query cannot see its own position.",
        "The query itself is allowed: distance 0 counts.",
    ),
    _in_strided(
        "stride-one-too-long",
        strided(far=lambda d, s: d % (s + 1) == 0),
        "The distances that are allowed beyond the near ones are multiples of stride + 1.",
        "Allow those where (query − key) mod stride is 0.",
    ),
    _in_strided(
        "near-one-short",
        strided(near=lambda d, s: d < s - 1),
        "The near positions end one too early: of the last `stride`, the earliest is missing.",
        "The last `stride` positions are the distances 0 to stride − 1: distance < stride.",
    ),
    _in_strided(
        "near-left-out",
        strided(near=lambda d, s: d < 1),
        "Only the multiples of `stride` are there; the near positions are missing.",
        "Join two sets with `|`: distance < stride, and distance % stride == 0.",
    ),
    _in_strided(
        "far-left-out",
        strided(far=lambda d, s: d < 0),
        "Only the last `stride` positions are there, and none at the multiples further back.",
        "Join two sets with `|`: distance < stride, and distance % stride == 0.",
    ),
    _in_strided(
        "and-for-or",
        strided(near=lambda d, s: d == 0, far=lambda d, s: d == 0),
        "Only the diagonal is left: the two sets are joined with `&`, and nothing else is in both.",
        "A query sees a key that is in one set or the other: `|`.",
    ),
    _in_strided(
        "same-columns-for-all",
        lambda seq, stride: (
            (distances(seq) >= 0) & ((distances(seq) < stride) | (torch.arange(seq) % stride == 0))
        ),
        "The far keys are the same for every query: those whose own position is a multiple.",
        "In the strided pattern the distance counts: (query − key) mod stride = 0.",
    ),
    _in_fixed(
        "summary-at-the-start",
        fixed(summary=lambda j, s, n: j % s < n),
        "The first `n_summary` positions of each block serve as its summary.",
        "Take the last ones, which have seen their block: key mod stride ≥ stride − n_summary.",
    ),
    _in_fixed(
        "one-summary-short",
        fixed(summary=lambda j, s, n: j % s > s - n),
        "Each block has one summary position too few.",
        "The last n_summary places of a block are stride − n_summary to stride − 1: ≥, not >.",
    ),
    _in_fixed(
        "one-summary-for-any-number",
        fixed(summary=lambda j, s, n: j % s == s - 1),
        "Only the last position of each block is its summary, whatever `n_summary` says.",
        "Take the last `n_summary` positions.",
    ),
    _in_fixed(
        "own-block-left-out",
        fixed(block=lambda i, j, s: i == j),
        "Queries see summaries and themselves only; the rest of their own block is missing.",
        "Join two sets with `|`: the same block, and the summaries.",
    ),
    _in_fixed(
        "summary-left-out",
        fixed(summary=lambda j, s, n: j < 0),
        "Queries see their own block only: no summary of an earlier block.",
        "Join two sets with `|`: the same block, and the summaries.",
    ),
    _in_fixed(
        "window-for-block",
        fixed(block=lambda i, j, s: i - j < s),
        "The last `stride` positions are taken for the query's own block.",
        "Blocks stand still: positions i and j share one where i // stride == j // stride.",
    ),
    _in_fixed(
        "blocks-counted-from-one",
        fixed(block=lambda i, j, s: (i + 1) // s == (j + 1) // s),
        "The blocks begin one position too early: the first has stride − 1 positions.",
        "Positions count from 0: position // stride is the number of the block.",
    ),
    _in_window(
        "window-one-too-long",
        window(lambda d, w: d <= w),
        "The window holds one position too many: `window` earlier ones and the query itself.",
        "The query is one of the `window` positions: distance < window.",
    ),
    _in_window(
        "window-one-too-short",
        window(lambda d, w: d < w - 1),
        "The window holds one position too few.",
        "Distances 0 to window − 1 are `window` positions: distance < window.",
    ),
    _in_window(
        "half-on-each-side",
        lambda seq, window: distances(seq).abs() <= window // 2,
        "Half of the window lies before the query and half after it, as in an encoder.",
        "A decoder's window ends at the query: 0 ≤ query − key < window.",
    ),
    _in_window(
        "window-ignored",
        window(lambda d, w: d >= 0),
        "This is the causal mask: `window` makes no difference.",
        "Ask for query − key < window as well.",
    ),
)
