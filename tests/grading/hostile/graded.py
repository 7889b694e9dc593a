"""The hostile cohort graded in one run, among honest students, with witnesses all around."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from course_lib.checks import catalogue
from course_lib.grading import grade
from course_lib.grading.course import nbgrader_settings
from course_lib.grading.demo.hand_in import Course, as_json
from course_lib.grading.run import Summary
from course_lib.grading.sandbox.isolation import Available, Isolation
from course_lib.grading.tasks import Limits, Result
from course_lib.grading.verdict import public_cases
from hostile.kind import LEFT, NOTEBOOK, Kind

ROOT = Path(__file__).parents[3]
ASSIGNMENT = "ex1_overfitting"
MARK = "mark-of-a-hostile-submission"
LIMITS = Limits(
    seconds=20,
    cell_seconds=3,
    cpu_seconds=10,
    memory_mb=1024,
    scratch_mb=32,
    open_files=256,
    threads=64,
    output_bytes=100_000,
    result_bytes=16_000_000,
)
# Handed in before, between and after the hostile ones; the last is called like an attack.
HONEST = ("ada", "kim", "zoe", "<b onclick=alert(1)>o'neil\"; drop table grade;--")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Graded:
    """What the run left."""

    course: Path
    isolation: Isolation
    seconds: float
    summary: Summary
    console: str
    points: dict[str, float]
    max_points: float
    results: dict[str, Result]  # by student, as they were stored
    canaries: list[str]  # texts of which no student may learn
    processes: list[str]  # that are still there
    files: list[str]  # that an attack has written outside its sandbox
    heard: list[str]  # where somebody has called

    def notebook(self, student: str) -> str:
        """The autograded notebook as text."""
        path = self.course / "autograded" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        return path.read_text(encoding="utf-8")


def grade_all(course: Path, kinds: Sequence[Kind], isolation: Isolation) -> Graded:
    """Lay out a cohort, grade it under an isolation, and look at what is left."""
    canaries = _lay_out(course)
    before = set(psutil.Process().children(recursive=True))
    with _listeners(course) as (facts, heard), _as_reaper(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CANARY", canaries[0])
        patch.setattr(grade, "available", lambda: Available(isolation, ("the test wants it",)))
        released = Course.read(ROOT, ASSIGNMENT).released[NOTEBOOK]
        for kind in kinds:
            kind.lay_out(released, course / "submitted" / kind.id / ASSIGNMENT, facts)
        said = io.StringIO()
        started = monotonic()
        console = Console(file=said, force_terminal=True, width=100)
        summary = grade.grade_assignment(
            ROOT, course, ASSIGNMENT, workers=2, limits=LIMITS, console=console
        )
        seconds = monotonic() - started
        left = set(psutil.Process().children(recursive=True)) - before
        processes = [str(process) for process in left if _is_alive(process)]
        calls = heard()
    points, max_points = _points(course)
    secret = (course / grade.STATE / "grading_secret").read_bytes()
    canaries += [secret.hex(), repr(secret)[2:-1]]
    return Graded(
        course,
        isolation,
        seconds,
        summary,
        said.getvalue(),
        points,
        max_points,
        _results(course),
        canaries,
        processes,
        _files_left(course),
        calls,
    )


def _lay_out(course: Path) -> list[str]:
    """A course of one notebook with its honest students; returns what nobody may learn."""
    canaries = [
        f"canary-of-the-{of}" for of in ("environment", "instructor", "others", "solutions")
    ]
    (course / "notes.txt").write_text(canaries[1])
    read = Course.read(ROOT, ASSIGNMENT)
    right, solved = read.answered(NOTEBOOK), read.solved[NOTEBOOK]
    for student in HONEST:
        right.cells[0].source += canaries[2]
        _write(course / "submitted" / student / ASSIGNMENT, as_json(right))
    _write(course / "exercises" / ASSIGNMENT, as_json(read.released[NOTEBOOK]))
    solved.cells[0].source += canaries[3]
    _write(course / "solutions" / ASSIGNMENT, nbformat.writes(solved))
    return [*canaries, "### BEGIN SOLUTION"]


def _write(folder: Path, notebook: str) -> None:
    folder.mkdir(parents=True)
    (folder / f"{NOTEBOOK}.ipynb").write_text(notebook, encoding="utf-8")


@contextlib.contextmanager
def _listeners(course: Path) -> Iterator[tuple[dict[str, object], Callable[[], list[str]]]]:
    """Wait for calls on every kind of local address; yields the facts that attacks know."""
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", port))
        abstract, file = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
        abstract.bind(f"\0hostile-{os.getpid()}")
        file.bind(os.path.relpath(course / "listener"))  # a whole path might be too long
        for one in (abstract, file):
            one.listen()
        for one in (tcp, udp, abstract, file):
            one.setblocking(False)

        def heard() -> list[str]:
            calls = []
            for one in (tcp, abstract, file):
                with contextlib.suppress(BlockingIOError):
                    one.accept()[0].close()
                    calls.append(str(one))
            with contextlib.suppress(BlockingIOError):
                calls.append(f"udp: {udp.recv(100)!r}")
            return calls

        rmse = catalogue()[f"{ASSIGNMENT}/rmse"]
        public = [
            [
                [case.inputs[name].flatten().tolist() for name in ("predicted", "observed")],
                (case.inputs["predicted"].flatten() - case.inputs["observed"])
                .square()
                .mean()
                .sqrt()
                .item(),
            ]
            for case in rmse.drawn_cases(0)
        ]
        facts = {
            "course": course,
            "repository": ROOT,
            "port": port,
            "abstract": f"hostile-{os.getpid()}",
            "mark": MARK,
            "public_cases": [(*inputs, value) for inputs, value in public],
            "n_first_cases": len(public_cases(rmse).first),
        }
        yield facts, heard


@contextlib.contextmanager
def _as_reaper() -> Iterator[None]:
    """Let every orphan become a child of this process, so that none can hide."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _is_alive(process: psutil.Process) -> bool:
    """Whether a process goes on, the helpers of multiprocessing, which serve on, left aside."""
    with contextlib.suppress(psutil.NoSuchProcess):
        try:
            process.wait(5)
        except psutil.TimeoutExpired:
            command = " ".join(process.cmdline())
            return not ("resource_tracker" in command or "forkserver" in command)
    return False


def _points(course: Path) -> tuple[dict[str, float], float]:
    settings = nbgrader_settings(ROOT, course).CourseDirectory
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        submissions = gradebook.assignment_submissions(ASSIGNMENT)
        points = {submission.student_id: submission.score for submission in submissions}
        return points, gradebook.find_assignment(ASSIGNMENT).max_score


def _results(course: Path) -> dict[str, Result]:
    found = {}
    for path in (course / grade.STATE / ASSIGNMENT).glob("*.result"):
        result = Result.from_json(path.read_bytes().partition(b"\n")[2])
        found[result.student] = result
    return found


def _files_left(course: Path) -> list[str]:
    """Files that carry the attackers' name or mark, in every place that they know."""
    found = []
    home, library = Path.home(), ROOT / "course_lib"
    for folder in (Path("/"), home, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), ROOT, course):
        found += [str(path) for path in folder.glob(f"*{LEFT}*")]
        found += [str(path) for path in folder.glob("*.ipython/*customize.py")]
    for folder in (library, Path(os.__file__).parent, Path(shutil.__file__).parent):
        found += [str(path) for path in folder.rglob(f"*{LEFT}*")]
    for path in library.rglob("*.py"):
        if MARK in path.read_text(encoding="utf-8"):
            found.append(str(path))
    outside = [path for path in course.rglob(f"*{LEFT}*") if "submitted" not in path.parts]
    return found + [str(path) for path in outside if "autograded" not in path.parts]
