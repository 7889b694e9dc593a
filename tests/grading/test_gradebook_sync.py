"""The gradebook holds the assignment as its source has it, and no file of the course changes."""

import shutil

import nbformat
import pytest
import small_course
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from small_course import ASSIGNMENT, tables

from course_lib.grading.gradebook import sync_assignment

pytestmark = pytest.mark.xdist_group("gradebook")

HIDDEN = "score(f)\n### BEGIN HIDDEN TESTS\nassert f() == 1\n### END HIDDEN TESTS"


@pytest.fixture
def course(tmp_path):
    with small_course.quick_nbgrader():
        yield small_course.make_course(tmp_path)


def sync(course):
    sync_assignment(course, course, ASSIGNMENT)


def url(course):
    return small_course.settings(course).CourseDirectory.db_url


def files(course):
    return {
        path.relative_to(course): path.read_bytes()
        for path in course.rglob("*")
        if path.is_file() and path.name != "gradebook.db"
    }


def change(course, notebook, grade_id, source=None, points=None):
    path = course / "solutions" / ASSIGNMENT / f"{notebook}.ipynb"
    content = nbformat.read(path, as_version=4)
    (cell,) = (cell for cell in content.cells if cell.metadata.nbgrader.grade_id == grade_id)
    if source is not None:
        cell.source = source
    if points is not None:
        cell.metadata.nbgrader.points = points
    nbformat.write(content, path)


def enter_submission(course):
    with Gradebook(url(course), "a_course") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission(ASSIGNMENT, "ada")


def test_an_absent_assignment_is_entered_as_stock_nbgrader_does(stock, course):
    _, alone, _ = stock
    before = files(course)
    sync(course)
    assert files(course) == before
    with Gradebook(url(course), "a_course") as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=small_course.DUE)
    assert tables(url(course)) == alone


def test_the_same_source_is_not_entered_again(course, monkeypatch):
    change(course, "code", "test", source=HIDDEN)
    sync(course)
    stored = (course / "gradebook.db").read_bytes()
    enter_submission(course)
    with_submission = (course / "gradebook.db").read_bytes()
    assert with_submission != stored
    sync(course)
    assert (course / "gradebook.db").read_bytes() == with_submission


@pytest.mark.parametrize(
    ("notebook", "grade_id", "changes", "submitted"),
    [
        ("code", "test", {"points": 7}, True),
        ("code", "by-hand", {"points": 7}, False),
        ("words", "draw", {"points": 7}, True),
        ("words", "draw", {"source": "Draw it well."}, False),
        ("code", "test", {"source": HIDDEN}, True),
        ("code", "text", {"source": "Read that."}, False),
    ],
)
def test_a_change_is_entered(course, notebook, grade_id, changes, submitted):
    sync(course)
    if submitted:
        enter_submission(course)
    change(course, notebook, grade_id, **changes)
    before = files(course)
    sync(course)
    assert files(course) == before
    ours = tables(url(course))
    shutil.copy(course / "gradebook.db", course / "ours.db")
    small_course.run_nbgrader(GenerateAssignment, course, course, ASSIGNMENT)
    assert ours == tables(url(course))
    if "points" in changes:
        rows = ours["grade_cells"] + ours["task_cells"]
        assert [row["id"][0][0] for row in rows if row["max_score"] == 7] == [grade_id]
    else:
        rows = {(row["id"][1][0], row["name"]): row["source"] for row in ours["source_cell"]}
        assert rows[notebook, grade_id] == changes["source"]


def test_notebooks_come_and_go_while_nobody_has_submitted(course):
    sync(course)
    small_course.write_source(course, "third", small_course.cells("code"))
    (course / "solutions" / ASSIGNMENT / "words.ipynb").unlink()
    sync(course)
    assert [row["name"] for row in tables(url(course))["notebook"]] == ["code", "third"]


def test_nbgraders_refusal_is_told_in_a_sentence(course):
    sync(course)
    enter_submission(course)
    before = tables(url(course))
    metadata = small_course.nbgrader("more", grade=True, locked=True, points=1)
    more = [*small_course.cells("code"), new_code_cell("score(g)", metadata=metadata)]
    small_course.write_source(course, "code", more)
    with pytest.raises(
        RuntimeError, match="Cannot add or remove cells for notebook 'code'"
    ) as told:
        sync(course)
    assert "\n" not in str(told.value)
    small_course.write_source(course, "code", small_course.cells("code"))
    small_course.write_source(course, "third", small_course.cells("code"))
    with pytest.raises(RuntimeError, match="Cannot modify existing assignment"):
        sync(course)
    assert tables(url(course)) == before


def test_an_assignment_without_source_is_told(course):
    with pytest.raises(LookupError, match="no assignment 'other'"):
        sync_assignment(course, course, "other")
    assert not (course / "gradebook.db").exists()
