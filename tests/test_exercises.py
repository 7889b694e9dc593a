"""The committed exercises: current, without answers, and graded right by nbgrader itself."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from html import unescape
from pathlib import Path

import pytest

from course_lib.checks import catalogue
from course_lib.grading.exercises import build_exercises, stale_exercises

pytestmark = pytest.mark.xdist_group("nbgrader")  # all in one worker, for the sake of the fixture

ROOT = Path(__file__).parent.parent
ASSIGNMENTS = sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir())
NOTEBOOKS = sorted(
    path.relative_to(ROOT / "solutions") for path in ROOT.glob("solutions/*/*.ipynb")
)
DATABASE = "sqlite:///gradebook.db?timeout=60"  # two students are graded at a time
REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", re.DOTALL)


def cells(path, kind="code"):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return {c["id"]: "".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == kind}


def test_the_committed_notebooks_are_current():
    assert stale_exercises(ROOT, build_exercises(ROOT)) == [], "run `make exercises`"


def test_every_check_of_the_catalogue_has_an_exercise_and_its_points():
    tests = {
        (f"{path.parent.name}/{cell['id']}", cell["metadata"]["nbgrader"]["points"])
        for path in ROOT.glob("exercises/*/*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    assert tests == {(check.id, check.max_points) for check in catalogue().values()}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=str)
def test_a_release_holds_no_answer(notebook):
    solved, released = cells(ROOT / "solutions" / notebook), cells(ROOT / "exercises" / notebook)
    assert solved.keys() == released.keys()
    text = (ROOT / "exercises" / notebook).read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    answers = {id: source for id, source in solved.items() if "### BEGIN SOLUTION" in source}
    assert answers
    for id, source in answers.items():
        shown = set(REGION.sub("", source).splitlines())
        hidden = {line for body in REGION.findall(source) for line in body.splitlines()} - shown
        assert hidden, id
        assert not hidden & set(released[id].splitlines()), id
        assert "raise NotImplementedError()" in released[id]


@pytest.mark.parametrize("folder", ["solutions", "exercises"])
def test_notebooks_are_committed_without_outputs(folder):
    for path in ROOT.glob(f"{folder}/*/*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs"), path
            assert cell.get("execution_count") is None, path


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def graded(request, tmp_path_factory):
    """A course graded by nbgrader's own commands, with one student who has everything right and one
    who handed in the release untouched."""
    assignment, course = request.param, tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    shutil.copytree(ROOT / "solutions" / assignment, course / "solutions" / assignment)
    hand_in = {"perfect": "solutions", "untouched": "exercises"}
    for student, folder in hand_in.items():
        shutil.copytree(ROOT / folder / assignment, course / "submitted" / student / assignment)
    finish(start(course, "generate_assignment", assignment), course)
    grading = [start(course, "autograde", assignment, "--student", student) for student in hand_in]
    for process in grading:
        finish(process, course)
    finish(start(course, "generate_feedback", assignment), course)
    finish(start(course, "export"), course)
    return assignment, course


def start(course, *command):
    """Start an nbgrader command in a course folder."""
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
    with (course / "nbgrader.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "nbgrader", *command, "--db", DATABASE],
            cwd=course,
            env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
            stdout=log,
            stderr=log,
        )


def finish(process, course):
    assert process.wait(timeout=300) == 0, (course / "nbgrader.log").read_text()[-5000:]


def checks_of(assignment):
    return [check for id, check in catalogue().items() if id.startswith(f"{assignment}/")]


def test_nbgrader_makes_the_committed_release(graded):
    assignment, course = graded
    made = {p.name: p.read_bytes() for p in (course / "exercises" / assignment).iterdir()}
    committed = (ROOT / "exercises" / assignment).glob("*.ipynb")
    assert made == {path.name: path.read_bytes() for path in committed}


def test_the_solved_notebooks_earn_every_point_and_the_release_none(graded):
    assignment, course = graded
    with (course / "grades.csv").open() as stream:
        grades = {row["student_id"]: row for row in csv.DictReader(stream)}
    most = sum(check.max_points for check in checks_of(assignment))
    assert float(grades["perfect"]["max_score"]) == most
    assert float(grades["perfect"]["score"]) == most
    assert float(grades["untouched"]["score"]) == 0


def test_the_feedback_shows_what_the_checks_found(graded):
    assignment, course = graded
    names = {path.stem for path in (ROOT / "exercises" / assignment).glob("*.ipynb")}
    pages = {
        student: {
            path.stem: unescape(path.read_text(encoding="utf-8"))
            for path in (course / "feedback" / student / assignment).glob("*.html")
        }
        for student in ("perfect", "untouched")
    }
    assert pages["perfect"].keys() == pages["untouched"].keys() == names
    for check in checks_of(assignment):
        assert any(check.takeaway in page for page in pages["perfect"].values()), check.id
    for page in pages["untouched"].values():
        assert "Nothing is written here yet" in page
