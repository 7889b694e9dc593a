"""One run over a cohort: hand out what has no result, take in results, commit them in batches."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from course_lib.grading.autograded import autograded_folder, is_laid_out, write_autograded
from course_lib.grading.gradebook import GradebookWriter, Submission
from course_lib.grading.pool import Failure
from course_lib.grading.results import ResultStore
from course_lib.grading.submissions import Assignment, HandedIn, read_submission
from course_lib.grading.tasks import IncidentKind, Result, Task

_BATCH = 100  # submissions that are committed together
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass
class Summary:
    """What a run came to."""

    assignment: str
    n_submissions: int
    n_graded: int = 0  # notebooks that were run now
    n_kept: int = 0  # notebooks whose result was there already
    incidents: Counter[IncidentKind] = field(default_factory=Counter)
    failures: list[tuple[str, str, str]] = field(default_factory=list)  # student, notebook, reason
    seconds: float = 0.0
    report: Path | None = None
    report_problem: str = ""  # why there is none

    def in_words(self) -> str:
        """The summary that an instructor reads."""
        lines = [
            f"{self.n_submissions} submissions: {self.n_graded} notebooks graded, {self.n_kept} "
            f"kept as they were, {len(self.failures)} without a result, in {self.seconds:.0f} s."
        ]
        if self.incidents:
            counts = [f"{count} {kind}" for kind, count in sorted(self.incidents.items())]
            lines.append(f"Notebooks to look at: {', '.join(counts)}.")
        if self.report:
            lines.append(f"Report: {self.report}")
        if self.report_problem:
            lines.append(f"The report cannot be written: {self.report_problem}")
        return "\n".join(lines)


@dataclass
class _Entry:
    """A submission on its way."""

    handed_in: HandedIn
    submission: Submission
    results: list[Result]
    n_waiting: int = 0  # tasks without an outcome
    has_failed: bool = False


class Run:
    """Keeps no more submissions in memory than are under way or in one batch."""

    def __init__(
        self,
        directory: CourseDirectory,
        assignment: Assignment,
        store: ResultStore,
        writer: GradebookWriter,
        summary: Summary,
        on_done: Callable[[], None],
        regrade: bool = False,
    ) -> None:
        self._directory, self._assignment = directory, assignment
        self._store, self._writer, self._summary = store, writer, summary
        self._on_done, self._regrade = on_done, regrade
        self._in_gradebook = writer.scores()
        self._waiting: dict[str, _Entry] = {}
        self._known: list[tuple[str, str, str]] = []  # student, notebook, key of each result
        self._batch: list[_Entry] = []

    def tasks(self, students: Iterable[tuple[str, Path]]) -> Iterator[Task]:
        """What is to be graded, a submission at a time."""
        for student, folder in students:
            try:
                handed_in = read_submission(student, folder, self._assignment)
                names = {part.notebook for part in (*handed_in.tasks, *handed_in.refused)}
                submission = Submission(student, handed_in.timestamp, frozenset(names))
            except Exception as problem:  # no submission may stop the others
                self._summary.failures.append((student, "", f"It cannot be read: {problem}"))
                self._on_done()
                continue
            entry = _Entry(handed_in, submission, list(handed_in.refused))
            for result in handed_in.refused:
                self._store.write(result)
            new = []
            for task in handed_in.tasks:
                stored = self._stored(task)
                if stored is None:
                    new.append(task)
                else:
                    entry.results.append(stored)
                    self._summary.n_kept += 1
            entry.n_waiting = len(new)
            if new:
                self._waiting[student] = entry
                yield from new
            else:
                self._complete(entry)

    def take(self, task: Task, outcome: Result | Failure) -> None:
        """Keep a result; commit when there are enough."""
        entry = self._waiting[task.student]
        entry.n_waiting -= 1
        if isinstance(outcome, Failure):
            entry.has_failed = True
            self._summary.failures.append((task.student, task.notebook, outcome.reason))
        else:
            notes = entry.handed_in.incidents.get(task.notebook, ())
            result = dataclasses.replace(outcome, incidents=(*notes, *outcome.incidents))
            self._store.write(result)
            self._summary.n_graded += 1
            entry.results.append(result)
        if entry.n_waiting == 0:
            del self._waiting[task.student]
            self._complete(entry)

    def flush(self) -> None:
        """Commit what waits to be."""
        batch, self._batch = self._batch, []
        graded = []
        for entry in batch:
            handed_in = entry.handed_in
            folder = autograded_folder(self._directory, handed_in.student, self._assignment.name)
            try:
                write_autograded(folder, handed_in, entry.results)
            except (OSError, ValueError) as problem:
                if getattr(problem, "errno", None) in _NO_ROOM:  # it would befall the next one too
                    raise
                self._summary.failures.append((handed_in.student, "", str(problem)))
                continue
            graded.append(entry)
        if graded:  # first the files, then the gradebook, then the note that both are done
            self._writer.write([(entry.submission, entry.results) for entry in graded])
        self._store.mark_committed({entry.handed_in.student: _digest(entry) for entry in graded})

    def results(self) -> Iterator[Result]:
        """Every result of the cohort, old and new, read from its file one at a time."""
        for known in self._known:
            if result := self._store.read(*known):
                yield result

    def _stored(self, task: Task) -> Result | None:
        if self._regrade:
            return None
        return self._store.read(task.student, task.notebook, task.key)

    def _complete(self, entry: _Entry) -> None:
        """A submission has all its results, or all that there will be."""
        for result in entry.results:
            self._known.append((result.student, result.notebook, result.key))
            self._summary.incidents.update({incident.kind for incident in result.incidents})
        self._on_done()
        if entry.has_failed:  # what is in the gradebook stays until all of it can be replaced
            return
        if self._regrade or not self._is_committed(entry):
            self._batch.append(entry)
        if len(self._batch) >= _BATCH:
            self.flush()

    def _is_committed(self, entry: _Entry) -> bool:
        student = entry.handed_in.student
        folder = autograded_folder(self._directory, student, self._assignment.name)
        # The gradebook itself is asked too: an older one may have been put in its place.
        return (
            is_laid_out(folder, entry.results)
            and self._store.is_committed(student, _digest(entry))
            and _holds(self._in_gradebook.get(student), entry.results)
        )


def _holds(
    scores: Mapping[tuple[str, str], float | None] | None, results: Iterable[Result]
) -> bool:
    """Whether a gradebook's scores of one student are those of the results."""
    return scores is not None and all(
        scores.get((result.notebook, cell)) == score
        for result in results
        for cell, score in result.scores.items()
    )


def _digest(entry: _Entry) -> str:
    """Names all that the gradebook and autograded/ hold of a submission."""
    whole = hashlib.sha256(repr(entry.handed_in.timestamp).encode())
    for result in sorted(entry.results, key=lambda result: result.notebook):
        whole.update(hashlib.sha256(result.to_json()).digest())
    return whole.hexdigest()
