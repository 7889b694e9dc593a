"""Read what was handed in, in nbgrader's own folders, and make tasks of it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files, is_grade, is_solution, is_task, parse_utc

from course_lib.grading.intake import as_shown, take_in
from course_lib.grading.keys import exercises_of, result_key, submission_seed
from course_lib.grading.tasks import Incident, IncidentKind, Limits, Result, Task

TIMESTAMP = "timestamp.txt"
NOT_GRADED = "Not graded: 0 points for now."  # heads a refused notebook
MAX_FILE_BYTES, MAX_FILES = 20_000_000, 200  # of what is handed in beside the notebooks, together
MAX_RELEASED_BYTES = 40_000_000  # of the instructor's files: they travel with every notebook
MAX_NAME_BYTES = 500  # of a file's path in the submission


@dataclass(frozen=True)
class Assignment:
    """What the instructor has released, and all that grading it depends on."""

    name: str
    released: Mapping[str, NotebookNode]  # by name, without the suffix
    contents: Mapping[str, str]  # the same as JSON
    files: Mapping[str, bytes]  # the instructor's own files beside them, by path
    secret: bytes
    limits: Limits
    trusted: bool = False  # whether it is run without a sandbox


@dataclass(frozen=True)
class HandedIn:
    """One student's submission, sorted."""

    student: str
    folder: Path
    timestamp: datetime | None
    tasks: tuple[Task, ...]  # what can be graded
    refused: tuple[Result, ...]  # what cannot, already with its page
    incidents: Mapping[str, tuple[Incident, ...]]  # of the taking in, by notebook
    files: Mapping[str, bytes]  # beside the notebooks


def read_assignment(
    directory: CourseDirectory, name: str, secret: bytes, limits: Limits, trusted: bool = False
) -> Assignment:
    """Read the release.

    Raises LookupError where there is none, and ValueError for one that cannot be graded.
    """
    folder = Path(directory.format_path(directory.release_directory, ".", name))
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        others = sorted({path.parent.name for path in folder.parent.glob("*/*.ipynb")})
        raise LookupError(
            f"there is no assignment {name!r}: no notebook lies in {folder}"
            + (f"; there are {', '.join(others)}" if others else "")
        )
    released = {}
    for path in paths:
        try:
            released[path.stem] = nbformat.read(path, as_version=4)
            nbformat.validate(released[path.stem])
        except Exception as problem:  # nbformat raises many kinds
            raise ValueError(f"{path} is not a notebook: {problem}") from None
    source = Path(directory.format_path(directory.source_directory, ".", name))
    files = {
        os.path.relpath(file, source): Path(file).read_bytes()
        for file in find_all_files(str(source), [*directory.ignore, "*.ipynb"])
    }
    if sum(map(len, files.values())) > MAX_RELEASED_BYTES:
        raise ValueError(
            f"the files beside the notebooks in {source} have more than "
            f"{MAX_RELEASED_BYTES // 1_000_000} MB together: let the notebooks load what is larger"
        )
    contents = {stem: nbformat.writes(notebook) for stem, notebook in released.items()}
    for stem, content in contents.items():  # an author's slip would fail everyone, one by one
        try:
            exercises_of(content)
        except ValueError as problem:
            raise ValueError(f"{folder / stem}.ipynb: {problem}") from None
    return Assignment(name, released, contents, files, secret, limits, trusted)


def read_submission(student: str, folder: Path, assignment: Assignment) -> HandedIn:
    """Take in one student's submission; never raises because of what it holds."""
    if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
        problem = "The submission's folder is a link or a file, which is not opened."
        return HandedIn(
            student,
            folder,
            None,
            (),
            tuple(_refusal(student, name, problem, assignment) for name in assignment.released),
            {},
            {},
        )
    files, left_aside = _files(folder, assignment.files)
    intake = take_in(folder, assignment.released, left_aside)
    files |= assignment.files
    if not intake.notebooks and not intake.refused:
        intake.refused[""] = _no_notebook(sorted(files.keys() - assignment.files), assignment)
    unknown = [words for name, words in intake.refused.items() if name not in assignment.released]
    missing = [name for name in assignment.released if name not in intake.notebooks]
    reasons = {
        name: " ".join([intake.refused[name]] if name in intake.refused else unknown)
        for name in missing
    }
    incidents = {
        name: tuple(Incident(IncidentKind.REPAIRED, words) for words in notes)
        for name, notes in intake.notes.items()
    }
    return HandedIn(
        student,
        folder,
        _timestamp(folder),
        tuple(
            _task(student, name, notebook, files, assignment)
            for name, notebook in intake.notebooks.items()
        ),
        tuple(
            _refusal(student, name, reason, assignment)
            for name, reason in reasons.items()
            if reason
        ),
        incidents,
        files,
    )


def _no_notebook(handed_in: Sequence[str], assignment: Assignment) -> str:
    if not handed_in:
        return "Nothing was handed in: the folder is empty."
    found = ", ".join(as_shown(name) for name in handed_in[:3]) + ", …" * (len(handed_in) > 3)
    wanted = ", ".join(f"{name}.ipynb" for name in assignment.released)
    return (
        f"No notebook was handed in: the folder holds {found}. "
        f"Hand in {wanted}, as downloaded from the course."
    )


def _task(
    student: str,
    name: str,
    notebook: NotebookNode,
    files: Mapping[str, bytes],
    assignment: Assignment,
) -> Task:
    content = json.dumps(notebook, ensure_ascii=False)  # for machines: nbformat's form is slow
    seed = submission_seed(assignment.secret, student, assignment.name, content)
    released = assignment.released[name]
    key = result_key(
        content, files, assignment.contents[name], seed, assignment.limits, assignment.trusted
    )
    return Task(
        student=student,
        assignment=assignment.name,
        notebook=name,
        content=content,
        files=dict(files),
        seed=seed,
        key=key,
        limits=assignment.limits,
        released=frozenset(cell.source for cell in released.cells),
    )


def _refusal(student: str, name: str, reason: str, assignment: Assignment) -> Result:
    """A result without a point: the notebook as released, headed by the reason."""
    notebook = nbformat.reads(assignment.contents[name], as_version=4)
    words = reason.replace("\n", " ")
    notebook.cells.insert(
        0, new_markdown_cell(f"> **{NOT_GRADED}**\n>\n> {words}", id="about-the-file")
    )
    graded = [cell for cell in notebook.cells if is_grade(cell)]
    for cell in graded:
        if cell.cell_type == "code":
            cell.outputs = [new_output("execute_result", {"text/plain": "0.0"})]
    content = nbformat.writes(notebook)
    return Result(
        student,
        assignment.name,
        name,
        result_key(content, {}, content, 0, assignment.limits),
        content,
        {cell.metadata.nbgrader.grade_id: 0.0 for cell in graded},
        {
            cell.metadata.nbgrader.grade_id: None
            for cell in notebook.cells
            if is_solution(cell) or is_task(cell)
        },
        incidents=(Incident(IncidentKind.REFUSED, reason),),
    )


def _timestamp(folder: Path) -> datetime | None:
    """When it was handed in, as nbgrader noted it; None where that is not to be read."""
    path = folder / TIMESTAMP
    try:
        if stat.S_ISREG(path.lstat().st_mode) and path.stat().st_size < 200:
            return parse_utc(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError, OverflowError):
        pass
    return None


def _files(folder: Path, released: Iterable[str]) -> tuple[dict[str, bytes], list[str]]:
    """The plain files beside the notebooks, and what was left aside, in words.

    Raises OSError for what the instructor may not read: that is not the student's fault.
    """
    files: dict[str, bytes] = {}
    notes: list[str] = []
    left = MAX_FILE_BYTES
    for place, folders, names in os.walk(folder, onerror=_raise):
        room = MAX_NAME_BYTES - len(os.fsencode(os.path.relpath(place, folder)))
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and len(os.fsencode(name)) < room
        )
        for name in sorted(names):
            path = Path(place, name)
            shown = os.path.relpath(path, folder)
            if shown == TIMESTAMP or (place == str(folder) and name.endswith(".ipynb")):
                continue
            named = f"`{as_shown(shown)}`"
            try:
                about = path.lstat()
                if len(os.fsencode(shown)) > MAX_NAME_BYTES or not _is_text(shown):
                    notes.append(f"{named} has a name that is too long or no text.")
                elif not stat.S_ISREG(about.st_mode):
                    notes.append(f"{named} is a link or no plain file; it was left aside.")
                elif _is_in_the_way(shown, released):
                    notes.append(f"{named} is where another file belongs; left aside.")
                elif about.st_size > left or len(files) >= MAX_FILES:
                    notes.append(f"{named} is more than is taken in; it was left aside.")
                else:
                    files[shown] = path.read_bytes()
                    left -= about.st_size
            except FileNotFoundError:
                notes.append(f"{named} is not there any more.")
    return files, notes[:20]


def _raise(problem: OSError) -> None:
    raise problem


def _is_text(name: str) -> bool:
    """Whether a file's name is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_in_the_way(name: str, released: Iterable[str]) -> bool:
    """Whether a file takes the place of one that is written, or a folder does."""
    top = name.partition("/")[0]
    return (top != name and (top == TIMESTAMP or top.endswith(".ipynb"))) or any(
        name.startswith(f"{other}/") or other.startswith(f"{name}/") for other in released
    )
