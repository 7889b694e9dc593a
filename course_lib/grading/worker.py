"""Grade one notebook: have it run in the sandbox, judge it, and write the autograded notebook."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic, process_time
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task

from course_lib.checks import Check, Report, catalogue, module_names
from course_lib.checks.execution import ENDLESS
from course_lib.grading.cells import grade_id, parse_test
from course_lib.grading.legible import legible
from course_lib.grading.safe_cells import safe_cells
from course_lib.grading.safe_outputs import safe_outputs
from course_lib.grading.sandbox.client import SandboxError
from course_lib.grading.sandbox.isolation import Isolation
from course_lib.grading.sandbox.start import Forks
from course_lib.grading.sandboxed import best_isolation, run_sandboxed
from course_lib.grading.tasks import (
    ExerciseResult,
    Incident,
    IncidentKind,
    Result,
    Task,
)
from course_lib.grading.transcript import Cell, TestCell, Transcript
from course_lib.grading.verdict import (
    PublicVerdict,
    fails_unseen,
    judge_hidden,
    judge_public,
    public_cases,
    quote_public,
    refuse,
)

PRELOAD = (*module_names(), "sklearn.linear_model")  # what judging needs, before workers are forked
_MOST_NAMES = 5  # of what an answer called, in one sentence
NO_RESPONSE = "No response."  # nbgrader's comment on an answer that nobody touched


def grade(task: Task, isolation: Isolation | None = None, forks: Forks | None = None) -> Result:
    """Grade one notebook in the sandbox: the best that this machine has, if none is named.

    A student's process is forked from the warm process of this worker, or from the one behind
    `forks`, which workers share, as long as that lives.

    Never raises because of what was handed in. Raises SandboxError where no process can be started,
    and ValueError for a release that it cannot judge.
    """
    isolation = isolation or best_isolation()
    started, busy = monotonic(), process_time()
    notebook = nbformat.v4.reads(task.content)  # which the intake has validated
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tests, verdicts = {}, {}
    for place, cell in enumerate(code):
        if is_grade(cell) and not is_solution(cell):
            exercise, names = parse_test(cell.source)
            check = _checks()[exercise]
            verdict = verdicts[place] = PublicVerdict(check, task.seed)
            first = public_cases(check).first
            tests[place] = TestCell(check, names, first, verdict.telling, verdict.hidden)
    cells = [tests.get(place, cell.source) for place, cell in enumerate(code)]
    run = functools.partial(run_sandboxed, files=task.files, isolation=isolation, forks=forks)
    transcript = run(cells, task.limits)
    incidents = list(transcript.incidents)
    reports = {
        place: _report(test, verdicts[place], place, transcript, incidents)
        for place, test in tests.items()
    }
    left = task.limits.seconds - (monotonic() - started)
    if left > 0 and any(map(fails_unseen, reports.values())):
        with suppress(SandboxError):  # the points are known: this is for the words alone
            limits = dataclasses.replace(task.limits, seconds=left)
            again = run(_on_drawn(cells, reports), limits)
            _quote(reports, tests, transcript, again)
            transcript.cpu_seconds += again.cpu_seconds
            incidents += [new for new in again.incidents if new not in incidents]
    exercises = []
    room = task.limits.output_bytes
    for place, cell in enumerate(code):
        cell.execution_count = place + 1
        if place in tests:
            report = reports[place]
            data = {"text/plain": repr(report), "text/html": report._repr_html_()}
            cell.outputs = [_output("execute_result", data=data, execution_count=place + 1)]
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
        content=nbformat.v4.writes(notebook),
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


def _on_drawn(cells: Sequence[Cell], reports: Mapping[int, Report]) -> list[Cell]:
    """The cells with the rest of the public cases for what fails on hidden ones alone.

    They are for a new process: the first one has seen hidden cases and could put them into
    whatever it returns.
    """
    return [
        TestCell(
            cell.check,
            cell.names,
            public_cases(cell.check).rest if fails_unseen(reports[place]) else (),
        )
        if isinstance(cell, TestCell)
        else cell
        for place, cell in enumerate(cells)
    ]


def _quote(
    reports: dict[int, Report],
    tests: Mapping[int, TestCell],
    transcript: Transcript,
    again: Transcript,
) -> None:
    """Put what came of `_on_drawn` into the reports."""
    for place, outcomes in again.first.items():
        if outcomes and place not in again.stopped:
            shown = judge_public(tests[place].check, [*transcript.first[place], *outcomes])
            reports[place] = quote_public(reports[place], shown)


_checks = functools.cache(catalogue)


def _report(
    test: TestCell,
    verdict: PublicVerdict,
    place: int,
    transcript: Transcript,
    incidents: list[Incident],
) -> Report:
    """The report on a test, whether or not it came to its end."""
    if transcript.missing.get(place):
        names = "`, `".join(transcript.missing[place])
        return refuse(
            test.check, f"`{names}` is not defined here. Did the cell above run without an error?"
        )
    public, hidden = transcript.public(place), transcript.hidden.get(place, ())
    if called := {name for outcome in (*public, *hidden) for name in outcome.forbidden}:
        names = ", ".join(sorted(map(legible, called))[:_MOST_NAMES])
        words = f"{test.check.id}: the answer calls {names}."
        incidents.append(Incident(IncidentKind.TRIED, words))
    if any(outcome.error == ENDLESS for outcome in (*public, *hidden)):
        words = f"{test.check.id}: the answer was stopped: too many lines executed."
        incidents.append(Incident(IncidentKind.STOPPED, words))
    stopped = transcript.stopped.get(place, "")
    shown = verdict.report or judge_public(test.check, public, stopped)
    cases = transcript.hidden_cases.get(place)
    if cases is None:  # it was stopped before: what is open has not been run
        cases = verdict.hidden(public)
    return judge_hidden(test.check, shown, cases, hidden, stopped)


def _output(kind: str, **fields: Any) -> NotebookNode:
    """What `nbformat.v4.new_output` makes, without the schema's look at every one."""
    metadata = {"metadata": {}} if kind == "execute_result" else {}
    return nbformat.from_dict({"output_type": kind, **metadata, **fields})


def _stopped_output(reason: str) -> NotebookNode:
    """What a student reads below a cell that did not come to its end."""
    words = f"This cell did not come to its end: {reason}."
    return _output("error", ename="Stopped", evalue=words, traceback=[words])


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
