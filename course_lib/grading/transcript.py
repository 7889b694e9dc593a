"""Have a notebook run in the sandbox and take down what came of it.

The student's process is told what to do and believed in nothing: its outputs are data to be made
safe, its outcomes are data to be judged. Where it dies or hangs, in a cell or in an exercise,
another is started without that part, so that one mistake costs no other exercise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from course_lib.checks import Check
from course_lib.checks.base import Case
from course_lib.checks.execution import Outcome
from course_lib.grading.channel import ChannelClosed
from course_lib.grading.codec import CodecError
from course_lib.grading.crossing import OVERHEAD_BYTES, outcome_from, plain_case
from course_lib.grading.sandbox.client import Ending, SandboxError, StudentProcess
from course_lib.grading.tasks import Incident, IncidentKind, Limits

_GRACE_SECONDS = 5.0  # beyond a cell's own time limit, for the process to notice it
_MOST_ATTEMPTS = 20
_FLOOD = 20  # times the output that is kept: who sends more is stopped


More = Callable[[Sequence[Outcome]], Sequence[Case]]  # what the public outcomes so far leave open


@dataclass(frozen=True)
class TestCell:
    """A test cell: the check, the names of what it tests, and three sets of cases."""

    check: Check
    names: tuple[str, ...]
    first: Sequence[Case]  # public
    telling: More = lambda outcomes: ()  # public too
    hidden: More = lambda outcomes: ()


Cell = str | TestCell  # the source of a code cell, or a test


@dataclass
class Transcript:
    """What happened, by the place of the cell."""

    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    missing: dict[int, list[str]] = field(default_factory=dict)  # names that a test did not find
    first: dict[int, list[Outcome]] = field(default_factory=dict)
    telling: dict[int, list[Outcome]] = field(default_factory=dict)
    hidden: dict[int, list[Outcome]] = field(default_factory=dict)
    hidden_cases: dict[int, Sequence[Case]] = field(default_factory=dict)
    stopped: dict[int, str] = field(default_factory=dict)  # why a cell or a test was given up
    incidents: list[Incident] = field(default_factory=list)
    cpu_seconds: float = 0.0  # of the student's processes

    def public(self, place: int) -> list[Outcome]:
        """The outcomes on public cases."""
        return [*self.first.get(place, ()), *self.telling.get(place, ())]


class _Stopped(Exception):
    """A process came to its end before its work did."""

    def __init__(self, place: int, reason: str | None) -> None:
        super().__init__(place, reason)
        self.place, self.reason = place, reason


def transcribe(
    start: Callable[[], StudentProcess],
    cells: Sequence[Cell],
    files: Mapping[str, bytes],
    limits: Limits,
) -> Transcript:
    """Run the notebook in as many processes as it takes; raises SandboxError only."""
    transcript = Transcript()
    deadline = monotonic() + limits.seconds
    for attempts_left in reversed(range(_MOST_ATTEMPTS)):
        starting = monotonic()
        with start() as process:
            deadline += monotonic() - starting  # the grader's time, not the student's
            attempt = _Attempt(process, cells, transcript, limits, deadline)
            try:
                attempt.run(files)
                problem = None
            except _Stopped as end:
                problem = end
            ending = process.end()
        if ending.is_lost:  # not the student's doing
            raise SandboxError("the sandbox ended while a student's process ran in it")
        deadline = attempt.deadline
        transcript.cpu_seconds += ending.cpu_seconds
        if problem is None:
            return transcript
        reason = problem.reason or _in_words(ending, limits)
        if monotonic() >= deadline:
            reason = f"the notebook was stopped after {limits.seconds:g} seconds"
        transcript.incidents.append(Incident(IncidentKind.STOPPED, f"{attempt.where}: {reason}."))
        hopeless = problem.place in transcript.stopped or monotonic() >= deadline
        transcript.stopped.setdefault(problem.place, reason)
        if hopeless or not attempts_left:
            attempt.give_up(reason)
            break
    return transcript


class _Attempt:
    """One process's life."""

    def __init__(
        self,
        process: StudentProcess,
        cells: Sequence[Cell],
        transcript: Transcript,
        limits: Limits,
        deadline: float,
    ) -> None:
        self._process, self._cells, self._transcript = process, cells, transcript
        self._limits, self.deadline = limits, deadline
        self._flood = _FLOOD * limits.output_bytes
        self.where = "Before the first cell"  # for the instructor

    def run(self, files: Mapping[str, bytes]) -> None:
        """Run the cells, then the cases that no process before this one has completed."""
        self._send(0, self._job(files))
        for place, cell in enumerate(self._cells):
            if place not in self._transcript.stopped:
                self._follow(place, cell)
        tests = {
            place: cell for place, cell in enumerate(self._cells) if isinstance(cell, TestCell)
        }
        done = self._transcript
        for place, test in tests.items():
            if not self._is_settled(place):
                self._execute(place, test, test.first, done.first)
                if place not in done.telling:
                    self._execute(place, test, self._choose(test.telling, place), done.telling)
        # No public case runs after this: what the code has seen of a hidden one stays with it.
        for place, test in tests.items():
            if not self._is_settled(place):
                if place not in done.hidden_cases:
                    done.hidden_cases[place] = self._choose(test.hidden, place)
                self._execute(place, test, done.hidden_cases[place], done.hidden)

    def _choose(self, more: More, place: int) -> Sequence[Case]:
        """The cases that the public outcomes of a test leave open."""
        judging = monotonic()
        cases = more(self._transcript.public(place))
        self.deadline += monotonic() - judging  # the grader's time, not the student's
        return cases

    def _is_settled(self, place: int) -> bool:
        """Whether there is nothing to run for a test."""
        return bool(self._transcript.missing.get(place)) or place in self._transcript.stopped

    def give_up(self, reason: str) -> None:
        """Let everything that was not reached fail for this reason."""
        for place, cell in enumerate(self._cells):
            if isinstance(cell, TestCell) and not self._transcript.missing.get(place):
                complete = place in self._transcript.hidden_cases and (
                    len(self._transcript.hidden[place]) == len(self._transcript.hidden_cases[place])
                )
                if not complete:
                    self._transcript.stopped.setdefault(place, reason)

    def _job(self, files: Mapping[str, bytes]) -> dict[str, Any]:
        cells: list[dict[str, Any]] = []
        for place, cell in enumerate(self._cells):
            if place in self._transcript.stopped:
                cells.append({})
            elif isinstance(cell, TestCell):
                cells.append({"exercise": cell.check.id, "names": list(cell.names)})
            else:
                cells.append({"source": cell})
        return {
            "cells": cells,
            "files": dict(files),
            "cell_seconds": self._limits.cell_seconds,
            "output_bytes": self._limits.output_bytes,
            "result_bytes": self._limits.result_bytes,
        }

    def _follow(self, place: int, cell: Cell) -> None:
        """Take down a cell's outputs, or whether a test found its objects."""
        self.where = f"Cell {place + 1}"
        outputs = self._transcript.outputs[place] = []
        is_test = isinstance(cell, TestCell)
        deadline = monotonic() + self._limits.cell_seconds + _GRACE_SECONDS
        while True:
            message = self._receive(place, deadline)
            match message:
                case {"output": dict() as output} if _is_text(output):
                    outputs.append(output)
                case {"ended": int(), "in_time": bool() as in_time} if not is_test:
                    if not in_time:
                        self._note_time_out()
                    return
                case {"test": int(), "missing": list() as missing} if is_test:
                    self._transcript.missing[place] = [n for n in cell.names if n in missing]
                    return
                case _:
                    raise self._out_of_turn(place)

    def _execute(
        self, place: int, test: TestCell, cases: Sequence[Case], done: dict[int, list[Outcome]]
    ) -> None:
        """Have a test's cases run, unless they have been, and keep the outcomes."""
        if place in done:
            return
        self.where = f"Exercise {test.check.id}"
        outcomes = done[place] = []
        if not cases:
            return
        order = [plain_case(case) for case in cases]
        self._send(place, {"test": place, "cases": order})
        deadline = monotonic() + self._limits.cell_seconds + _GRACE_SECONDS
        room = self._limits.result_bytes
        try:
            while True:
                message = self._receive(place, deadline, room + OVERHEAD_BYTES)
                match message:
                    case {"outcome": dict() as fields} if len(outcomes) < len(cases):
                        outcomes.append(outcome_from(fields, room + OVERHEAD_BYTES))
                        room = max(0, room - len(fields["outputs"]))
                    case {"output": dict()}:  # printed outside a case: nobody reads it
                        pass
                    case {"done": int()} if len(outcomes) == len(cases):
                        return
                    case _:
                        raise self._out_of_turn(place)
        except CodecError:
            raise self._out_of_turn(place) from None

    def _note_time_out(self) -> None:
        """Tell of a cell that its own process has stopped, once for all processes."""
        words = f"{self.where}: it was stopped after {self._limits.cell_seconds:g} seconds."
        incident = Incident(IncidentKind.STOPPED, words)
        if incident not in self._transcript.incidents:
            self._transcript.incidents.append(incident)

    def _send(self, place: int, message: dict[str, Any]) -> None:
        try:
            self._process.channel.send(message, timeout=self._limits.cell_seconds)
        except (ChannelClosed, TimeoutError):
            raise _Stopped(place, None) from None

    def _receive(self, place: int, deadline: float, max_bytes: int | None = None) -> Any:
        left = max(0.0, min(deadline, self.deadline) - monotonic())
        try:
            message = self._process.channel.receive(left, max_bytes or self._limits.result_bytes)
        except TimeoutError:
            seconds = self._limits.cell_seconds
            raise _Stopped(place, f"it was stopped after {seconds:g} seconds") from None
        except ChannelClosed:
            raise _Stopped(place, None) from None
        except CodecError:
            raise self._out_of_turn(place) from None
        is_output = isinstance(message, dict) and "output" in message
        self._flood -= self._process.channel.last_bytes if is_output else 1
        if self._flood < 0:
            raise _Stopped(place, "it was stopped because it printed without end")
        return message

    def _out_of_turn(self, place: int) -> _Stopped:
        words = f"{self.where} wrote to the grader's own connection."
        self._transcript.incidents.append(Incident(IncidentKind.TRIED, words))
        return _Stopped(place, "the process said something that no notebook says")


def _is_text(value: Any) -> bool:
    """Whether a value is made of what a notebook file holds, and of no tensor."""
    if isinstance(value, dict):
        return all(map(_is_text, value)) and all(map(_is_text, value.values()))
    if isinstance(value, list):
        return all(map(_is_text, value))
    return value is None or isinstance(value, str | bool | int | float | bytes)


def _in_words(ending: Ending, limits: Limits) -> str:
    """Why a process ended."""
    if ending.scratch_full:
        return f"it wrote more than {limits.scratch_mb} MB of files"
    if ending.cpu_seconds >= limits.cpu_seconds:
        return f"it used more than {limits.cpu_seconds} seconds of processor time"
    if ending.signal:
        return f"its process crashed (signal {ending.signal})"
    return f"it ended its own process (exit code {ending.exit_code})"
