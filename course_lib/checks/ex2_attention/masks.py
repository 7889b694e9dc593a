"""Check of `causal_mask(seq)` and `padding_mask(lengths, seq)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from course_lib.checks.base import Bug, Case, Check, Plain, Property
from course_lib.checks.compare import differs


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Small masks that can be read, then larger ones; lengths at both ends of what is possible."""
    for seq, note in ((3, "three positions"), (1, "a single position sees itself"), (12, "")):
        yield Case("causal", {"seq": seq}, note)

    def padding(name: str, lengths: list[int], seq: int, note: str = "") -> Case:
        return Case(name, {"lengths": torch.tensor(lengths), "seq": seq}, note)

    yield padding("padding", [2, 1], 3, "two sequences, the longer one shorter than seq")
    yield padding("padding", [1, 3, 2], 3, "as many sequences as positions")
    yield padding("padding", torch.randint(1, 9, (5,), generator=rng).tolist(), 9)
    yield padding("ends", [0, 4], 4, "no token at all, and no padding at all")
    yield padding("ends", [0], 1, "one sequence, one position")
    yield Case("ends", {"lengths": torch.tensor([2, 5, 0], dtype=torch.int32), "seq": 5}, "int32")


def run(implementation: tuple[Callable[..., Tensor], Callable[..., Tensor]], case: Case) -> Plain:
    """Call the function that the case is about."""
    causal_mask, padding_mask = implementation
    called = causal_mask if case.property == "causal" else padding_mask
    return called(*case.inputs.values())


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the definition, one entry at a time."""
    seq = case.inputs["seq"]
    if case.property == "causal":
        expected = [[key <= query for key in range(seq)] for query in range(seq)]
    else:
        expected = [[key < n for key in range(seq)] for n in case.inputs["lengths"].tolist()]
    return differs(outputs, torch.tensor(expected), what="the mask")


def symptoms(case: Case, outputs: Plain) -> Plain:
    """Axes too many are one mistake, wherever they stand and however many they are."""
    if isinstance(outputs, Tensor) and outputs.ndim > 2:
        return {"too many axes": outputs.flatten()}
    return outputs


def _causal(seq: int, device: Any = None) -> Tensor:
    return torch.ones(seq, seq, dtype=torch.bool).tril()


def _padding(lengths: Tensor, seq: int) -> Tensor:
    return torch.arange(seq) < lengths[:, None]


def _wrong_causal(name: str, sentence: str, hint: str, wrong: Callable[[int], Tensor]) -> Bug:
    return Bug(name, sentence, hint, (wrong, _padding))


def _wrong_padding(
    name: str, sentence: str, hint: str, wrong: Callable[[Tensor, int], Tensor]
) -> Bug:
    return Bug(name, sentence, hint, (_causal, wrong))


BUGS = (
    _wrong_causal(
        "causal-transposed",
        "The triangle lies on the wrong side: each position sees itself and what comes after it.",
        "Rows are queries, columns are keys. Row i is True up to column i: `.tril()`.",
        lambda seq: _causal(seq).T,
    ),
    _wrong_causal(
        "own-position-forbidden",
        "The diagonal is False: no position sees itself, and the first sees nothing at all.",
        "Column i of row i is True: `.tril()` without a `diagonal`, or `<=`.",
        lambda seq: _causal(seq).tril(-1),
    ),
    _wrong_causal(
        "one-ahead",
        "Each position sees the next one too, which is the token that it is asked to predict.",
        "Column i is the last that row i may see: `.tril()` without a `diagonal`.",
        lambda seq: torch.ones(seq, seq, dtype=torch.bool).tril(1),
    ),
    _wrong_causal(
        "causal-inverted",
        "True and False are exchanged: the mask is True where attention is forbidden.",
        "True means a query MAY attend (as in torch's scaled_dot_product_attention, unlike its "
        "MultiheadAttention): `~mask` turns one into the other.",
        lambda seq: ~_causal(seq),
    ),
    _wrong_causal(
        "numbers-to-add",
        "This mask has 0 and −∞ to be added to scores; asked are True and False.",
        "`torch.ones(seq, seq, dtype=torch.bool).tril()`: who uses the mask decides what it does.",
        lambda seq: torch.zeros(seq, seq).masked_fill(~_causal(seq), float("-inf")),
    ),
    _wrong_causal(
        "causal-ones-and-zeros",
        "The mask has the numbers 1 and 0; asked are True and False.",
        "Give torch.ones the dtype: `torch.ones(seq, seq, dtype=torch.bool)`.",
        lambda seq: torch.ones(seq, seq).tril(),
    ),
    _wrong_causal(
        "batch-axis-added",
        "The causal mask has axes in front of (seq, seq).",
        "Return (seq, seq): broadcasting adds batch and heads by itself.",
        lambda seq: _causal(seq)[None, None],
    ),
    _wrong_causal(
        "own-position-only",
        "Each position sees itself and nothing else.",
        "Row i is True at every column up to i: a triangle, not a diagonal.",
        lambda seq: torch.eye(seq, dtype=torch.bool),
    ),
    _wrong_padding(
        "padding-inverted",
        "True and False are exchanged: the mask is True for the padding.",
        "True means a position may be attended to: the first lengths[b] are the real tokens.",
        lambda lengths, seq: ~_padding(lengths, seq),
    ),
    _wrong_padding(
        "lengths-without-an-axis",
        "Position j is compared with the length of sequence j: the axes of both are the same one.",
        "Give the lengths an axis of their own, `lengths[:, None]`: each is then compared with all "
        "positions.",
        lambda lengths, seq: torch.arange(seq) < lengths,
    ),
    _wrong_padding(
        "one-too-many",
        "The first padding position of each row counts as a token.",
        "Positions count from 0: the last real one is lengths[b] − 1, so compare with `<`.",
        lambda lengths, seq: torch.arange(seq) <= lengths[:, None],
    ),
    _wrong_padding(
        "one-too-few",
        "The last real token of each row counts as padding.",
        "Positions 0, …, lengths[b] − 1 are real: compare `torch.arange(seq) < lengths[b]`.",
        lambda lengths, seq: torch.arange(seq) < lengths[:, None] - 1,
    ),
    _wrong_padding(
        "padding-in-front",
        "The tokens are taken to stand at the end of each row, behind the padding.",
        "Here the tokens come first: position 0, …, lengths[b] − 1.",
        lambda lengths, seq: _padding(lengths, seq).flip(-1),
    ),
    _wrong_padding(
        "padding-transposed",
        "Rows and columns are exchanged: there is one row for each position.",
        "One row for each sequence: compare `torch.arange(seq)` with `lengths[:, None]`.",
        lambda lengths, seq: _padding(lengths, seq).T,
    ),
    _wrong_padding(
        "as-long-as-the-longest",
        "The mask ends with the longest sequence; asked are seq positions.",
        "Use `torch.arange(seq)`, not the maximum of the lengths.",
        lambda lengths, seq: _padding(lengths, int(lengths.max())),
    ),
    _wrong_padding(
        "axes-for-heads-added",
        "The padding mask has axes for heads and queries.",
        "Return (batch, seq). Who needs more axes adds them: `mask[:, None, None, :]`.",
        lambda lengths, seq: _padding(lengths, seq)[:, None, None, :],
    ),
    _wrong_padding(
        "a-matrix-for-each-sequence",
        "The padding mask has a row for each query of each sequence: (batch, seq, seq).",
        "Return (batch, seq): which positions are real does not depend on who asks.",
        lambda lengths, seq: _padding(lengths, seq)[:, None, :].expand(-1, seq, -1),
    ),
    _wrong_padding(
        "padding-ones-and-zeros",
        "The mask has the numbers 1 and 0; asked are True and False.",
        "A comparison such as `torch.arange(seq) < lengths[:, None]` is boolean already.",
        lambda lengths, seq: _padding(lengths, seq).float(),
    ),
)

CHECK = Check(
    id="ex2_attention/masks",
    title="Causal and padding masks",
    references=("course_lib.nn.masks.causal_mask", "course_lib.nn.masks.padding_mask"),
    properties=(
        Property("causal", 2, "row i is True up to and including column i"),
        Property("padding", 2, "row b is True at the first lengths[b] positions"),
        Property("ends", 1, "sequences without a token, and without padding"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    symptoms=symptoms,
    takeaway=(
        "Two masks combine by a logical and: causal (seq, seq) and padding (batch, 1, 1, seq) give "
        "one that keeps each query from the future and from the padding alike."
    ),
)
