"""A run that is killed, or finds no room or a locked gradebook, goes on as if nothing had been."""

import functools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook
from notebooks_of import ASSIGNMENT, ROOT, course
from small_course import tables

from course_lib.grading import grade as grading
from course_lib.grading.course import CONFIG_FILE, nbgrader_settings
from course_lib.grading.demo.hand_in import as_json
from course_lib.grading.files import PARTIAL
from course_lib.grading.grade import STATE, GradingError, grade_assignment
from course_lib.grading.gradebook import GradebookWriter, sync_assignment
from course_lib.grading.sandbox.isolation import Isolation, available

pytestmark = [
    pytest.mark.xdist_group("faults"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux can isolate"),
]
NOTEBOOK = "fitting"
STUDENTS = ("ada", "bo", "cy", "di", "eve")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A course folder with a gradebook and submissions, none of them graded."""
    folder = tmp_path_factory.mktemp("faults") / "fresh"
    for kind in ("solutions", "exercises"):
        (folder / kind / ASSIGNMENT).mkdir(parents=True)
        file = Path(kind, ASSIGNMENT, f"{NOTEBOOK}.ipynb")
        shutil.copy(ROOT / file, folder / file)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for number, student in enumerate(STUDENTS):
        home = folder / "submitted" / student / ASSIGNMENT
        home.mkdir(parents=True)
        notebook = course().answered(NOTEBOOK, exercises=number)
        (home / f"{NOTEBOOK}.ipynb").write_text(as_json(notebook), encoding="utf-8")
        (home / "data.csv").write_text(student)
    sync_assignment(folder, folder, ASSIGNMENT)
    (folder / STATE).mkdir()
    (folder / STATE / "grading_secret").write_bytes(bytes(range(32)))
    return folder


@dataclass
class Course:
    """A course folder that is graded by forks of one process."""

    fresh: Path
    folder: Path
    notes: Path
    process: subprocess.Popen

    def renew(self) -> None:
        """Go back to where nothing was graded."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.fresh, self.folder)
        self.notes.write_text("")

    def run(self, kind: str = "none", moment: int = 0) -> tuple[int, int]:
        """Grade; returns the exit status and the moments that were seen."""
        print(kind, moment, file=self.process.stdin, flush=True)
        status, seen = map(int, self.process.stdout.readline().split())
        return status, seen

    def graded(self) -> list[str]:
        """Whom the grader was called for, in order."""
        return self.notes.read_text().split()

    def outcome(self) -> tuple[dict, dict]:
        """The gradebook, and every file of autograded/ and of the results."""
        url = nbgrader_settings(self.folder, self.folder).CourseDirectory.db_url
        results = self.folder / STATE / ASSIGNMENT
        kept = [*(self.folder / "autograded").rglob("*"), *results.glob("*.result")]
        files = {
            str(path.relative_to(self.folder)): path.read_bytes() for path in kept if path.is_file()
        }
        assert list(self.folder.rglob(PARTIAL)) == []
        return tables(url), files


@pytest.fixture(scope="module")
def struck(fresh, tmp_path_factory):
    """The course, to be graded with faults."""
    folder = tmp_path_factory.mktemp("struck")
    course_folder, notes = folder / "course", folder / "notes"
    script = Path(__file__).with_name("interrupted.py")
    with (
        (folder / "errors").open("w") as errors,
        subprocess.Popen(
            [sys.executable, script, course_folder, notes],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        yield Course(fresh, course_folder, notes, process)
        process.stdin.close()
        process.wait()


@pytest.fixture(scope="module")
def undisturbed(struck):
    """What a run comes to that nothing befalls, and how many moments it has."""
    struck.renew()
    status, seen = struck.run()
    assert status == 0
    assert struck.graded() == list(STUDENTS)
    return struck.outcome(), seen


def test_a_run_that_is_killed_fifty_times_loses_nothing_and_grades_nothing_twice(
    struck, undisturbed
):
    expected, moments = undisturbed
    choice = random.Random(0)
    n_kills = 0
    while n_kills < 50:
        struck.renew()
        n_here = 0
        while (status := struck.run("kill", choice.randint(1, moments))[0]) == -signal.SIGKILL:
            n_here += 1
        assert status == 0
        assert struck.outcome() == expected
        # At most the notebook at work is lost with a process.
        assert len(struck.graded()) <= len(STUDENTS) + n_here
        n_kills += n_here


def test_a_run_that_finds_the_disk_full_says_so_and_loses_nothing(struck, undisturbed):
    expected, moments = undisturbed
    choice = random.Random(1)
    statuses = []
    for _ in range(12):
        struck.renew()
        statuses.append(struck.run("full", choice.randint(1, moments))[0])
        assert struck.run()[0] == 0
        assert struck.outcome() == expected
        assert len(struck.graded()) <= len(STUDENTS) + 1
    assert set(statuses) <= {0, 1}  # 0 where what could not be written is no loss
    assert statuses.count(1) >= 8


def test_a_locked_gradebook_costs_no_result(fresh, tmp_path, monkeypatch):
    """Another program holds it while the first batch is to be written."""
    folder = tmp_path / "course"
    shutil.copytree(fresh, folder)
    with (folder / CONFIG_FILE).open("a") as settings:  # SQLite's own patience, in seconds
        settings.write(
            f"c.CourseDirectory.db_url = 'sqlite:///{folder}/gradebook.db?timeout=0.5'\n"
        )
    impatient = functools.partial(GradebookWriter, patience=0.5)
    monkeypatch.setattr(grading, "GradebookWriter", impatient)
    if available().isolation is Isolation.NONE:
        pytest.skip(available().in_words())
    opened = sqlite3.connect(folder / "gradebook.db", isolation_level=None)

    def locking(*details, real=grading._on_this_machine, **options):
        for place, done in enumerate(real(*details, **options)):
            if place == 0:
                opened.execute("begin immediate")
            yield done

    monkeypatch.setattr(grading, "_on_this_machine", locking)
    with pytest.raises(GradingError, match="locked"):
        grade_assignment(folder, folder, ASSIGNMENT, workers=1)
    opened.execute("rollback")
    monkeypatch.undo()
    opened.close()
    summary = grade_assignment(folder, folder, ASSIGNMENT, workers=1)
    assert (summary.n_graded, summary.n_kept) == (0, len(STUDENTS))
    assert points(folder) == POINTS


POINTS = dict(zip(STUDENTS, (0.0, 4.0, 10.0, 14.0, 19.0), strict=True))  # by answers given


def points(folder):
    settings = nbgrader_settings(folder, folder).CourseDirectory
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        found = gradebook.assignment_submissions(ASSIGNMENT)
        return {submission.student_id: submission.score for submission in found}


def test_the_command_killed_while_students_code_runs_leaves_nothing_and_goes_on(fresh, tmp_path):
    """The same with the real workers and sandbox, whose processes must end with the command."""
    if available().isolation is Isolation.NONE:
        pytest.skip(available().in_words())
    folder = tmp_path / "course"
    shutil.copytree(fresh, folder)
    command = [Path(sys.executable).with_name("course"), "grade", ASSIGNMENT]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(tmp_path)}
    for seconds in (2.0, 4.0, 6.0):
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL
        ) as process:
            time.sleep(seconds)
            family = psutil.Process(process.pid).children(recursive=True)
            process.kill()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert points(folder) == POINTS
