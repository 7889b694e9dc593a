"""Record what grading costs: stock nbgrader, stock with forked kernels, and `course grade`.

    python benchmarks/record_grading.py                                 # an hour on two cores
    python benchmarks/record_grading.py --sizes 8 --rounds 1 --alone 0  # a few minutes

writes benchmarks/results/grading.json: seconds of processor time and of wall clock, of each whole
command with everything that it starts, in rounds where the three take turns on one machine; then
`course grade` alone on larger cohorts, with the most memory that all of its processes held at once.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
from nbgrader.api import Gradebook
from recording import write_record

from course_lib.grading.demo.hand_in import Course
from course_lib.grading.demo.students import ASSIGNMENT, STUDENTS

ROOT = Path(__file__).parents[1]
HONEST = [  # of the demo cohort: neither a time limit nor nbgrader itself ends their grading
    "perfect",
    "half_done",
    "untouched",
    "loops",
    "einsum",
    "no_root",
    "shuffled_apart",
    "decreasing_powers",
    "normal_equations",
    "wrong_axis",
    "constant_penalised",
    "no_rescaling",
    "no_bias_correction",
    "crash",
    "syntax_error",
]
COMMANDS = {
    "stock": ["nbgrader", "autograde", ASSIGNMENT],
    "stock_forking": ["nbgrader", "autograde", ASSIGNMENT],
    "course_grade": ["course", "grade", ASSIGNMENT],
}
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: what a command leaves behind becomes a child of this one


@dataclass(frozen=True)
class Measured:
    """One run of one command."""

    command: str
    size: int  # of the cohort that this run is compared on
    submissions: int  # of these, how many were graded
    cpu_seconds: float
    wall_seconds: float
    points: dict[str, float]  # by student
    peak_pss_mb: float | None = None


def main() -> None:
    """Run everything and write the record."""
    options = read_options()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        runs = []
        for size, rounds in zip(options.sizes, options.rounds, strict=True):
            for _, command in itertools.product(range(rounds), COMMANDS):
                most = size if command == "course_grade" else options.stock_limit
                runs.append(measure(Path(folder), command, size, min(size, most)))
        alone = [
            measure(Path(folder), "course_grade", size, size, watch_memory=True)
            for size in options.alone
            if size
        ]
    write_record(
        "grading",
        "seconds of whole commands that grade the same submissions, and the most memory at once",
        [],
        {
            "versions": {name: version(name) for name in ("nbgrader", "ipykernel", "nbclient")},
            "python": sys.version.split()[0],
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": psutil.virtual_memory().total / 2**30,
            "submitted": f"what {', '.join(HONEST)} of the demo cohort hand in, in turns",
            "same_points": same_points([*runs, *alone]),
            "per_submission": per_submission(runs),
            "times_less_than_stock": times_less(runs),
            "runs": [described(run) for run in runs],
            "alone": [described(run) for run in alone],
        },
    )


def read_options() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 200], help="submissions")
    parser.add_argument("--rounds", type=int, nargs="+", default=[3, 1], help="one for each size")
    parser.add_argument(
        "--stock-limit",
        type=int,
        default=200,
        help="most submissions for nbgrader, which takes one after the other",
    )
    parser.add_argument(
        "--alone", type=int, nargs="+", default=[200, 2000], help="submissions, watching memory"
    )
    return parser.parse_args()


def measure(
    folder: Path, command: str, size: int, submissions: int, watch_memory: bool = False
) -> Measured:
    """Lay out a course, run a command in it, and say what it cost."""
    course = lay_out(folder, submissions)
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PATH": sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"],
        "JUPYTER_DEFAULT_PROVISIONER_NAME": (
            "course-warm" if command == "stock_forking" else "local-provisioner"
        ),
    }
    cpu_before, started = cpu_seconds_of_children(), monotonic()
    with (course / "log").open("wb") as log:
        process = subprocess.Popen(
            COMMANDS[command], cwd=course, env=environment, stdout=log, stderr=log
        )
        peak = peak_pss(process) if watch_memory else None
        status = process.wait()
    wall_seconds = monotonic() - started
    reap()
    if status:
        raise RuntimeError(f"{command} failed:\n{(course / 'log').read_text()[-3000:]}")
    measured = Measured(
        command,
        size,
        submissions,
        cpu_seconds_of_children() - cpu_before,
        wall_seconds,
        points(course),
        peak,
    )
    print(described(measured), flush=True)
    shutil.rmtree(course)
    return measured


def lay_out(folder: Path, size: int) -> Path:
    """A course folder as nbgrader expects it, with the assignment in the gradebook."""
    course = Path(tempfile.mkdtemp(dir=folder))
    shutil.copy(ROOT / "nbgrader_config.py", course)
    shutil.copytree(ROOT / "solutions" / ASSIGNMENT, course / "solutions" / ASSIGNMENT)
    subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "nbgrader", "generate_assignment", ASSIGNMENT],
        cwd=course,
        env=os.environ | {"PATH": sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]},
        check=True,
        capture_output=True,
    )
    notebooks = Course.read(ROOT, ASSIGNMENT)
    handed_in = {student.id: student.hand_in for student in STUDENTS}
    contents = [handed_in[id](notebooks) for id in HONEST]
    for number in range(size):
        submitted = course / "submitted" / f"s{number + 1:04}" / ASSIGNMENT
        submitted.mkdir(parents=True)
        for name, content in contents[number % len(contents)].items():
            (submitted / name).write_text(content, encoding="utf-8")
    return course


def cpu_seconds_of_children() -> float:
    """Processor time of all children that have ended, with those that they have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reap() -> None:
    """Wait for what a command left behind, so that it is counted; raises where that stays."""
    left = psutil.Process().children()
    _, staying = psutil.wait_procs(left, timeout=30)
    for child in staying:
        child.kill()
    if staying:
        raise RuntimeError(f"left running: {staying}")


def peak_pss(process: subprocess.Popen, every: float = 0.5) -> float:
    """The largest sum, until it ends, of the tree's proportional set sizes in MB.

    A page that n processes share counts 1/n in each. Where Linux does not tell a process's, its
    resident set size stands in, which counts shared pages whole.
    """
    peak = 0.0
    while True:
        peak = max(peak, sum(map(pss, tree(process.pid))) / 2**20)
        try:
            process.wait(every)
            return peak
        except subprocess.TimeoutExpired:
            continue


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def pss(process: psutil.Process) -> int:
    """The proportional set size in bytes, 0 for a process that has ended."""
    try:
        return process.memory_full_info().pss
    except psutil.AccessDenied:
        return process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0


def points(course: Path) -> dict[str, float]:
    """The gradebook's points by student."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "overfitting_to_llms") as gradebook:
        return {
            submission.student.id: submission.score
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def same_points(runs: list[Measured]) -> bool:
    """Whether every run gave every student the points that the others gave."""
    most = max(runs, key=lambda run: run.submissions).points
    return all(
        len(run.points) == run.submissions and run.points.items() <= most.items() for run in runs
    )


def per_submission(runs: list[Measured]) -> dict[str, dict[str, dict[str, float]]]:
    """Medians over the rounds, by size and command."""
    medians: dict[str, dict[str, dict[str, float]]] = {}
    for run in runs:
        group = [one for one in runs if (one.size, one.command) == (run.size, run.command)]
        medians.setdefault(str(run.size), {})[run.command] = {
            name: statistics.median(getattr(one, name) / one.submissions for one in group)
            for name in ("cpu_seconds", "wall_seconds")
        }
    return medians


def times_less(runs: list[Measured]) -> dict[str, dict[str, dict[str, float]]]:
    """How many times less than stock each command takes for a submission, by size."""
    return {
        size: {
            command: {name: medians["stock"][name] / value for name, value in cost.items()}
            for command, cost in medians.items()
        }
        for size, medians in per_submission(runs).items()
    }


def described(run: Measured) -> dict[str, Any]:
    """A run without the points."""
    return {name: value for name, value in vars(run).items() if name != "points"}


if __name__ == "__main__":
    main()
