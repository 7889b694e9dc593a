"""The demo cohort hands in what it says, told without nbgrader: cells are run right here."""

import ast
import json
from pathlib import Path

import nbformat
import pytest

from course_lib.grading.cells import grade_id
from course_lib.grading.demo.hand_in import Course
from course_lib.grading.demo.run import differences
from course_lib.grading.demo.students import ASSIGNMENT, STUDENTS

ROOT = Path(__file__).parent.parent.parent
BY_ID = {student.id: student for student in STUDENTS}


@pytest.fixture(scope="module")
def course():
    return Course.read(ROOT, ASSIGNMENT)


def reports(content):
    """What the checks say of a notebook, by exercise."""
    names, found = {}, {}
    for cell in nbformat.reads(content, as_version=4).cells:
        if cell.cell_type != "code" or "%pip" in cell.source:
            continue
        if grade_id(cell) and cell.metadata.nbgrader.grade:
            found[grade_id(cell)] = eval(cell.source, names)
        else:
            exec(cell.source, names)
    return found


@pytest.mark.parametrize(
    ("student", "exercise", "bug"),
    [
        ("no_root", "rmse", "no-root"),
        ("shuffled_apart", "train-validation-split", "shuffled-separately"),
        ("decreasing_powers", "polynomial-features", "decreasing-order"),
        ("normal_equations", "least-squares", "normal-equations-inverted"),
        ("wrong_axis", "bias-variance", "variance-over-points"),
        ("constant_penalised", "ridge", "constant-penalised"),
        ("no_rescaling", "dropout", "not-scaled"),
        ("no_bias_correction", "adam", "no-bias-correction"),
    ],
)
def test_a_mistake_is_named_and_everything_else_is_right(course, student, exercise, bug):
    (content,) = BY_ID[student].hand_in(course).values()
    found = reports(content)
    assert found[exercise].bugs == [bug]
    assert [name for name, report in found.items() if not report.passed] == [exercise]


@pytest.mark.parametrize("student", ["perfect", "loops", "einsum"])
def test_right_answers_in_any_style_earn_every_point(course, student):
    for content in BY_ID[student].hand_in(course).values():
        assert all(report.passed for report in reports(content).values())


def test_half_done_is_half_right(course):
    (content,) = BY_ID["half_done"].hand_in(course).values()
    assert [report.passed for report in reports(content).values()] == [True] * 2 + [False] * 3


def test_the_crash_and_the_endless_loop_are_findings(course):
    for student, words in {"crash": "IndexError", "endless_loop": "a loop that never ends"}.items():
        (content,) = BY_ID[student].hand_in(course).values()
        report = reports(content)["rmse"]
        assert report.points == 0
        assert words in report.findings[0].message


@pytest.mark.parametrize("student", STUDENTS, ids=lambda student: student.id)
def test_every_student_hands_in_a_file_and_no_solution_markers(course, student):
    files = student.hand_in(course)
    assert files
    assert all(name.endswith(".ipynb") for name in files)
    assert not any("SOLUTION" in content for content in files.values())


def test_the_answer_that_does_not_parse_does_not_parse(course):
    (content,) = BY_ID["syntax_error"].hand_in(course).values()
    (source,) = [
        "".join(c["source"]) for c in json.loads(content)["cells"] if c["id"] == "rmse-answer"
    ]
    with pytest.raises(SyntaxError):
        ast.parse(source)


def test_the_instructors_page_tells_the_size_of_the_cohort():
    page = (ROOT / "book" / "instructors.md").read_text(encoding="utf-8")
    assert f"a demo cohort of {len(STUDENTS)} submissions" in page


def test_a_student_who_gets_something_else_than_expected_is_told():
    rows = [
        {
            "student": student.id,
            "points": {name: [points, 99] for name, points in student.points.items()},
            "pages": sorted(student.points),
            "says": list(student.says),
        }
        for student in STUDENTS
    ]
    assert differences(rows) == []
    rows[0]["points"]["fitting"] = [1, 99]
    rows[1]["says"] = ["not graded"]
    rows[2]["pages"] = []
    assert [line.partition(":")[0] for line in differences(rows)] == [
        student.id for student in STUDENTS[:3]
    ]
