"""Grading a cohort from its folder to nbgrader's: what is done, what is kept, what is refused."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from notebooks_of import ASSIGNMENT, ROOT, course
from small_course import tables
from test_cluster import scheduler, workers

from course_lib.grading import grade as grading
from course_lib.grading import keys, sandboxed, worker
from course_lib.grading.course import CONFIG_FILE, nbgrader_settings, run_nbgrader
from course_lib.grading.demo.hand_in import as_json, insert_code
from course_lib.grading.grade import STATE, GradingError, grade_assignment
from course_lib.grading.pool import outcome_of
from course_lib.grading.sandbox.isolation import Available, Isolation, available
from course_lib.grading.submissions import NOT_GRADED
from course_lib.grading.tasks import IncidentKind

pytestmark = [
    pytest.mark.xdist_group("grade"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux can isolate"),
]
NAMES = ("fitting", "regularization")
FULL = {"fitting": 24.0, "regularization": 29.0}
SPACED = "Zoë  van der Berg"
WARNS = "import warnings\nwarnings.warn('careful')\n"
READS = WARNS + "numbers = open('data/numbers.csv').read()\nprint(numbers, open('ours.txt').read())"


@pytest.fixture(scope="module")
def sandbox():
    """What this machine offers, asked once; its warm process ends with these tests."""
    found = available()
    yield found
    sandboxed._warm(found.isolation).close()
    sandboxed._warm.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def one_process(sandbox):
    """Grade in this process, whose warm process serves all tests: the pool has tests of its own."""

    def grade_here(tasks, isolation, workers):
        grade = functools.partial(worker.grade, isolation=isolation)
        return ((task, outcome_of(grade, task)) for task in tasks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grading, "available", lambda: sandbox)
        patch.setattr(grading, "_on_this_machine", grade_here)
        yield


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A course folder with three submissions, graded once."""
    folder = tmp_path_factory.mktemp("grade") / "course"
    lay_out(folder)
    read = course()
    hand_in(folder, "ada", {name: read.answered(name) for name in NAMES})
    hand_in(folder, "bo", {"fitting": read.answered("fitting", exercises=2)})
    reading = insert_code(read.answered("fitting"), "rmse-answer", READS)
    hand_in(folder, SPACED, {"fitting": reading, "regularization": read.released["regularization"]})
    home = folder / "submitted" / SPACED / ASSIGNMENT
    (home / "data").mkdir()
    (home / "data" / "numbers.csv").write_text("1,2\n")
    summary = run(folder)
    assert (summary.n_submissions, summary.n_graded, summary.n_kept) == (3, 5, 0)
    assert summary.failures == []
    return folder


def lay_out(folder, settings=""):
    """A course folder with its own settings and a file of the instructor's."""
    for kind in ("solutions", "exercises"):
        (folder / kind / ASSIGNMENT).mkdir(parents=True)
        for name in NAMES:
            file = Path(kind, ASSIGNMENT, f"{name}.ipynb")
            shutil.copy(ROOT / file, folder / file)
        (folder / kind / ASSIGNMENT / "ours.txt").write_text("of the instructor")
    text = (ROOT / CONFIG_FILE).read_text(encoding="utf-8")
    (folder / CONFIG_FILE).write_text(f"{text}\n{settings}\n", encoding="utf-8")
    (folder / "submitted").mkdir()


def hand_in(folder, student, notebooks):
    home = folder / "submitted" / student / ASSIGNMENT
    home.mkdir(parents=True, exist_ok=True)
    for name, notebook in notebooks.items():
        (home / f"{name}.ipynb").write_text(as_json(notebook), encoding="utf-8")
    return home


def run(folder, **options):
    return grade_assignment(folder, folder, ASSIGNMENT, **options)


@pytest.fixture
def copied(first, tmp_path):
    """The graded course, to be changed."""
    return Path(shutil.copytree(first, tmp_path / "course"))


def database(folder):
    return nbgrader_settings(folder, folder).CourseDirectory.db_url


def points(folder):
    """The gradebook's points by student and notebook."""
    with Gradebook(database(folder), "overfitting_to_llms") as gradebook:
        return {
            submission.student.id: {one.name: one.score for one in submission.notebooks}
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def files(folder, *parts):
    """Every file below a folder, with its bytes and when it was written."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.joinpath(*parts).rglob("*")
        if path.is_file()
    }


def contents(folder, *parts):
    return {name: content for name, (content, _) in files(folder, *parts).items()}


def counts(summary):
    return summary.n_graded, summary.n_kept


# What is graded, and what is kept


def test_everybody_has_points_and_pages(first):
    assert points(first) == {
        "ada": FULL,
        "bo": {"fitting": 10.0, "regularization": 0.0},
        SPACED: {"fitting": 24.0, "regularization": 0.0},
    }
    pages = sorted((first / "autograded").glob("*/*/*.ipynb"))
    assert [(page.parts[-3], page.stem) for page in pages] == [
        (SPACED, "fitting"),
        (SPACED, "regularization"),
        ("ada", "fitting"),
        ("ada", "regularization"),
        ("bo", "fitting"),
    ]
    shown = nbformat.read(first / "autograded" / SPACED / ASSIGNMENT / "fitting.ipynb", 4)
    said = [output for cell in shown.cells for output in cell.get("outputs", ())]
    printed = [output.text for output in said if output.get("name") == "stdout"]
    assert printed == ["1,2\n of the instructor\n"]
    assert {path.name for path in (first / "autograded" / SPACED / ASSIGNMENT).iterdir()} == {
        *(f"{name}.ipynb" for name in NAMES),
        "data",
        "ours.txt",
    }


def test_an_unchanged_run_touches_nothing(copied):
    before = files(copied)
    summary = run(copied)
    assert counts(summary) == (0, 5)
    after = files(copied)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert {Path(name).parts[0] for name in changed} <= {"reports"}


def test_a_changed_submission_has_only_its_notebook_graded(copied):
    before = contents(copied, "autograded")
    hand_in(copied, "ada", {"fitting": course().answered("fitting", exercises=1)})
    assert counts(run(copied)) == (1, 4)
    assert points(copied)["ada"] == {"fitting": 4.0, "regularization": 29.0}
    after = contents(copied, "autograded")
    page = f"autograded/ada/{ASSIGNMENT}/fitting.ipynb"
    assert {name for name in after if after[name] != before.get(name)} == {page}
    assert counts(run(copied)) == (0, 5)


def test_a_changed_check_has_only_the_notebooks_with_its_exercise_graded(copied, monkeypatch):
    def sources(exercises, root, real=keys._sources):
        return real(exercises, root) + "changed" * ("ex1_overfitting/ridge" in exercises)

    monkeypatch.setattr(keys, "_sources", sources)
    assert counts(run(copied)) == (2, 3)
    assert counts(run(copied)) == (0, 5)


def test_all_is_graded_again_on_demand(copied):
    before = tables(database(copied))
    assert counts(run(copied, regrade=True)) == (5, 0)
    assert tables(database(copied)) == before


def forbidden(*_):
    raise AssertionError("student code was run again")


@pytest.mark.parametrize("lost", ["gradebook.db", "autograded", f"autograded/bo/{ASSIGNMENT}"])
def test_what_is_lost_comes_back_from_the_results(copied, first, monkeypatch, lost):
    path = copied / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    monkeypatch.setattr(worker, "grade", forbidden)
    assert counts(run(copied)) == (0, 5)
    assert tables(database(copied)) == tables(database(first))
    assert contents(copied, "autograded") == contents(first, "autograded")


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: b"", bytes.upper])
def test_a_damaged_result_is_graded_again(copied, first, damage):
    path = next((copied / STATE / ASSIGNMENT).glob("*.result"))
    path.write_bytes(damage(path.read_bytes()))
    assert counts(run(copied)) == (1, 4)
    assert tables(database(copied)) == tables(database(first))


def test_a_notebook_that_is_withdrawn_scores_nothing(copied):
    (copied / "submitted" / "ada" / ASSIGNMENT / "fitting.ipynb").unlink()
    assert counts(run(copied)) == (0, 4)
    assert points(copied)["ada"] == {"fitting": 0.0, "regularization": 29.0}
    assert not (copied / "autograded" / "ada" / ASSIGNMENT / "fitting.ipynb").exists()


def test_the_seconds_of_a_cell_are_those_of_the_settings(tmp_path, monkeypatch):
    lay_out(tmp_path / "a", "c.Execute.timeout = 200")
    lay_out(tmp_path / "b", "c.Execute.timeout = None")
    found = []
    monkeypatch.setattr(grading, "read_assignment", lambda *all: found.append(all[-2]) or 1 / 0)
    for name in ("a", "b"):
        with pytest.raises(ZeroDivisionError):
            run(tmp_path / name)
    assert [(limits.cell_seconds, limits.seconds) for limits in found] == [(200, 800), (30, 120)]


# nbgrader goes on from it


PENALTY = """
from nbgrader.plugins import LateSubmissionPlugin

class Hourly(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late / 3600

c.AssignLatePenalties.plugin_class = Hourly
"""


def test_what_a_person_gave_stays(copied):
    with Gradebook(database(copied), "overfitting_to_llms") as gradebook:
        grade = gradebook.find_grade("rmse", "fitting", ASSIGNMENT, "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 3.5, 1.0, False
        comment = gradebook.find_comment("rmse-answer", "fitting", ASSIGNMENT, "ada")
        comment.manual_comment = "Well done."
        gradebook.db.commit()
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2030-05-01 12:00:00 UTC")
    text = (copied / CONFIG_FILE).read_text(encoding="utf-8")
    (copied / CONFIG_FILE).write_text(text + PENALTY, encoding="utf-8")
    home = hand_in(copied, "ada", {"fitting": course().answered("fitting", exercises=3)})
    (home / "timestamp.txt").write_text("2030-05-01 14:00:00 UTC\n")
    assert counts(run(copied)) == (1, 4)
    with Gradebook(database(copied), "overfitting_to_llms") as gradebook:
        grade = gradebook.find_grade("rmse", "fitting", ASSIGNMENT, "ada")
        assert (grade.auto_score, grade.manual_score, grade.extra_credit) == (4.0, 3.5, 1.0)
        assert grade.needs_manual_grade  # as stock autograde leaves it: to be looked at again
        comment = gradebook.find_comment("rmse-answer", "fitting", ASSIGNMENT, "ada")
        assert (comment.manual_comment, comment.auto_comment) == ("Well done.", None)
        submission = gradebook.find_submission(ASSIGNMENT, "ada")
        assert submission.total_seconds_late == 7200
        assert [one.late_submission_penalty for one in submission.notebooks] == [2.0, 2.0]
        assert gradebook.find_submission(ASSIGNMENT, "bo").total_seconds_late == 0


def test_feedback_export_and_formgrader_go_on_from_it(copied):
    run_nbgrader(GenerateFeedback, copied, copied, ASSIGNMENT)
    pages = (copied / "feedback").glob("*/*/*.html")
    assert {(page.parts[-3], page.stem) for page in pages} == {
        ("ada", "fitting"),
        ("ada", "regularization"),
        ("bo", "fitting"),
        (SPACED, "fitting"),
        (SPACED, "regularization"),
    }
    with Gradebook(database(copied), "overfitting_to_llms") as gradebook:
        CsvExportPlugin(to=str(copied / "grades.csv")).export(gradebook)
    rows = (copied / "grades.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 4
    config = nbgrader_settings(copied, copied)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    listed = api.get_submissions(ASSIGNMENT)
    assert {one["student"]: (one["score"], one["autograded"]) for one in listed} == {
        "ada": (53.0, True),
        "bo": (10.0, True),
        SPACED: (24.0, True),
    }
    assert not any(one["needs_manual_grade"] or one["submitted"] is None for one in listed)


def test_another_order_of_folders_is_followed(tmp_path):
    order = 'c.CourseDirectory.directory_structure = "{nbgrader_step}/{assignment_id}/{student_id}"'
    lay_out(tmp_path / "course", order)
    folder = tmp_path / "course"
    home = folder / "submitted" / ASSIGNMENT / "ada"
    home.mkdir(parents=True)
    (home / "fitting.ipynb").write_text(as_json(course().answered("fitting")), encoding="utf-8")
    assert run(folder).n_graded == 1
    assert points(folder)["ada"]["fitting"] == 24.0
    assert (folder / "autograded" / ASSIGNMENT / "ada" / "fitting.ipynb").is_file()


# What is handed in may be anything


def fifo(home):
    os.mkfifo(home / "pipe")
    os.mkfifo(home / "timestamp.txt")


def devices(home):
    (home / "zero").symlink_to("/dev/zero")
    (home / "secrets").symlink_to("/etc/passwd")
    os.symlink(home, home / "again")


def hostile_names(home):
    for name in ("-rf", "a\nb", "$(touch x)", "\x1b[2J", "<b>", "x" * 250):
        (home / name).write_text(name)
    (home / os.fsdecode(b"\xff\xfe")).write_bytes(b"not UTF-8")


def of_the_instructors_name(home):
    (home / "ours.txt").mkdir()
    (home / "ours.txt" / "mine.txt").write_text("a folder where the instructor has a file")


def a_folder_as_notebook(home):
    (home / "regularization.ipynb").mkdir()
    (home / "regularization.ipynb" / "mine.txt").write_text("a file in a folder")


def huge(home):
    with (home / "fitting.ipynb").open("wb") as stream:
        stream.truncate(60_000_000)


def many_cells(home):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": ""}] * 100_000
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (home / "fitting.ipynb").write_text(json.dumps(notebook))


def stamp(content):
    return lambda home: (home / "timestamp.txt").write_bytes(content)


# What becomes of a submission with a right `fitting` notebook: its points, what the page says.
ODD = {
    "fifo": (fifo, 24.0, "`pipe` is a link or no plain file"),
    "devices": (devices, 24.0, "`secrets` is a link or no plain file"),
    "hostile names": (hostile_names, 24.0, ""),
    "name of the instructor's": (
        of_the_instructors_name,
        24.0,
        "`ours.txt/mine.txt` is where another file belongs",
    ),
    "folder": (
        a_folder_as_notebook,
        24.0,
        "`regularization.ipynb/mine.txt` is where another file belongs",
    ),
    "huge": (huge, 0.0, "larger than 20 MB"),
    "many cells": (many_cells, 0.0, "holds 100,000 cells"),
    "no stamp": (stamp(b""), 24.0, ""),
    "bad stamp": (stamp(b"yesterday"), 24.0, ""),
    "long stamp": (stamp(b"9" * 199), 24.0, ""),
    "binary stamp": (stamp(bytes(range(128, 256))), 24.0, ""),
    "\u05d0\u202e\U0001f600 o'neil; --": (lambda home: None, 24.0, ""),
    "gone": (lambda home: (home / "fitting.ipynb").unlink(), 0.0, "Nothing was handed in"),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A course folder in which much is odd, graded, and the summary."""
    folder = tmp_path_factory.mktemp("odd") / "course"
    lay_out(folder)
    right = course().answered("fitting")
    for student, (change, _, _) in ODD.items():
        change(hand_in(folder, student, {"fitting": right}))
    elsewhere = hand_in(folder, "../elsewhere", {"fitting": right})
    (folder / "submitted" / "linked").mkdir()
    (folder / "submitted" / "linked" / ASSIGNMENT).symlink_to(elsewhere)
    (folder / "submitted" / "also linked").symlink_to(elsewhere.parent)
    (folder / "submitted" / "a file").mkdir()
    (folder / "submitted" / "a file" / ASSIGNMENT).write_text("no folder")
    for refused in ("n" * 129, os.fsdecode(b"\xe9t\xe9")):  # no gradebook holds these names
        hand_in(folder, refused, {"fitting": right})
    (folder / "submitted" / "notes.txt").write_text("of the instructor")
    hand_in(folder, ".hidden", {"fitting": right})
    for place in ("loose", f"spelling/{ASSIGNMENT.upper().replace('_', '-')}", "another/ex2"):
        (folder / "submitted" / place).mkdir(parents=True)
        (folder / "submitted" / place / "fitting.ipynb").write_text(as_json(right))
    return folder, run(folder)


def test_no_submission_stops_the_others(odd):
    folder, summary = odd
    links = dict.fromkeys(("linked", "also linked", "a file"), 0.0)
    expected = {student: right for student, (_, right, _) in ODD.items()} | links
    assert {student: each["fitting"] for student, each in points(folder).items()} == expected
    failed = {student: reason for student, _, reason in summary.failures}
    assert failed.keys() == {"n" * 129, os.fsdecode(b"\xe9t\xe9"), "loose", "spelling"}
    loose, spelling = failed.pop("loose"), failed.pop("spelling")
    assert loose == f"fitting.ipynb lies where nothing is graded: it belongs to {ASSIGNMENT}/."
    assert spelling.startswith("EX1-OVERFITTING lies where nothing is graded")
    assert all("1 to 128 characters" in reason for reason in failed.values())
    assert counts(run(folder)) == (0, summary.n_graded)


@pytest.mark.parametrize("student", [*ODD, "linked", "also linked", "a file"])
def test_the_page_says_what_was_odd(odd, student):
    folder, _ = odd
    _, right, words = ODD.get(student, (None, 0.0, "is a link or a file"))
    page = (folder / "autograded" / student / ASSIGNMENT / "fitting.ipynb").read_text("utf-8")
    assert words in page
    assert (NOT_GRADED in page) == (right == 0.0)
    assert "root:" not in page


def test_the_instructor_hears_of_links(odd):
    folder, summary = odd
    assert summary.incidents[IncidentKind.REFUSED] >= 5
    assert not (folder / "autograded" / "devices" / ASSIGNMENT / "secrets").exists()


# What cannot begin


def test_an_unknown_assignment_is_told_with_those_that_exist(copied):
    with pytest.raises(GradingError, match=f"no assignment 'ex9': .*there are {ASSIGNMENT}$"):
        grade_assignment(copied, copied, "ex9")


def test_without_a_sandbox_there_are_two_ways_out(copied, monkeypatch):
    nothing = Available(Isolation.NONE, ("Nothing works here.",))
    monkeypatch.setattr(grading, "available", lambda: nothing)
    with pytest.raises(GradingError, match=r"Nothing works here\. .*container.*--trust-students"):
        run(copied)


def test_students_may_be_trusted(copied, first, monkeypatch):
    def trusting(task, isolation, real=worker.grade):
        assert isolation is Isolation.NONE
        return real(task, isolation)

    monkeypatch.setattr(worker, "grade", trusting)
    monkeypatch.setattr(grading, "available", forbidden)
    assert counts(run(copied, trust_students=True, regrade=True)) == (5, 0)
    sandboxed._warm(Isolation.NONE).close()
    sandboxed._warm.cache_clear()
    assert tables(database(copied)) == tables(database(first))


def test_on_a_cluster_they_are_trusted_too(copied, monkeypatch):
    asked = []

    def on_cluster(tasks, grade, address):
        asked.append((grade.keywords["isolation"], address))
        yield from ()

    monkeypatch.setattr("course_lib.grading.cluster.grade_on_cluster", on_cluster)
    for trusted in (False, True):
        run(copied, cluster="tcp://127.0.0.1:9", trust_students=trusted)
    assert asked == [(None, "tcp://127.0.0.1:9"), (Isolation.NONE, "tcp://127.0.0.1:9")]


def test_without_a_report_the_rest_is_told(copied, monkeypatch):
    def full(*details):
        raise OSError("No space left on device")

    monkeypatch.setattr(grading, "_report", full)
    summary = run(copied)
    assert summary.report_problem == "No space left on device"
    assert summary.in_words().endswith("The report cannot be written: No space left on device")


# The command, and a cluster


def command(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "course_lib.cli", "grade", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=280,
    )


def test_the_command_grades_whatever_the_callers_settings_are(copied, first):
    for done in ("gradebook.db", "autograded", STATE):
        path = copied / done
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    settings = {
        "PYTHONWARNINGS": "error::UserWarning",
        "PYTHONHASHSEED": "1",
        "PYTHONOPTIMIZE": "2",
        "OMP_NUM_THREADS": "2",
        "MPLBACKEND": "agg",
    }
    done = command(copied, ASSIGNMENT, "--workers", "2", **settings)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == [f"{number} of 3 submissions are done." for number in (1, 2, 3)]
    assert lines[3].startswith("3 submissions: 5 notebooks graded, 0 kept as they were, 0 without")
    assert tables(database(copied)) == tables(database(first))
    shutil.rmtree(copied / "autograded" / "bo")
    hand_in(copied, "n" * 129, {"fitting": course().released["fitting"]})
    done = command(copied, ASSIGNMENT)
    assert done.returncode == 1
    assert "0 notebooks graded, 5 kept as they were, 1 without a result" in done.stdout
    assert done.stderr.startswith(f"no result: {'n' * 129}, all: ")
    assert tables(database(copied)) == tables(database(first))


def test_the_command_says_plainly_what_is_wrong(copied):
    done = command(copied, "ex9")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(f"there is no assignment 'ex9': .*; there are {ASSIGNMENT}\n", done.stderr)
    done = command(copied, ASSIGNMENT, "--workers", "0")
    assert done.returncode == 2
    assert "Invalid value for '--workers'" in done.stderr
    done = command(copied, ASSIGNMENT, "--cluster", "tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert done.stderr.startswith("no dask scheduler answers at tcp://127.0.0.1:9: ")


def test_a_cluster_grades_alike(copied, first, tmp_path):
    before = tables(database(first))
    with (
        scheduler(tmp_path) as (_, address),
        workers(address, tmp_path, "--nworkers", "2") as process,
    ):
        assert counts(run(copied, cluster=address, regrade=True)) == (5, 0)
        family = psutil.Process(process.pid).children(recursive=True)
    assert tables(database(copied)) == before
    _, alive = psutil.wait_procs(family, timeout=20)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
