"""Grade one notebook: have it run in the sandbox, judge it, and write the autograded notebook."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from multiprocessing.util import Finalize
from time import monotonic, process_time

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task

from course_lib.checks import Check, Report, catalogue
from course_lib.checks.base import Case
from course_lib.checks.execution import Outcome
from course_lib.grading.cells import grade_id, parse_test
from course_lib.grading.legible import legible
from course_lib.grading.safe_cells import safe_cells
from course_lib.grading.safe_outputs import safe_outputs
from course_lib.grading.sandbox.client import SandboxError, StudentProcess
from course_lib.grading.sandbox.isolation import Isolation, available
from course_lib.grading.sandbox.start import WarmProcess
from course_lib.grading.tasks import ExerciseResult, Incident, IncidentKind, Result, Task
from course_lib.grading.transcript import Test, Transcript, transcribe
from course_lib.grading.verdict import (
    judge_hidden,
    judge_public,
    open_cases,
    public_cases,
    refuse,
)

NO_RESPONSE = "No response."  # nbgrader's comment on an answer that nobody touched


def grade(task: Task, isolation: Isolation | None = None) -> Result:
    """Grade one notebook in the sandbox: the best that this machine has, if none is named.

    Never raises because of what was handed in. Raises SandboxError where no process can be started,
    and ValueError for a release that it cannot judge.
    """
    isolation = isolation or _best_isolation()
    started, busy = monotonic(), process_time()
    notebook = nbformat.reads(task.content, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tests = {
        place: _test(cell, task.seed)
        for place, cell in enumerate(code)
        if is_grade(cell) and not is_solution(cell)
    }
    cells = [tests.get(place, cell.source) for place, cell in enumerate(code)]
    transcript = transcribe(lambda: _student(task, isolation), cells, task.files, task.limits)
    incidents = list(transcript.incidents)
    exercises = []
    room = task.limits.output_bytes
    for place, cell in enumerate(code):
        cell.execution_count = place + 1
        if place in tests:
            report = _report(tests[place], place, transcript, incidents)
            shown = {"text/plain": repr(report), "text/html": report._repr_html_()}
            cell.outputs = [new_output("execute_result", shown, execution_count=place + 1)]
            exercises.append(_summary(cell, tests[place].check, report))
        else:
            cell.outputs = safe_outputs(transcript.outputs.get(place, []), room)
            if reason := transcript.stopped.get(place):
                cell.outputs.append(_stopped_output(reason))
            room = max(0, room - sum(len(str(output)) for output in cell.outputs))
    safe_cells(notebook, task.released)
    return Result(
        student=task.student,
        assignment=task.assignment,
        notebook=task.notebook,
        key=task.key,
        content=nbformat.writes(notebook),
        scores={
            grade_id(cell): determine_grade(cell)[0] for cell in notebook.cells if is_grade(cell)
        },
        comments={
            grade_id(cell): _comment(cell)
            for cell in notebook.cells
            if is_solution(cell) or is_task(cell)
        },
        exercises=tuple(exercises),
        incidents=tuple(incidents),
        seconds=monotonic() - started,
        cpu_seconds=process_time() - busy + transcript.cpu_seconds,
    )


def _test(cell: NotebookNode, seed: int) -> Test:
    exercise, names = parse_test(cell.source)
    check = _checks()[exercise]

    def hidden(outcomes: Sequence[Outcome]) -> list[Case]:
        return open_cases(check, seed, judge_public(check, outcomes))

    return Test(check, names, public_cases(check).cases, hidden)


_checks = functools.cache(catalogue)


@functools.cache
def _best_isolation() -> Isolation:
    found = available()
    if found.isolation is Isolation.NONE:
        raise SandboxError(found.in_words())
    return found.isolation


def _student(task: Task, isolation: Isolation) -> StudentProcess:
    """A process for the notebook; the warm one is started again if it is gone."""
    try:
        return StudentProcess(_warm(isolation), task.limits)
    except SandboxError:
        warm = _warm(isolation)
        _warm.cache_clear()
        reason = warm.why_ended()
        warm.close()
        try:
            return StudentProcess(_warm(isolation), task.limits)
        except SandboxError as problem:
            raise SandboxError(f"{problem} {reason} {_warm(isolation).why_ended()}") from None


@functools.cache
def _warm(isolation: Isolation) -> WarmProcess:
    """This worker's warm process, which ends with the worker."""
    warm = WarmProcess(isolation)
    Finalize(warm, warm.close, exitpriority=0)
    return warm


def _report(test: Test, place: int, transcript: Transcript, incidents: list[Incident]) -> Report:
    if transcript.missing.get(place):
        names = "`, `".join(transcript.missing[place])
        return refuse(
            test.check, f"`{names}` is not defined here. Did the cell above run without an error?"
        )
    public, hidden = transcript.public.get(place, ()), transcript.hidden.get(place, ())
    if called := {name for outcome in (*public, *hidden) for name in outcome.forbidden}:
        words = f"{test.check.id}: the answer calls {', '.join(sorted(map(legible, called)))}."
        incidents.append(Incident(IncidentKind.TRIED, words))
    stopped = transcript.stopped.get(place, "")
    shown = judge_public(test.check, public, stopped)
    if place not in transcript.drawn:  # it was stopped before
        return shown
    return judge_hidden(test.check, shown, transcript.drawn[place], hidden, stopped)


def _stopped_output(reason: str) -> NotebookNode:
    """What a student reads below a cell that did not come to its end."""
    words = f"This cell did not come to its end: {reason}."
    return new_output("error", ename="Stopped", evalue=words, traceback=[words])


def _summary(cell: NotebookNode, check: Check, report: Report) -> ExerciseResult:
    failed = tuple(finding.name for finding in report.findings if not finding.passed)
    return ExerciseResult(
        grade_id(cell),
        check.id,
        float(report.points),
        float(report.max_points),
        tuple(report.bugs),
        failed,
    )


def _comment(cell: NotebookNode) -> str | None:
    untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
    return NO_RESPONSE if untouched and not is_task(cell) else None
