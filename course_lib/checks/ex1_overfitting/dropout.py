"""Check of `dropout(x, p, training, generator)`, as a distribution: any way of drawing will do.

The masks are judged by counts, with bounds of 7 standard deviations plus 3. Summing the binomial
tails over the 222 counts of a run gives less than one false alarm in 10⁹ runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs

N_CALLS = 8  # of one generator, so that a count which never varies is seen


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Evaluation, then shares on both sides of one half, then the seeds."""
    x = torch.randn(60, 50, generator=rng, dtype=torch.float64) + 3
    yield _case("evaluation", x[:4, :5], 0.5, False, rng, "training=False: x comes back as it is")
    yield _case("evaluation", x, 0.2, False, rng)
    for p in (0.3, 0.8):
        yield _case("scale", x, p, True, rng)
        yield _case("share", x, p, True, rng)
    yield _case("scale", x, 0.0, True, rng, "p = 0 drops nothing")
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
    if problem := differs(calls[0] * 0, x * 0):
        return problem
    if not training:
        return differs(calls[0], x, what="the result at evaluation")
    dropped = torch.stack(calls) == 0
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
    """Whether entries hang together: along a column or a row, or through their number."""
    p = dropped.double().mean().item()
    for axis, name in ((1, "column"), (2, "row")):
        counts = dropped[0].sum(dim=axis - 1)
        if _beyond(counts, dropped.shape[axis], p).any():
            return f"the entries of a {name} are not dropped independently of each other"
    counts = dropped.sum(dim=(1, 2))
    if 0 < p < 1 and (counts == counts[0]).all():
        return f"each of {N_CALLS} calls dropped the same number of entries; it should vary"
    return None


def _beyond(counts: Tensor, n: int, p: float) -> Tensor:
    """Whether a count is too far from n · p to be chance."""
    return (counts - n * p).abs() > 7 * (n * p * (1 - p)) ** 0.5 + 3


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


def _masked(x: Tensor, mask: Tensor, scale: float) -> Tensor:
    return torch.where(mask, x * scale, torch.zeros_like(x))


@bug(
    "The kept entries are not divided by 1 − p, so the layer's output shrinks in training only.",
    hint="Divide by 1 − p after masking: the expected value of each entry is then x.",
)
def not_scaled(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """The mask alone."""
    if not training:
        return x
    return _masked(x, torch.rand(x.shape, generator=generator) >= p, 1.0)


@bug(
    "Entries are dropped at evaluation too, so the same input gives another answer each time.",
    hint="Return x as it is when `training` is False.",
)
def active_at_evaluation(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """`training` is not looked at."""
    return _masked(x, torch.rand(x.shape, generator=generator) >= p, 1 / (1 - p))


@bug(
    "p is used as the share to keep; it is the share to drop.",
    hint="Keep an entry where its uniform draw is at least p.",
)
def keeps_with_p(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """The mask inverted, the scale left."""
    if not training:
        return x
    return _masked(x, torch.rand(x.shape, generator=generator) < p, 1 / (1 - p))


@bug(
    "p is read as the share to keep, in the mask and in the scale; here it is the share to drop.",
    hint="Some papers call the keep probability p. Replace p by 1 − p throughout.",
)
def p_is_the_keep_probability(
    x: Tensor, p: float, training: bool, generator: torch.Generator
) -> Tensor:
    """A consistent other convention."""
    if not training or p == 0:
        return x
    return _masked(x, torch.rand(x.shape, generator=generator) < p, 1 / p)


@bug(
    "The kept entries are divided by p in place of 1 − p.",
    hint="A share of 1 − p is kept, so 1 − p is what the sum lost.",
)
def divided_by_p(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """The right mask with the wrong scale."""
    if not training or p == 0:
        return x
    return _masked(x, torch.rand(x.shape, generator=generator) >= p, 1 / p)


@bug(
    "The kept entries are multiplied by 1 − p, which shrinks them twice.",
    hint="Divide by 1 − p.",
)
def multiplied(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """Times, not over."""
    if not training:
        return x
    return _masked(x, torch.rand(x.shape, generator=generator) >= p, 1 - p)


@bug(
    "This is dropout as first published: it scales at evaluation, not in training.",
    hint="Inverted dropout divides by 1 − p in training and leaves evaluation alone.",
)
def scaled_at_evaluation(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """Times 1 − p at test time, as in Srivastava et al. (2014)."""
    if not training:
        return x * (1 - p)
    return _masked(x, torch.rand(x.shape, generator=generator) >= p, 1.0)


@bug(
    "One mask serves all rows: every example of the batch loses the same entries.",
    hint="Draw one number for each entry: torch.rand(x.shape, …).",
)
def one_mask_for_all_rows(
    x: Tensor, p: float, training: bool, generator: torch.Generator
) -> Tensor:
    """A mask of one row, broadcast."""
    if not training:
        return x
    mask = torch.rand(x.shape[-1], generator=generator) >= p
    return _masked(x, mask.expand(x.shape), 1 / (1 - p))


@bug(
    "Exactly p · n entries are dropped each time, so entries are not independent of each other.",
    hint="Compare one uniform number per entry with p, in place of shuffling.",
)
def exact_count(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """A random subset of fixed size."""
    if not training:
        return x
    order = torch.randperm(x.numel(), generator=generator).reshape(x.shape)
    return _masked(x, order >= round(p * x.numel()), 1 / (1 - p))


@bug(
    "Every call drops the same entries: a new generator is seeded inside.",
    hint="Draw from the generator that is passed in, and leave its seed alone.",
)
def reseeded(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """A generator of its own with a fixed seed."""
    return p_dropped(x, p, training, torch.Generator().manual_seed(0))


def p_dropped(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """Dropout as it should be, for bugs that lie elsewhere."""
    if not training:
        return x
    return _masked(x, torch.rand(x.shape, generator=generator) >= p, 1 / (1 - p))


@bug(
    "The mask is drawn from global random state; `generator` is not used.",
    hint="torch.rand(x.shape, generator=generator).",
)
def generator_ignored(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """torch.rand without its generator."""
    if not training:
        return x
    return _masked(x, torch.rand(x.shape) >= p, 1 / (1 - p))


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
    bugs=(
        not_scaled,
        active_at_evaluation,
        keeps_with_p,
        p_is_the_keep_probability,
        divided_by_p,
        multiplied,
        scaled_at_evaluation,
        one_mask_for_all_rows,
        exact_count,
        reseeded,
        generator_ignored,
    ),
    takeaway=(
        "The mean of every entry is unchanged, its variance is not: dropout at rate p adds noise "
        "of variance x² · p / (1 − p), which for a linear model acts like a ridge penalty."
    ),
    symptoms=symptoms,
)
