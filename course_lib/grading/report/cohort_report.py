"""The instructor's report on a graded cohort: one HTML page, and its lists in full as CSV."""

from __future__ import annotations

import csv
import io
import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

from course_lib.grading.files import write_atomically
from course_lib.grading.report.cohort import FAILED, Cohort, Exercise
from course_lib.grading.report.histogram import histogram, in_words
from course_lib.grading.report.hostile_text import shown, spreadsheet_cell
from course_lib.grading.report.shingles import LENGTH
from course_lib.grading.report.side_by_side import Row, side_by_side
from course_lib.grading.report.similarity import Pair, Similarity, compare
from course_lib.grading.tasks import IncidentKind, Result

if TYPE_CHECKING:
    from course_lib.checks import Check

TEMPLATES = Path(__file__).parent.parent / "templates"
MOST_ROWS = 30  # of a table on the page; the CSV has all
MOST_BUGS = 15
MOST_DIFFS = 8
MOST_NAMES = 12  # of a group

# In the order in which an instructor will want to know.
KINDS = {
    FAILED: "Without a result",
    IncidentKind.TRIED: "Tried something that an honest answer has no need of",
    IncidentKind.REFUSED: "Refused: the file could not be graded",
    IncidentKind.STOPPED: "Stopped at a limit",
    IncidentKind.REPAIRED: "Repaired before grading",
}


def write_report(
    path: Path,
    assignment: str,
    results: Iterable[Result],
    failures: Iterable[tuple[str, str, str]],
    checks: Mapping[str, Check],
    *,
    released: Mapping[str, str],
    solutions: Mapping[str, str],
    seconds: float,
) -> None:
    """Write the page at `path` and, beside it, `…_notices.csv` and `…_similar.csv`.

    Args:
        path: ends in .html.
        assignment: its name.
        results: one for each notebook, read once and not kept.
        failures: student, notebook and reason, for each notebook that has no result.
        checks: the catalogue's, by exercise id; titles, properties and bugs are read.
        released: the assignment's notebooks as released, as JSON by name.
        solutions: the same with the published answers.
        seconds: what the whole run took.

    Raises ValueError where a notebook's content is not one, or an exercise has no check.
    """
    cohort = Cohort(assignment, checks, released, solutions)
    for result in results:
        cohort.add(result)
    for failure in failures:
        cohort.fail(*failure)
    similarity = compare(cohort.documents, cohort.released, cohort.solutions)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_fit_to_show,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["spans"] = _code_spans
    page = environment.get_template("cohort_report.html.j2").render(
        _view(path, assignment, cohort, similarity, checks, seconds)
    )
    notices, similar = _csv_paths(path)
    write_atomically(notices, _csv(("kind", "student", "notebook", "text"), _notice_rows(cohort)))
    columns = ("group", "one", "other", "cosine", "shared shingles", "exercises")
    write_atomically(similar, _csv(columns, _similar_rows(similarity)))
    write_atomically(path, page.encode())


def _fit_to_show(value: Any) -> Any:
    """What the template shows of any text: nothing that acts, and not too much."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _code_spans(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(shown(text)))))


def _csv_paths(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.stem}_notices.csv"), path.with_name(f"{path.stem}_similar.csv")


def _csv(header: tuple[str, ...], rows: Iterable[tuple]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(header)
    writer.writerows([spreadsheet_cell(cell) for cell in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")  # the sign tells spreadsheets the encoding


def _notice_rows(cohort: Cohort) -> list[tuple]:
    order = list(KINDS)
    rows = [(n.kind, n.student, n.notebook, n.text) for n in cohort.notices]
    return sorted(rows, key=lambda row: (order.index(row[0]), *row))


def _similar_rows(similarity: Similarity) -> Iterable[tuple]:
    for number, group in enumerate(similarity.groups, 1):
        for pair in group:
            exercises = ", ".join(pair.exercises)
            yield number, pair.one, pair.other, round(pair.cosine, 3), pair.shared, exercises
    for student, exercises in similarity.near_solution.items():
        yield "", student, "the published solution", "", "", ", ".join(exercises)


def _view(
    path: Path,
    assignment: str,
    cohort: Cohort,
    similarity: Similarity,
    checks: Mapping[str, Check],
    seconds: float,
) -> dict[str, Any]:
    """All that the template shows."""
    totals, notices = cohort.totals, _notice_rows(cohort)
    by_kind = {kind: [row[1:] for row in notices if row[0] == kind] for kind in KINDS}
    return {
        "assignment": assignment,
        "n_students": len(cohort.students),
        "n_notebooks": cohort.n_notebooks,
        "n_with": {kind: cohort.n_with(kind) for kind in KINDS},
        "max_points": cohort.max_points,
        "mean": statistics.fmean(totals) if totals else 0.0,
        "median": statistics.median(totals) if totals else 0.0,
        "duration": duration(seconds),
        "cpu": duration(cohort.cpu_seconds),
        "cpu_each": cohort.cpu_seconds / max(1, cohort.n_notebooks),
        "total_figure": _figure("All exercises", totals, cohort.max_points, (4.4, 1.9)),
        "exercises": [_exercise(each, cohort, checks) for each in cohort.exercises.values()],
        "bugs": _bugs(cohort, checks),
        "kinds": [(KINDS[kind], cohort.n_with(kind), rows) for kind, rows in by_kind.items()],
        "groups": [_group(number, pairs) for number, pairs in enumerate(similarity.groups, 1)],
        "diffs": [_diff(pairs[0], cohort) for pairs in similarity.groups[:MOST_DIFFS]],
        "near_solution": list(similarity.near_solution.items()),
        "titles": {id: check.title for id, check in checks.items()},
        "not_judged": similarity.not_judged,
        "whole_is_judged": similarity.whole_is_judged,
        "csv": [each.name for each in _csv_paths(path)],
        "shingle": LENGTH,
        "signs": {"same": "", "renamed": "≈", "different": "≠"},
        "most": {"rows": MOST_ROWS, "names": MOST_NAMES, "diffs": MOST_DIFFS},
    }


@dataclass(frozen=True)
class Figure:
    """A picture with its title and its words."""

    title: str
    image: Markup
    words: Markup  # numbers only


def _figure(title: str, points: list[float], maximum: float, size: tuple[float, float]) -> Figure:
    image = histogram(points, maximum, size)
    return Figure(title, Markup(image), Markup(in_words(points, maximum)))  # of numbers only


def _exercise(exercise: Exercise, cohort: Cohort, checks: Mapping[str, Check]) -> dict[str, Any]:
    points, n = cohort.points(exercise), max(1, len(cohort.students))
    titles = {prop.name: prop.title for prop in checks[exercise.id].properties}
    return {
        "title": exercise.title,
        "max_points": exercise.max_points,
        "mean": sum(points) / n,
        "full": sum(each >= exercise.max_points for each in points) / n,
        "zero": sum(each == 0 for each in points) / n,
        "no_answer": 1 - len(exercise.answered) / n,
        "failed": [
            (titles.get(name, name), times) for name, times in exercise.failed.most_common(2)
        ],
        "figure": _figure(exercise.title, points, exercise.max_points, (2.3, 1.4)),
    }


def _bugs(cohort: Cohort, checks: Mapping[str, Check]) -> list[tuple[str, str, int]]:
    """The commonest bugs: the exercise's title, the bug's sentence, how often."""
    sentences = {(id, bug.name): bug.sentence for id, c in checks.items() for bug in c.bugs}
    found = [
        (exercise.title, sentences.get((exercise.id, name), name), times)
        for exercise in cohort.exercises.values()
        for name, times in exercise.bugs.items()
    ]
    return sorted(found, key=lambda row: (-row[2], row))[:MOST_BUGS]


def _group(number: int, pairs: tuple[Pair, ...]) -> dict[str, Any]:
    students = sorted({student for pair in pairs for student in (pair.one, pair.other)})
    return {"number": number, "students": students, "pair": pairs[0]}


def _diff(pair: Pair, cohort: Cohort) -> dict[str, Any]:
    """The longest answer in which the two of a pair are close."""
    exercise = pair.exercises[0] if pair.exercises else ""
    rows: tuple[Row, ...] = ()
    if exercise:
        rows = side_by_side(*(cohort.answer(name, exercise) for name in (pair.one, pair.other)))
    return {"pair": pair, "exercise": exercise, "rows": rows}


def duration(seconds: float) -> str:
    """A time as it is said: "0.8 s", "42 s", "3 min 12 s", "2 h 5 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
