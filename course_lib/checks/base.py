"""What a check is made of: properties with points, cases, a judge, and the bugs it can name.

A check knows three things and keeps them apart, so that the judge never touches a student's
object: `cases` makes the inputs, `run` is the only part that calls the student's code, and `judge`
compares what came back with an oracle. Inputs and outputs are plain data: tensors, numbers,
strings, byte strings, booleans, None, and lists, tuples and dicts of those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

Plain = Any  # plain data, as described above


@dataclass(frozen=True)
class Property:
    """One thing that must hold, with its share of the points."""

    name: str  # kebab-case, unique in its check
    points: int  # all of them or none
    title: str  # what is asked, in a few words that a student reads

    def __post_init__(self) -> None:
        """Refuse a property that is worth nothing."""
        if self.points < 1:
            raise ValueError(
                f"property {self.name!r}: points must be at least 1, got {self.points}"
            )


@dataclass(frozen=True)
class Case:
    """One set of inputs, which tests one property."""

    property: str  # the name of the property that it tests
    inputs: dict[str, Plain]  # in the order of the student's parameters, for the default `run`
    note: str = ""  # what is special about it, in words


@dataclass(frozen=True)
class Bug:
    """A wrong implementation with the words that help whoever wrote it."""

    name: str  # kebab-case, unique in its check
    sentence: str  # what the mistake is
    hint: str  # one next step
    implementation: Any  # called exactly as the student's object is
    everywhere: bool = False  # named only if it agrees on every case, where a match may be chance


def bug(sentence: str, hint: str) -> Callable[[Any], Bug]:
    """Turn a wrong function or class into a `Bug` named after it: `no_root` becomes "no-root"."""

    def decorate(implementation: Any) -> Bug:
        name = implementation.__name__.strip("_").replace("_", "-")
        return Bug(name, sentence, hint, implementation)

    return decorate


def call(implementation: Callable[..., Plain], case: Case) -> Plain:
    """Call the student's function with the inputs in order: the `run` of most checks."""
    return implementation(*case.inputs.values())


@dataclass(frozen=True)
class Check:
    """Everything known about one exercise; `course_lib.checks.check` puts it to work."""

    id: str  # "<assignment>/<kebab-name>"
    title: str  # the exercise's title
    references: tuple[str, ...]  # dotted names of what the student writes, in order
    properties: tuple[Property, ...]
    cases: Callable[[torch.Generator], Iterator[Case]]  # smallest first: the first to fail is shown
    judge: Callable[
        [Case, Plain], str | None
    ]  # what is wrong with the outputs, None when nothing is
    bugs: tuple[Bug, ...]  # where two fit a student equally well, the first is named
    takeaway: str  # read by whoever has every point
    run: Callable[[Any, Case], Plain] = call
    symptoms: Callable[[Case, Plain], Plain] | None = None  # what two wrong random results share
    forbidden: tuple[str, ...] = ()  # dotted names of library calls that the exercise rules out
    max_lines: int = 500_000  # lines of the student's code that one case may execute

    def __post_init__(self) -> None:
        """Refuse two properties or two bugs of one name."""
        for kind, named in (("property", self.properties), ("bug", self.bugs)):
            names = [item.name for item in named]
            if twice := {name for name in names if names.count(name) > 1}:
                raise ValueError(f"{self.id}: {kind} names given twice: {sorted(twice)}")

    @property
    def names(self) -> tuple[str, ...]:
        """The bare names of what the student writes."""
        return tuple(reference.rpartition(".")[2] for reference in self.references)

    @property
    def max_points(self) -> int:
        """The points of all properties together."""
        return sum(prop.points for prop in self.properties)

    def drawn_cases(self, seed: int) -> list[Case]:
        """The cases that belong to a seed, each of a property that exists."""
        drawn = list(self.cases(torch.Generator().manual_seed(seed)))
        known, used = {prop.name for prop in self.properties}, {case.property for case in drawn}
        if known != used:
            raise ValueError(f"{self.id}: properties and cases disagree on {sorted(known ^ used)}")
        return drawn
