"""Check of `lsh_buckets(x, n_buckets, rotations)`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import normalize

from course_lib.checks.base import Bug, Case, Check, Plain, Property
from course_lib.checks.compare import differs

MARGIN = 1e-3  # by which the best bucket leads, so that rounding cannot choose another


def cases(rng: torch.Generator) -> Iterator[Case]:
    """A plane cut into four by hand, then more rounds, more axes, and vectors of any length."""
    axes = torch.eye(2).unsqueeze(0)
    east_to_south = torch.tensor([[2.0, 1.0], [-1.0, 3.0], [-2.0, 0.5], [0.3, -1.0]])
    yield _case("buckets", east_to_south, axes, "by hand: 0, 1, 2, 3")
    yield _case("buckets", *_drawn(rng, (6,), 1, 3, 2))
    yield _case("buckets", *_drawn(rng, (40,), 1, 8, 8))
    yield _case("rounds", *_drawn(rng, (3,), 2, 2, 1), "two rounds, each with its own rotation")
    yield _case("rounds", *_drawn(rng, (12,), 4, 6, 4))
    yield _case("axes", *_drawn(rng, (2, 3), 1, 2, 2), "a batch of two texts")
    yield _case("axes", *_drawn(rng, (2, 3, 10), 2, 4, 3), "(batch, heads, seq, d)")
    x, rotations = _drawn(rng, (12,), 2, 6, 4)
    lengths = torch.logspace(-3, 3, 12).unsqueeze(-1)
    yield _case("lengths", x * lengths, rotations, "from very short to very long vectors")


def _case(name: str, x: Tensor, rotations: Tensor, note: str = "") -> Case:
    n_buckets = 2 * rotations.shape[-1]
    return Case(name, {"x": x, "n_buckets": n_buckets, "rotations": rotations}, note)


def _drawn(
    rng: torch.Generator, shape: tuple[int, ...], n_rounds: int, d: int, half: int
) -> tuple[Tensor, Tensor]:
    """Random vectors (*shape, d) with a clear bucket in every round, and the rotations."""
    rotations = torch.randn(n_rounds, d, half, generator=rng)
    n = math.prod(shape)
    kept: list[Tensor] = []
    while len(kept) < n:
        x = normalize(torch.randn(d, generator=rng), dim=0) * 2
        sides = torch.cat((x @ rotations, -(x @ rotations)), dim=-1)  # n_rounds n_buckets
        best, second = sides.topk(2, dim=-1).values.unbind(-1)
        if (best - second > MARGIN).all():
            kept.append(x)
    return torch.stack(kept).reshape(*shape, d), rotations


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the direction that has the largest product with x / ‖x‖, by plain numbers."""
    x, _, rotations = case.inputs.values()
    expected = torch.empty(*x.shape[:-2], len(rotations), x.shape[-2], dtype=torch.long)
    for text, buckets in zip(
        x.reshape(-1, *x.shape[-2:]), expected.view(-1, *expected.shape[-2:]), strict=True
    ):
        for r, columns in enumerate(rotations.mT.tolist()):
            directions = columns + [[-entry for entry in column] for column in columns]
            for i, vector in enumerate(text.tolist()):
                products = [
                    sum(map(operator.mul, vector, direction)) / math.hypot(*vector)
                    for direction in directions
                ]
                buckets[r, i] = products.index(max(products))
    return differs(outputs, expected, what="the buckets")


def hashing(
    prepared: Callable[[Tensor], Tensor] = lambda x: x,
    rounds: Callable[[Tensor], Tensor] = lambda rotations: rotations,
    sides: Callable[[Tensor], Tensor] = lambda z: torch.cat((z, -z), dim=-1),
    choose: Callable[[Tensor], Tensor] = lambda sides: sides.argmax(dim=-1),
    after: Callable[[Tensor, int], Tensor] = lambda buckets, n_buckets: buckets,
) -> Callable[[Tensor, int, Tensor], Tensor]:
    """`lsh_buckets` with its parts exchangeable: each bug below exchanges one."""

    def lsh_buckets(x: Tensor, n_buckets: int, rotations: Tensor) -> Tensor:
        rotated = prepared(x).unsqueeze(-3) @ rounds(rotations)
        return after(choose(sides(rotated)), n_buckets)

    return lsh_buckets


def with_offsets(buckets: Tensor, n_buckets: int) -> Tensor:
    """Each round with numbers of its own."""
    return buckets + n_buckets * torch.arange(buckets.shape[-2]).unsqueeze(-1)


def sign_bits(z: Tensor) -> Tensor:
    """The signs, read as a binary number."""
    return ((z > 0) * 2 ** torch.arange(z.shape[-1])).sum(dim=-1)


BUGS = (
    Bug(
        "minus-half-first",
        "Each vector gets the opposite bucket: −x R comes before x R, or the smallest is taken.",
        "Bucket b below n_buckets / 2 points along column b: the argmax of [x R, −x R].",
        hashing(sides=lambda z: torch.cat((-z, z), dim=-1)),
    ),
    Bug(
        "no-minus-half",
        "Only x R is looked at, so half of the buckets stay empty.",
        "Join x R and −x R along the last axis before taking the argmax.",
        hashing(sides=lambda z: z),
    ),
    Bug(
        "signs-lost",
        "The largest entry by size is taken, so x and −x share a bucket.",
        "Opposite directions belong apart: argmax over [x R, −x R], not over |x R|.",
        hashing(sides=lambda z: z.abs()),
    ),
    Bug(
        "halves-interleaved",
        "Each column is followed by its own opposite, so opposites have neighbouring numbers.",
        "First all columns, then all opposites: bucket b and bucket b + n_buckets / 2.",
        hashing(sides=lambda z: torch.stack((z, -z), dim=-1).flatten(-2)),
    ),
    Bug(
        "value-for-place",
        "The largest product itself comes back, not where it stands.",
        "A bucket is an index: `argmax`, not `max` or `amax`.",
        hashing(choose=lambda sides: sides.amax(dim=-1)),
    ),
    Bug(
        "over-positions",
        "The argmax runs over the positions: it says which token lies nearest to each direction.",
        "Each token gets a bucket: take the argmax over the n_buckets directions, the last axis.",
        hashing(choose=lambda sides: sides.argmax(dim=-2)),
    ),
    Bug(
        "first-round-for-all",
        "Every round uses the first rotation, so a second round finds nothing new.",
        "Round r uses rotations[r].",
        hashing(rounds=lambda rotations: rotations[:1].expand_as(rotations)),
    ),
    Bug(
        "first-round-alone",
        "Only the buckets of the first round come back, without an axis for the rounds.",
        "Keep all rounds, on an axis before the positions: (*batch, n_rounds, seq).",
        hashing(after=lambda buckets, n_buckets: buckets[..., 0, :]),
    ),
    Bug(
        "rounds-against-the-batch",
        "x and rotations are multiplied as they come, so the rounds meet another axis of x.",
        "Give x an axis for the rounds: `x.unsqueeze(-3) @ rotations`.",
        lambda x, n_buckets, rotations: torch.cat((x @ rotations, -(x @ rotations)), dim=-1).argmax(
            dim=-1
        ),
    ),
    Bug(
        "rounds-last",
        "The rounds stand on the last axis.",
        "The shape is (*batch, n_rounds, seq): each round is one row of buckets.",
        hashing(after=lambda buckets, n_buckets: buckets.transpose(-2, -1)),
    ),
    Bug(
        "rounds-first",
        "The rounds stand on the first axis, before the batch.",
        "The shape is (*batch, n_rounds, seq).",
        hashing(after=lambda buckets, n_buckets: buckets.movedim(-2, 0)),
    ),
    Bug(
        "rounds-numbered-on",
        "The numbers go on from round to round: round r starts at r · n_buckets.",
        "Every round has buckets 0 to n_buckets − 1. Attention sorts each round on its own.",
        hashing(after=with_offsets),
    ),
    Bug(
        "sign-bits",
        "The signs of x R are read as a binary number: another way of hashing.",
        "Asked is the argmax over [x R, −x R], which needs n_buckets / 2 columns.",
        hashing(sides=lambda z: z, choose=sign_bits),
    ),
    Bug(
        "scaled-over-positions",
        "x is scaled column by column over the positions, which turns the vectors.",
        "Only a scale of each vector by itself keeps directions; none is needed here at all.",
        hashing(prepared=lambda x: normalize(x, dim=-2)),
    ),
    Bug(
        "mean-taken-off",
        "The mean vector of the text is taken off first, so a bucket depends on the other tokens.",
        "The bucket of a vector is a matter of that vector alone.",
        hashing(prepared=lambda x: x - x.mean(dim=-2, keepdim=True)),
    ),
)

CHECK = Check(
    id="ex2_attention/lsh-attention",
    title="LSH attention: the hash",
    references=("course_lib.nn.lsh.lsh_buckets",),
    properties=(
        Property("buckets", 2, "the direction, of n_buckets, that each vector points along most"),
        Property("rounds", 1, "each round with a rotation of its own"),
        Property("axes", 1, "any axes before the positions: (*batch, n_rounds, seq)"),
        Property("lengths", 1, "short and long vectors alike"),
    ),
    cases=cases,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "Vectors of like direction often share a bucket, and no pair was ever compared to find "
        "that out. One round may part two neighbours; several rounds seldom all do."
    ),
)
