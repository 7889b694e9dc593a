"""`course grade` gives every honest student what stock `nbgrader autograde` gives."""

import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.converters import Autograde, GenerateAssignment
from small_course import tables

from course_lib.grading.cells import grade_id
from course_lib.grading.course import CONFIG_FILE, nbgrader_settings, run_nbgrader
from course_lib.grading.demo.hand_in import Course
from course_lib.grading.demo.students import ASSIGNMENT, STUDENTS
from course_lib.grading.grade import grade_assignment

ROOT = Path(__file__).parents[2]
# One student's own cell never ends; stock nbgrader imports torch anew for each, which takes longer.
TIMEOUTS = """
c.Execute.timeout = 4
c.Execute.timeout_func = lambda cell: 4 if "while True" in cell.source else 90
"""
BY_ID = {student.id: student for student in STUDENTS}
# Each half is graded by one worker of pytest's, so that two share the work.
HALVES = (
    (
        "perfect",
        "untouched",
        "no_root",
        "decreasing_powers",
        "wrong_axis",
        "constant_penalised",
        "endless_loop",
    ),
    (
        "half_done",
        "loops",
        "einsum",
        "shuffled_apart",
        "normal_equations",
        "no_rescaling",
        "no_bias_correction",
        "crash",
        "syntax_error",
        "endless_cell",
    ),
)
# What stock nbgrader cannot grade as it was handed in, and why.
LEFT_OUT = {
    "exit": "stops: the kernel died",
    "empty": "scores 0 as we do, without a page that says why",
    "cells_deleted": "never runs the deleted test",
    "cells_duplicated": "stops: a grade id that is there twice",
    "cells_moved": "runs the test before its answer",
    "test_edited": "puts the test back, and says nothing of it",
    "renamed_file": "does not know the file, and gives 0",
    "not_json": "stops: not a notebook",
    "broken_and_good_copy": "stops: not a notebook",
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can isolate")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(half, marks=pytest.mark.xdist_group(f"stock-{number}"), id=f"half-{number}")
        for number, half in enumerate(HALVES)
    ],
)
def graded(request, tmp_path_factory):
    """Two course folders with the same submissions: graded by stock nbgrader, and by us."""
    folder = tmp_path_factory.mktemp("same-as-stock")
    stock, ours = folder / "stock", folder / "ours"
    lay_out(stock, request.param)
    shutil.copytree(stock, ours)
    run_nbgrader(GenerateAssignment, stock, stock, ASSIGNMENT)
    shutil.copytree(stock / "exercises", ours / "exercises")
    run_nbgrader(Autograde, stock, stock, ASSIGNMENT)
    summary = grade_assignment(ours, ours, ASSIGNMENT, workers=1)
    assert summary.failures == []
    return stock, ours, request.param


def lay_out(course, students):
    """A course folder with its own settings."""
    read = Course.read(ROOT, ASSIGNMENT)
    shutil.copytree(ROOT / "solutions" / ASSIGNMENT, course / "solutions" / ASSIGNMENT)
    settings = (ROOT / CONFIG_FILE).read_text(encoding="utf-8")
    (course / CONFIG_FILE).write_text(settings + TIMEOUTS, encoding="utf-8")
    for student in students:
        folder = course / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        for name, content in BY_ID[student].hand_in(read).items():
            (folder / name).write_text(content, encoding="utf-8")


def notebooks(course):
    """Every autograded notebook by student and name."""
    found = (course / "autograded").glob(f"*/{ASSIGNMENT}/*.ipynb")
    return {(path.parts[-3], path.stem): nbformat.read(path, as_version=4) for path in found}


def test_every_student_is_compared_or_left_out_for_a_reason():
    compared = [student for half in HALVES for student in half]
    assert sorted([*compared, *LEFT_OUT]) == sorted(BY_ID)


def test_the_gradebook_holds_the_same_in_every_table(graded):
    stock, ours, students = graded
    expected, found = (
        tables(nbgrader_settings(course, course).CourseDirectory.db_url) for course in (stock, ours)
    )
    assert {row["student_id"][0] for row in expected["submitted_assignment"]} == {*students}
    assert len(expected["grade"]) > 10 * len(students)
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table


def test_the_points_are_those_that_the_demo_expects(graded):
    """So that the two above do not agree on nothing."""
    stock, _, students = graded
    for (student, name), notebook in notebooks(stock).items():
        shown = sum(float(text) for _, text in shown_by_tests(notebook))
        assert shown == BY_ID[student].points[name], (student, name)
    assert {student for student, _ in notebooks(stock)} == {*students}


def shown_by_tests(notebook):
    """What each test cell shows as text, which is what nbgrader reads the points from.

    Where the answer's cell did not run, stock nbgrader's test ends in an error, which is 0 points.
    """
    return [
        (grade_id(cell), "0.0" if output.output_type == "error" else output.data["text/plain"])
        for cell in notebook.cells
        if grade_id(cell) and cell.metadata.nbgrader.grade
        for output in cell.outputs
    ]


def test_the_test_cells_show_the_same(graded):
    stock, ours, _ = graded
    expected, found = notebooks(stock), notebooks(ours)
    assert found.keys() == expected.keys()
    for name, notebook in expected.items():
        assert shown_by_tests(found[name]) == shown_by_tests(notebook), name


def test_the_cells_are_the_same_for_nbgrader(graded):
    stock, ours, _ = graded
    found = notebooks(ours)
    for name, notebook in notebooks(stock).items():
        assert [_as_known(cell) for cell in found[name].cells] == [
            _as_known(cell) for cell in notebook.cells
        ], name


def _as_known(cell):
    return cell.cell_type, cell.source, cell.metadata.get("nbgrader"), cell.get("execution_count")
