"""Make the demo cohort, grade it, and show who scored what."""

from __future__ import annotations

import hashlib
import html
import importlib.metadata
import json
import shutil
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.plugins import CsvExportPlugin
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from course_lib.checks import catalogue
from course_lib.grading.course import nbgrader_settings, run_nbgrader
from course_lib.grading.demo.hand_in import Course
from course_lib.grading.demo.students import ASSIGNMENT, STUDENTS
from course_lib.grading.files import write_atomically
from course_lib.grading.grade import grade_assignment
from course_lib.grading.intake import REPAIRED
from course_lib.grading.submissions import NOT_GRADED

WORK_FOLDER = Path("_build/grade-demo")
WIDE = 110  # columns of a terminal that have room for everything
_SUMMARY = "summary.json"  # written last: its key says what the grades belong to


def grade_demo(root: Path, console: Console) -> list[str]:
    """Grade the cohort, unless nothing that its grades depend on has changed; show the table.

    Returns what differs from what each student is expected to get, a line for each difference.
    """
    folder = root / WORK_FOLDER
    key = _key(root)
    summary = _read_summary(folder)
    if summary.get("key") != key:
        shutil.rmtree(folder, ignore_errors=True)
        _make_cohort(root, folder)
        _grade(root, folder, console)
        summary = {"key": key, "rows": _rows(root, folder)}
        if not differences(summary["rows"]):
            write_atomically(folder / _SUMMARY, json.dumps(summary, indent=1).encode())
    console.print(_table(summary["rows"], console.width))
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    console.print(f"Feedback: {shown}/feedback/<student>/{ASSIGNMENT}/*.html")
    console.print(f"Grades:   {shown}/grades.csv")
    return differences(summary["rows"])


def differences(rows: list[dict]) -> list[str]:
    """Where points, pages or what the feedback says are not as students.py expects."""
    found = {row["student"]: row for row in rows}
    lines = []
    for student in STUDENTS:
        row = found[student.id]
        points = {name: row["points"][name][0] for name in row["pages"] if name in row["points"]}
        if points != student.points or len(points) != len(row["pages"]):
            pages = ", ".join(row["pages"])
            lines.append(f"{student.id}: {points} on {pages}, expected {student.points}")
        if row["says"] != list(student.says):
            lines.append(f"{student.id}: feedback says {row['says']}, expected {student.says}")
    return lines


def _key(root: Path) -> str:
    """A hash of everything that grades depend on: notebooks, settings, code, versions."""
    digest = hashlib.sha256()
    patterns = ("exercises/*/*.ipynb", "solutions/*/*.ipynb", "course_lib/**/*.py")
    templates = "course_lib/grading/templates/**/*.*"
    paths = {path for pattern in (*patterns, templates) for path in root.glob(pattern)}
    for path in sorted({root / "nbgrader_config.py", *paths}):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    for package in ("nbgrader", "torch", "ipykernel"):
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()


def _read_summary(folder: Path) -> dict:
    try:
        return json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return {}


def _make_cohort(root: Path, folder: Path) -> None:
    """Lay out a course folder of its own, with what every student hands in."""
    course = Course.read(root, ASSIGNMENT)
    for student in STUDENTS:
        for name, content in student.hand_in(course).items():
            write_atomically(
                folder / "submitted" / student.id / ASSIGNMENT / name, content.encode()
            )
    for kind in ("solutions", "exercises"):
        shutil.copytree(root / kind / ASSIGNMENT, folder / kind / ASSIGNMENT)


def _grade(root: Path, folder: Path, console: Console) -> None:
    """Grade as `course grade` does, then go on with stock nbgrader."""
    summary = grade_assignment(root, folder, ASSIGNMENT, console=console)
    for student, notebook, reason in summary.failures:
        console.print(f"[red]{student}, {notebook}: {reason}[/red]")
    run_nbgrader(GenerateFeedback, root, folder, ASSIGNMENT)
    settings = nbgrader_settings(root, folder).CourseDirectory
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        CsvExportPlugin(to=str(folder / "grades.csv")).export(gradebook)


def _rows(root: Path, folder: Path) -> list[dict]:
    points = _points(root, folder)
    rows = []
    for student in STUDENTS:
        feedback = folder / "feedback" / student.id / ASSIGNMENT
        pages = {path.stem: path.read_text("utf-8") for path in sorted(feedback.glob("*.html"))}
        rows.append(
            {
                "student": student.id,
                "about": student.about,
                "points": points[student.id],
                "pages": sorted(pages),
                "says": _says("".join(pages.values())),
            }
        )
    return rows


def _points(root: Path, folder: Path) -> dict[str, dict[str, list[float]]]:
    """The gradebook's points, and the most there are, by student and notebook."""
    settings = nbgrader_settings(root, folder).CourseDirectory
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        return {
            submission.student.id: {
                notebook.name: [notebook.score, notebook.max_score]
                for notebook in sorted(submission.notebooks, key=lambda notebook: notebook.name)
            }
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def _says(feedback: str) -> list[str]:
    """What a student's feedback says, in a few words."""
    shown = html.unescape(feedback)
    notes = ["file repaired"] * (REPAIRED in shown) + ["not graded"] * (NOT_GRADED in shown)
    return notes + [
        bug.name
        for check in catalogue().values()
        if check.id.startswith(f"{ASSIGNMENT}/")
        for bug in check.bugs
        if bug.sentence in shown
    ]


def _table(rows: list[dict], width: int) -> Table:
    """One line a student: points by notebook, the total, and what the feedback says."""
    notebooks = list(rows[0]["points"])
    table = Table(
        title="The demo cohort",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("student", no_wrap=True)
    for name in notebooks:
        table.add_column(
            f"{name}\nof {rows[0]['points'][name][1]:g}", justify="right", no_wrap=True
        )
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("feedback says", overflow="fold")
    if width >= WIDE:
        table.add_column("handed in")
    for row in rows:
        total = sum(points for points, _ in row["points"].values())
        cells = [
            f"{row['points'][name][0]:g}" if name in row["pages"] else "·" for name in notebooks
        ]
        about = [row["about"]] * (width >= WIDE)
        table.add_row(row["student"], *cells, f"{total:g}", ", ".join(row["says"]), *about)
    return table
