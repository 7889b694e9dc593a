"""What travels between the grader and its workers: a task goes out, a result comes back.

Both are plain data, so that a worker may be a process here or on another machine. A task is one
notebook of one submission; a worker that has it needs nothing else and knows no gradebook.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Limits:
    """What one notebook may use while it is graded."""

    seconds: float = 120.0  # wall clock, all cells and all cases together
    cell_seconds: float = 30.0  # wall clock of one cell, and of all the cases of one exercise
    cpu_seconds: int = 90  # processor time
    memory_mb: int = 2048  # address space beyond that of the warm process
    scratch_mb: int = 64  # files it writes
    open_files: int = 256
    threads: int = 64
    output_bytes: int = 1_000_000  # printed and drawn by all cells together
    result_bytes: int = 64_000_000  # returned to the judge, by all cases of one exercise

    def __post_init__(self) -> None:
        """Refuse a limit that would stop everything."""
        for name, value in vars(self).items():
            if not isinstance(value, int | float) or not 0 < value < math.inf:
                raise ValueError(f"{name} must be a positive number, got {value!r}")


@dataclass(frozen=True)
class Task:
    """One notebook of one submission, ready to be graded anywhere."""

    student: str
    assignment: str
    notebook: str  # its released name, without the suffix
    content: str  # the notebook as JSON: locked cells as released, the answers the student's own
    files: dict[str, bytes]  # what else was handed in, by its path in the submission
    seed: int  # of the cases that are drawn for this submission
    key: str  # names everything that the result depends on
    limits: Limits = Limits()
    released: frozenset[str] = frozenset()  # the sources of the released cells


class IncidentKind(StrEnum):
    """What an instructor may want to look at."""

    REPAIRED = "repaired"  # the file was put in order before it was graded
    REFUSED = "refused"  # the file could not be graded: 0 points and a page that says why
    STOPPED = "stopped"  # a limit was reached, or the process ended itself
    TRIED = "tried"  # something that an honest answer has no need of


@dataclass(frozen=True)
class Incident:
    """One thing that happened to a notebook, in words that its student may read."""

    kind: IncidentKind
    text: str


@dataclass(frozen=True)
class ExerciseResult:
    """How one exercise came out, for the statistics of a cohort."""

    grade_id: str
    exercise: str  # the catalogue's id
    points: float
    max_points: float
    bugs: tuple[str, ...] = ()  # names of the diagnosed mistakes
    failed: tuple[str, ...] = ()  # names of the properties that do not hold


@dataclass(frozen=True)
class Result:
    """What a task came to: the graded notebook, and what nbgrader's gradebook needs to know."""

    student: str
    assignment: str
    notebook: str
    key: str  # the task's
    content: str  # the autograded notebook as JSON
    scores: dict[str, float | None]  # auto_score by grade id, None where a person must grade
    comments: dict[str, str | None]  # auto_comment by the grade id of each answer cell
    exercises: tuple[ExerciseResult, ...] = ()
    incidents: tuple[Incident, ...] = ()
    seconds: float = field(default=0.0, compare=False)  # wall clock
    cpu_seconds: float = field(default=0.0, compare=False)  # of the worker and the student's code

    def to_json(self) -> bytes:
        """The result as the bytes of a file."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Result:
        """Read what `to_json` wrote; raises ValueError for anything else."""
        try:
            fields = json.loads(content)
            fields["exercises"] = tuple(
                ExerciseResult(
                    **{**item, "bugs": tuple(item["bugs"]), "failed": tuple(item["failed"])}
                )
                for item in fields["exercises"]
            )
            fields["incidents"] = tuple(
                Incident(IncidentKind(item["kind"]), item["text"]) for item in fields["incidents"]
            )
            return cls(**fields)
        except (TypeError, KeyError, AttributeError, UnicodeDecodeError) as problem:
            raise ValueError(f"not a result: {problem}") from None
