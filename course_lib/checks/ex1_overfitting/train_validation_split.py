"""Check of `train_validation_split(x, y, validation_fraction, generator)`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import kind_of
from course_lib.checks.ex1_overfitting._split_bugs import BUGS

# A point's count must lie within 6 standard deviations, that of each pair of points within 6 plus
# 3. Summing the binomial tails over ten points and 45 pairs, a right answer fails about three times
# in 10⁷ runs.
N_DRAWS = 200
PARTS = ("x_train", "y_train", "x_validation", "y_validation")


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One by hand, several sizes, one generator used again and again, and many splits."""
    x = torch.arange(1.0, 9.0, dtype=torch.float64)
    inputs = {"x": x, "y": 10 * x, "validation_fraction": 0.25, "seeds": [1, 2]}
    yield Case("pairs", inputs, "by hand: each y is 10 times its x")
    yield _case("pairs", rng, 6, 0.5, 3)
    yield _case("pairs", rng, 30, 1 / 3, 3)
    yield _case("sizes", rng, 10, 0.3, 3)
    yield _case("sizes", rng, 10, 0.28, 3, "2.8 points are rounded to 3")
    yield _case("sizes", rng, 9, 0.25, 3, "2.25 points are rounded to 2")
    yield _case("sizes", rng, 5, 0.0, 3, "nothing is held back")
    yield _case("generator", rng, 30, 0.5, 5, "the first seed comes twice")
    yield _case("random", rng, 10, 0.3, N_DRAWS, f"{N_DRAWS} seeds")


def _case(
    name: str, rng: torch.Generator, n: int, fraction: float, n_seeds: int, note: str = ""
) -> Case:
    x = torch.linspace(0, 1, n, dtype=torch.float64)
    y = 2.0 + torch.rand(n, generator=rng, dtype=torch.float64)
    seeds = torch.randint(2**31, (n_seeds,), generator=rng).tolist()
    if name == "generator":
        seeds[1] = seeds[0]
    return Case(name, {"x": x, "y": y, "validation_fraction": fraction, "seeds": seeds}, note)


def run(implementation: Callable[..., Any], case: Case) -> Plain:
    """Split once per seed, and once more with the generator as the last call left it."""
    x, y, fraction, seeds = case.inputs.values()
    results = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        results.append(implementation(x, y, fraction, generator))
    results.append(implementation(x, y, fraction, generator))
    return _stacked(results)


def _stacked(splits: list[Any]) -> Plain:
    """One tensor for each part if all splits are of one shape: a few large ones cross faster."""
    if not all(type(split) in (list, tuple) and len(split) == len(PARTS) for split in splits):
        return splits
    if not all(type(part) is Tensor and part.ndim == 1 for split in splits for part in split):
        return splits
    parts = dict(zip(PARTS, zip(*splits, strict=True), strict=True))
    if any(len({(len(part), part.dtype) for part in same}) > 1 for same in parts.values()):
        return splits
    return {name: torch.stack(same) for name, same in parts.items()}


def _apart(outputs: Plain) -> Plain:
    """The splits, stacked or not."""
    if not isinstance(outputs, dict):
        return outputs
    return list(zip(*(outputs[name] for name in PARTS), strict=True))


def judge(case: Case, outputs: Plain) -> str | None:
    """Look at the splits for what the property asks."""
    splits = _apart(outputs)
    if len(splits) != len(case.inputs["seeds"]) + 1:  # no answer's doing: `run` makes as many
        return "the splits could not be read"
    if problem := next(filter(None, map(_malformed, splits)), None):
        return problem
    return {"sizes": _sizes, "pairs": _pairs, "generator": _repeats, "random": _shares}[
        case.property
    ](case, splits)


def _malformed(split: Plain) -> str | None:
    if not isinstance(split, list | tuple) or len(split) != 4:
        return f"expected four tensors, {', '.join(PARTS)}, got {kind_of(split)}"
    for name, part in zip(PARTS, split, strict=True):
        if not isinstance(part, Tensor) or part.ndim != 1:
            return f"expected {name} to be a tensor with one axis, got {kind_of(part)}"
    return None


def _n_validation(case: Case) -> int:
    return round(case.inputs["validation_fraction"] * len(case.inputs["x"]))


def _sizes(case: Case, outputs: Plain) -> str | None:
    held = _n_validation(case)
    fitted = len(case.inputs["x"]) - held
    for split in outputs:
        got, expected = tuple(map(len, split)), (fitted, fitted, held, held)
        if got != expected:
            return f"expected {', '.join(PARTS)} to have {expected} points, got {got}"
    return None


def _pairs(case: Case, outputs: Plain) -> str | None:
    own_y = _own_y(case)
    return next(filter(None, (_flaw(own_y, split)[1] for split in outputs)), None)


def _own_y(case: Case) -> dict[float, float]:
    return dict(zip(case.inputs["x"].tolist(), case.inputs["y"].tolist(), strict=True))


def _flaw(own_y: dict[float, float], split: Plain) -> tuple[str, str]:
    """What is wrong with one split's points: the kind and the sentence, "" when nothing is."""
    parts = [[part.tolist() for part in split[:2]], [part.tolist() for part in split[2:]]]
    for name, (xs, ys) in zip(("training", "validation"), parts, strict=True):
        if len(xs) != len(ys):
            return "length", f"expected one y for each x in the {name} part"
        for x, y in zip(xs, ys, strict=True):
            if own_y.get(x) != y:
                return "pair", f"in the {name} part x = {x:.6g} came with y = {y:.6g}, not its own"
    fitted, held = (xs for xs, _ in parts)
    if both := len(set(fitted) & set(held)):
        return "overlap", f"expected no point in both parts, got {both}"
    if sorted(fitted + held) != sorted(own_y):
        return "once", "expected every point exactly once, got some twice or not at all"
    return "", ""


def _repeats(case: Case, outputs: Plain) -> str | None:
    if not _alike(outputs[0], outputs[1]):
        return "expected two generators of one seed to give the same split, got two"
    if _alike(outputs[1], outputs[2]):
        return "expected another seed to give another split, got the same"
    if _alike(outputs[-2], outputs[-1]):
        return "expected a second call with one generator to draw on, got the same split again"
    return None


def _alike(one: Plain, other: Plain) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def _shares(case: Case, outputs: Plain) -> str | None:
    share = _n_validation(case) / len(case.inputs["x"])
    tolerance = 6 * (len(outputs) * share * (1 - share)) ** 0.5
    held = Counter(x for split in outputs for x in split[2].tolist())
    for i, x in enumerate(case.inputs["x"].tolist()):
        count = held[x]
        if abs(count - share * len(outputs)) > tolerance:
            return (
                f"expected point {i} in about {share * len(outputs):.0f} of {len(outputs)} "
                f"validation sets, got {count}"
            )
    return _pairs_held(case, outputs)


def _pairs_held(case: Case, outputs: Plain) -> str | None:
    n, held = len(case.inputs["x"]), _n_validation(case)
    share = held * (held - 1) / (n * (n - 1))
    tolerance = 6 * (len(outputs) * share * (1 - share)) ** 0.5 + 3
    place = {x: i for i, x in enumerate(case.inputs["x"].tolist())}
    chosen = (sorted(place[x] for x in split[2].tolist() if x in place) for split in outputs)
    together = Counter(pair for places in chosen for pair in combinations(places, 2))
    for i, j in combinations(range(n), 2):
        count = together[i, j]
        if abs(count - share * len(outputs)) > tolerance:
            return (
                f"expected points {i} and {j} together in about {share * len(outputs):.0f} of "
                f"{len(outputs)} validation sets, got {count}"
            )
    return None


def symptoms(case: Case, outputs: Plain) -> Plain:
    """What can be said of the splits whatever was drawn."""
    outputs = _apart(outputs)
    if not isinstance(outputs, list | tuple):
        return kind_of(outputs)
    if any(_malformed(split) for split in outputs):
        return [len(split) if isinstance(split, list | tuple) else 0 for split in outputs]
    sizes = {tuple(map(len, split)) for split in outputs}
    own_y = _own_y(case)
    flaws = {_flaw(own_y, split)[0] for split in outputs} - {""}
    facts = [sizes.pop() if len(sizes) == 1 else "varying", sorted(flaws)]
    if case.property in ("generator", "random"):  # small sets repeat by chance
        facts += [len({frozenset(split[2].tolist()) for split in outputs}) == 1]
        facts += [
            all(_is_stretch(split[k], case.inputs["xy"[k]]) for split in outputs) for k in (0, 1)
        ]
    if case.property == "random":
        facts += [_shares(case, outputs) is None]
    if case.property == "generator":
        facts += [_alike(outputs[i], outputs[j]) for i, j in ((0, 1), (1, 2), (-2, -1))]
    return facts


def _is_stretch(part: Tensor, whole: Tensor) -> bool:
    n = len(part)
    return any(torch.equal(part, whole[i : i + n]) for i in range(len(whole) - n + 1))


CHECK = Check(
    id="ex1_overfitting/train-validation-split",
    title="Training and validation split",
    references=("course_lib.overfitting.polynomial.train_validation_split",),
    properties=(
        Property("pairs", 2, "every point once, each with its own y"),
        Property("sizes", 1, "the share held back, rounded to whole points"),
        Property("generator", 1, "the generator decides the split, and it alone"),
        Property("random", 1, "every point, and every pair of points, is held back equally often"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    symptoms=symptoms,
    bugs=BUGS,
    takeaway=(
        "The validation points must have had no part in the fit: everything in the course that is "
        "called a test rests on this one rule."
    ),
)
