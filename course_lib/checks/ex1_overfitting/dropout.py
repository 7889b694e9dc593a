"""Check of `dropout(x, p, training, generator)`, as a distribution: any way of drawing will do.

The masks are judged by counts, with bounds of 7 standard deviations plus 3, and 8 plus 3 for the
pairs of columns and of rows. Summing the binomial tails over all counts of a run gives about three
false alarms in 10¹⁰ runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Bug, Case, Check, Plain, Property
from course_lib.checks.compare import differs

N_CALLS = 8  # of one generator, so that a count which never varies is seen


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One by hand, evaluation, then shares on both sides of one half, then the seeds."""
    ones = torch.ones(6, 10, dtype=torch.float64)
    inputs = {"x": ones, "p": 0.2, "training": True, "seed": 1}
    yield Case("scale", inputs, "by hand: each entry becomes 0 or 1/(1 − 0.2) = 1.25")
    x = torch.randn(40, 40, generator=rng, dtype=torch.float64) + 3
    yield _case("evaluation", x[:4, :5], 0.5, False, rng, "training=False: x comes back as it is")
    yield _case("evaluation", x, 0.2, False, rng)
    for p in (0.3, 0.8):
        yield _case("scale", x, p, True, rng)
        yield _case("share", x, p, True, rng)
    yield _case("scale", x, 0.0, True, rng, "p = 0 drops nothing")
    yield _case("scale", x[0, :24], 0.25, True, rng, "x with one axis")
    yield _case("scale", x[:6, :20].reshape(4, 5, 6), 0.25, True, rng, "x with three axes")
    yield _case("generator", x, 0.4, True, rng)


def _case(
    name: str, x: Tensor, p: float, training: bool, rng: torch.Generator, note: str = ""
) -> Case:
    seed = int(torch.randint(1, 2**31, (1,), generator=rng))
    return Case(name, {"x": x.clone(), "p": p, "training": training, "seed": seed}, note)


def run(implementation: Callable[..., Tensor], case: Case) -> Plain:
    """Several calls with one generator, then the first of them again from the same seed."""
    x, p, training, seed = case.inputs.values()
    generator = torch.Generator().manual_seed(seed)
    calls = [implementation(x, p, training, generator) for _ in range(N_CALLS)]
    again = implementation(x, p, training, torch.Generator().manual_seed(seed))
    return {"calls": calls, "again": again}


def judge(case: Case, outputs: Plain) -> str | None:
    """Judge the clause that the case is about; the first clause broken is the message."""
    x, p, training, _ = case.inputs.values()
    calls, again = outputs["calls"], outputs["again"]
    if not isinstance(calls[0], Tensor):
        return differs(calls[0], x)
    if problem := differs(calls[0] * 0, x * 0):
        return problem
    if not training:
        return differs(calls[0], x, what="the result at evaluation")
    dropped = torch.stack(calls) == 0
    if dropped[0].all():
        return "every entry is 0; with this p some are kept"
    if p == 0:
        return differs(calls[0], x, what="the result with p = 0")
    if case.property == "scale":
        expected = torch.where(dropped[0], 0.0, x / (1 - p))
        return differs(calls[0], expected, what="x with the kept entries divided by 1 − p")
    if case.property == "share":
        return _share_problem(dropped, p)
    if not torch.equal(calls[0], again):
        return "two generators with the same seed gave two different masks"
    if torch.equal(calls[0], calls[1]):
        return "two calls with one generator gave the same mask"
    return None


def _share_problem(dropped: Tensor, p: float) -> str | None:
    if _beyond(dropped.sum(), dropped.numel(), p):
        share = dropped.double().mean().item()
        return f"{share:.1%} of the entries were dropped, expected about {p:.0%}"
    return _structure_problem(dropped)


def _structure_problem(dropped: Tensor) -> str | None:
    """Whether entries hang together: along a column or a row, in pairs, or through their number."""
    p = dropped.double().mean().item()
    for axis, name in ((1, "column"), (2, "row")) if dropped.ndim == 3 else ():
        counts = dropped[0].sum(dim=axis - 1)
        if _beyond(counts, dropped.shape[axis], p).any():
            return f"the entries of a {name} are not dropped independently of each other"
        lines = dropped.double().movedim(3 - axis, 0).flatten(start_dim=1)
        together = (lines @ lines.T)[~torch.eye(len(lines), dtype=torch.bool)]
        if _beyond(together, lines.shape[1], p * p, deviations=8).any():
            return f"the entries of two {name}s are dropped together, not independently"
    counts = dropped.flatten(start_dim=1).sum(dim=1)
    if 0 < p < 1 and (counts == counts[0]).all():
        return f"each of {N_CALLS} calls dropped the same number of entries; it should vary"
    return None


def _beyond(counts: Tensor, n: int, p: float, deviations: int = 7) -> Tensor:
    """Whether a count is too far from n · p to be chance."""
    return (counts - n * p).abs() > deviations * (n * p * (1 - p)) ** 0.5 + 3


def symptoms(case: Case, outputs: Plain) -> Plain:
    """What two results share whatever their masks: scale, share, structure, generator."""
    x, p = case.inputs["x"], case.inputs["p"]
    calls, again = outputs["calls"], outputs["again"]
    dropped = torch.stack(calls) == 0
    kept = calls[0][~dropped[0]] / x[~dropped[0]]
    off = bool(_beyond(dropped.sum(), dropped.numel(), p))
    return {
        "shape": list(calls[0].shape),
        "scales": [round(scale, 5) for scale in (kept.min().item(), kept.max().item())],
        "too many": off and bool(dropped.double().mean() > p),
        "too few": off and bool(dropped.double().mean() < p),
        "structure": _structure_problem(dropped),
        "repeatable": torch.equal(calls[0], again),
        "frozen": torch.equal(calls[0], calls[1]),
    }


def dropping(
    keep=lambda x, p, generator: torch.rand(x.shape, generator=generator) >= p,
    scale=lambda p: 1 / (1 - p),
    evaluated=lambda x, p: x,
):
    """Dropout with its parts exchangeable: each bug below exchanges one or two."""

    def dropout(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
        if not training:
            return evaluated(x, p)
        return torch.where(keep(x, p, generator), x * scale(p), 0.0)

    return dropout


right = dropping()


def one_over(p: float) -> float:
    """1 / p, where p = 0 is left out of account as students do who meet the division by zero."""
    return 1 / p if p else 1.0


def subset_kept(x: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """A random subset of fixed size is dropped."""
    order = torch.randperm(x.numel(), generator=generator).reshape(x.shape)
    return order >= round(p * x.numel())


def pairs_kept(x: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """One draw for every two neighbours along the last axis."""
    half = torch.rand(*x.shape[:-1], (x.shape[-1] + 1) // 2, generator=generator)
    return half.repeat_interleave(2, dim=-1)[..., : x.shape[-1]] >= p


BUGS = (
    Bug(
        "not-scaled",
        "The kept entries are not divided by 1 − p, so the output shrinks in training only.",
        "Divide by 1 − p after masking: the expected value of each entry is then x.",
        dropping(scale=lambda p: 1.0),
    ),
    Bug(
        "active-at-evaluation",
        "Entries are dropped at evaluation too, so the same input gives another answer each time.",
        "Return x as it is when `training` is False.",
        lambda x, p, training, generator: right(x, p, True, generator),
    ),
    Bug(
        "keeps-with-p",
        "p is used as the share to keep; it is the share to drop.",
        "Keep an entry where its uniform draw is at least p.",
        dropping(keep=lambda x, p, g: torch.rand(x.shape, generator=g) < p),
    ),
    Bug(
        "p-is-the-keep-probability",
        "p is read as the share to keep, in mask and scale alike; here it is the share to drop.",
        "Some papers call the keep probability p. Replace p by 1 − p throughout.",
        dropping(
            keep=lambda x, p, g: torch.rand(x.shape, generator=g) < (p or 1.0), scale=one_over
        ),
    ),
    Bug(
        "divided-by-p",
        "The kept entries are divided by p in place of 1 − p.",
        "A share of 1 − p is kept, so the sum has shrunk to 1 − p of itself: divide by that.",
        dropping(scale=one_over),
    ),
    Bug(
        "multiplied",
        "The kept entries are multiplied by 1 − p, which shrinks the output a second time.",
        "Divide by 1 − p.",
        dropping(scale=lambda p: 1 - p),
    ),
    Bug(
        "scaled-at-evaluation",
        "This is dropout as first published: it scales at evaluation, not in training.",
        "Divide by 1 − p in training already, and leave x alone at evaluation.",
        dropping(scale=lambda p: 1.0, evaluated=lambda x, p: x * (1 - p)),
    ),
    Bug(
        "one-mask-for-all-rows",
        "One mask serves all rows: every example of the batch loses the same entries.",
        "Draw one number for each entry: torch.rand(x.shape, generator=generator).",
        dropping(keep=lambda x, p, g: (torch.rand(x.shape[-1], generator=g) >= p).expand(x.shape)),
    ),
    Bug(
        "neighbours-together",
        "Entries of a row share one draw, so they are dropped together or kept together.",
        "Draw as many numbers as x has entries; repeat none of them.",
        dropping(keep=pairs_kept),
    ),
    Bug(
        "exact-count",
        "Exactly p · n entries are dropped each time, so they are not independent of each other.",
        "Compare one uniform number per entry with p, in place of shuffling.",
        dropping(keep=subset_kept),
    ),
    Bug(
        "reseeded",
        "Every call drops the same entries: a new generator is seeded inside.",
        "Draw from the generator that is passed in, and leave its seed alone.",
        lambda x, p, training, generator: right(x, p, training, torch.Generator().manual_seed(0)),
    ),
    Bug(
        "generator-ignored",
        "`generator` is ignored: the mask comes from global random state. No such mask can be "
        "repeated, so nothing else about it is judged yet.",
        "Hand the generator on: torch.rand(x.shape, generator=generator). Nothing else may draw.",
        lambda x, p, training, generator: right(x, p, training, None),
    ),
    Bug(
        "seeded-globally",
        "torch.manual_seed is called inside: it drops the same entries in every call, and makes "
        "everything else in the notebook draw the same numbers again.",
        "Delete that line, and draw with torch.rand(x.shape, generator=generator).",
        dropping(keep=lambda x, p, g: torch.rand(x.shape, generator=torch.manual_seed(0)) >= p),
    ),
)

CHECK = Check(
    id="ex1_overfitting/dropout",
    title="Dropout",
    references=("course_lib.overfitting.regularization.dropout",),
    properties=(
        Property("evaluation", 1, "x as it is when not training"),
        Property("scale", 2, "kept entries divided by 1 − p, the others exactly 0"),
        Property("share", 2, "each entry dropped with probability p, on its own"),
        Property("generator", 1, "all randomness from the generator"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "The mean of every entry is unchanged, its variance is not: dropout at rate p adds noise "
        "of variance x² · p / (1 − p), which for a linear model acts like a ridge penalty."
    ),
    symptoms=symptoms,
)
