"""A course of one small assignment, graded by stock nbgrader: what the gradebook must hold."""

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Base, Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from sqlalchemy import NullPool, UniqueConstraint, create_engine, select
from sqlalchemy.exc import SAWarning

from course_lib.grading.course import CONFIG_FILE, nbgrader_settings, run_nbgrader
from course_lib.grading.gradebook import Submission
from course_lib.grading.tasks import Result

ASSIGNMENT = "ps"
DUE = datetime(2030, 5, 1, 12)

# Stock nbgrader, but for running the code: what a test cell comes to is in the file handed in.
CONFIG = """
from nbgrader.converters import Autograde
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import ClearOutput, Execute

class Hourly(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        if student_id == "excused":
            return None
        return -1.0 if student_id == "rewarded" else total_seconds_late / 3600

c = get_config()
c.CourseDirectory.course_id = "a_course"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.AssignLatePenalties.plugin_class = Hourly
stock = Autograde()
c.Autograde.sanitize_preprocessors = [
    step for step in stock.sanitize_preprocessors if step is not ClearOutput
]
c.Autograde.autograde_preprocessors = [
    step for step in stock.autograde_preprocessors if step is not Execute
]
"""


def nbgrader(grade_id, grade=False, solution=False, locked=False, task=False, points=None):
    metadata = {"grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked}
    metadata |= {"schema_version": 3, "task": task}
    return {"nbgrader": metadata | ({"points": points} if points is not None else {})}


def cells(name):
    """The source: in both notebooks a test; by hand an answer in code, one in words, and a task."""
    answer = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    common = [
        new_code_cell(answer, metadata=nbgrader("answer", solution=True)),
        new_code_cell("score(f)", metadata=nbgrader("test", grade=True, locked=True, points=4)),
    ]
    if name == "code":
        return [
            new_markdown_cell("Read this.", metadata=nbgrader("text", locked=True)),
            *common,
            new_code_cell("g = 0", metadata=nbgrader("by-hand", True, True, points=3)),
        ]
    return [
        *common,
        new_markdown_cell("Say why.", metadata=nbgrader("why", True, True, points=2)),
        new_markdown_cell("Draw it.", metadata=nbgrader("draw", locked=True, task=True, points=5)),
    ]


def make_course(folder: Path, config: str = CONFIG) -> Path:
    """The sources and settings of a course."""
    (folder / CONFIG_FILE).write_text(config, encoding="utf-8")
    for name in ("code", "words"):
        write_source(folder, name, cells(name))
    return folder


def write_source(folder: Path, name: str, content: list) -> None:
    path = folder / "solutions" / ASSIGNMENT / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook_of(content), path)


def notebook_of(content):
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=content, metadata={"kernelspec": spec})


def settings(folder: Path, db_url: str | None = None):
    config = nbgrader_settings(folder, folder)
    if db_url:
        config.CourseDirectory.db_url = db_url
    return config


def hand_in(folder: Path, student: str, answers: dict[str, Any], hours_late: float | None) -> None:
    """Hand in the notebooks of `answers`: what a test shows, or None for one left as it was."""
    home = folder / "submitted" / student / ASSIGNMENT
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if hours_late is not None:
        stamp = DUE + timedelta(hours=hours_late)
        (home / "timestamp.txt").write_text(f"{stamp} UTC\n", encoding="utf-8")
    for name, shown in answers.items():
        path = folder / "exercises" / ASSIGNMENT / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells if shown is not None else ():
            if cell.metadata.nbgrader.grade_id == "test":
                cell.outputs = [shown]
            elif cell.metadata.nbgrader.solution:
                cell.source += f"\n# {student}"
        nbformat.write(notebook, path := home / f"{name}.ipynb")


def shows(text):
    return new_output("execute_result", {"text/plain": text})


FAILS = new_output("error", ename="AssertionError", evalue="", traceback=[])

FIRST = {
    "in_time": ({"code": shows("4.0"), "words": shows("2.5")}, -1),
    "late": ({"code": shows("3.5"), "words": shows("1.5")}, 1.25),
    "very_late": ({"code": shows("0.5"), "words": FAILS}, 100),
    "half": ({"code": shows("1.0")}, 0.5),
    "untouched": ({"code": None, "words": None}, None),
    "excused": ({"code": shows("4.0"), "words": shows("None")}, 2),
    "rewarded": ({"code": shows("4.0"), "words": shows("2.0")}, 2),
    "extended": ({"code": shows("4.0"), "words": shows("2.0")}, 2),
}
SECOND = {  # after a person has graded
    "in_time": ({"code": shows("2.0"), "words": shows("3.0")}, 1.5),
    "late": ({"words": shows("4.0")}, -2),
    "half": ({"code": shows("0.0"), "words": shows("4.0")}, None),
    "extended": ({"code": shows("1.0"), "words": shows("2.0")}, 3),
    "untouched": ({"code": shows("1.0"), "words": None}, None),
}


def grade_by_hand(db_url: str) -> None:
    """What a person does in formgrader between two rounds."""
    with Gradebook(db_url, "a_course") as gradebook:
        for student in ("in_time", "late", "untouched"):
            for cell, notebook in (("by-hand", "code"), ("why", "words"), ("draw", "words")):
                grade = gradebook.find_grade(cell, notebook, ASSIGNMENT, student)
                grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 0.25, False
                comment = gradebook.find_comment(cell, notebook, ASSIGNMENT, student)
                comment.manual_comment = f"Well drawn, {student}."
        gradebook.find_grade("test", "code", ASSIGNMENT, "in_time").manual_score = 4.0
        gradebook.find_student("late").first_name = "Lea"
        submission = gradebook.find_submission_notebook("words", ASSIGNMENT, "in_time")
        submission.flagged = True
        gradebook.db.commit()
        gradebook.grant_extension(ASSIGNMENT, "extended", hours=2)


@dataclass(frozen=True)
class Round:
    """What was handed in, with stock nbgrader's scores, and what it left in its gradebook."""

    batch: list[tuple[Submission, list[Result]]]
    tables: dict[str, list]


def stock_rounds(folder: Path) -> tuple[dict[str, list], list[Round]]:
    """The gradebook with the assignment alone, then after each of two rounds of autograding."""
    make_course(folder)
    url = settings(folder).CourseDirectory.db_url
    with quick_nbgrader():
        enter_assignment(folder)
        shutil.copy(folder / "gradebook.db", folder / "assignment_alone.db")
        alone, rounds = tables(url), []
        for handed_in in (FIRST, SECOND):
            for student, (answers, hours_late) in handed_in.items():
                shutil.rmtree(folder / "autograded" / student, ignore_errors=True)
                hand_in(folder, student, answers, hours_late)
                run_nbgrader(Autograde, folder, folder, ASSIGNMENT, student)
            batch = [
                graded(folder, student, hours_late)
                for student, (_, hours_late) in handed_in.items()
            ]
            rounds.append(Round(batch, tables(url)))
            if handed_in is FIRST:
                grade_by_hand(url)
    return alone, rounds


@contextmanager
def quick_nbgrader() -> Iterator[None]:
    """nbgrader without its harmless warnings, and without asking another process for a number."""
    with (
        warnings.catch_warnings(),
        patch("nbgrader.api.get_alembic_version", return_value="unknown"),
    ):
        warnings.simplefilter("ignore", SAWarning)
        yield


def enter_assignment(folder: Path) -> None:
    """nbgrader's generate_assignment, with a due date."""
    run_nbgrader(GenerateAssignment, folder, folder, ASSIGNMENT)
    found = settings(folder).CourseDirectory
    with Gradebook(found.db_url, found.course_id) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=DUE)


def graded(folder: Path, student: str, hours_late: float | None):
    """A submission and its results, read from what stock nbgrader wrote."""
    results = []
    for path in sorted((folder / "autograded" / student / ASSIGNMENT).glob("*.ipynb")):
        found = nbformat.read(path, as_version=4).cells
        results.append(
            Result(
                student,
                ASSIGNMENT,
                path.stem,
                key="",
                content="",
                scores={id_of(cell): determine_grade(cell)[0] for cell in found if is_grade(cell)},
                comments={
                    id_of(cell): comment_on(cell)
                    for cell in found
                    if is_solution(cell) or is_task(cell)
                },
            )
        )
    timestamp = None if hours_late is None else DUE + timedelta(hours=hours_late)
    return Submission(student, timestamp, frozenset(one.notebook for one in results)), results


def id_of(cell):
    return cell.metadata.nbgrader.grade_id


def comment_on(cell):
    same = cell.metadata.nbgrader.checksum == compute_checksum(cell)
    return "No response." if same and not is_task(cell) else None


def tables(db_url: str) -> dict[str, list]:
    """Every row of every table, with names in place of the random ids."""
    engine = create_engine(db_url, poolclass=NullPool)
    names, found = {}, {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            unique = next(
                (
                    [column.name for column in rule.columns]
                    for rule in table.constraints
                    if isinstance(rule, UniqueConstraint)
                ),
                ["id"],
            )
            rows = []
            for row in connection.execute(select(table)).mappings():
                named = {column: names.get(value, value) for column, value in row.items()}
                names[row["id"]] = named["id"] = tuple(named[column] for column in unique)
                rows.append(named)
            assert len({row["id"] for row in rows}) == len(rows)
            found[table.name] = sorted(rows, key=lambda row: repr(row["id"]))
    return found
