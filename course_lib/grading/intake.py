"""Take in what a student handed in: sort the files, and say in plain words what is wrong with one.

nbgrader gives up on a file that is no notebook, and grades a renamed one with 0 and no word.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_lib.grading.legible import storable
from course_lib.grading.repair import grade_ids, repair, solution_ids

REPAIRED = "About the file you handed in"  # heads the notes that a student reads
MAX_BYTES = 20_000_000  # of a file; outputs count here, but are dropped
MAX_CELLS = 2_000
MAX_SOURCE = 2_000_000  # characters in all cells together
MAX_NOTEBOOKS = 50  # in one submission
MAX_MARKS = 2_000  # characters of nbgrader's metadata of a cell
MAX_PICTURES = 20  # pasted into one cell


@dataclass
class Intake:
    """One student's submission, sorted."""

    notebooks: dict[str, NotebookNode] = field(default_factory=dict)  # by the released name
    notes: dict[str, list[str]] = field(default_factory=dict)  # what was repaired, by that name
    refused: dict[str, str] = field(default_factory=dict)  # why a file cannot be graded, by name


def take_in(
    folder: Path, released: Mapping[str, NotebookNode], about_files: Iterable[str] = ()
) -> Intake:
    """Read every notebook in a submission's folder and prepare it for nbgrader.

    `about_files` is what else the student should hear: notes on the files beside the notebooks.
    Raises OSError for a file that the instructor may not read.
    """
    intake = Intake()
    paths = sorted(folder.glob("*.ipynb"), key=lambda path: (path.stem not in released, path.name))
    for path in paths[:MAX_NOTEBOOKS]:
        file, stem = as_shown(path.name), storable(path.stem)
        try:
            notebook = _read(path)
        except ValueError as problem:
            intake.refused[stem] = str(problem)
            continue
        name = stem if stem in released else _recognise(notebook, released)
        if name is None:
            intake.refused[stem] = (
                f"{file} holds no answer of this assignment. Answer in the notebook that was "
                f"released ({', '.join(f'{known}.ipynb' for known in released)}) and hand that in."
            )
        elif name in intake.notebooks:
            intake.notes[name].append(f"{file} was left aside: {name}.ipynb was graded.")
        elif not grade_ids(notebook) & solution_ids(released[name]):
            intake.refused[name] = (
                f"{file} is empty: none of the answer cells is there. Perhaps it was saved "
                "before it had loaded. Download the notebook again, answer in it, and hand it in."
            )
        else:
            notes = intake.notes.setdefault(name, [])
            if name != stem:
                notes.append(f"The file was called {file}; it was graded as {name}.ipynb.")
            if intake.refused.pop(name, None):
                notes.append(f"{name}.ipynb is broken or empty; it was not used.")
            notes += repair(notebook, released[name])
            intake.notebooks[name] = notebook
    for name, notebook in intake.notebooks.items():
        notes = intake.notes[name]
        notes += about_files
        if notes:
            notebook.cells.insert(0, _notes_cell(notes))
    return intake


def as_shown(name: str) -> str:
    """A file's name for a sentence in Markdown, in which it must stay a name."""
    return html.escape(re.sub(r"[^\w ./()&<>-]", "\N{REPLACEMENT CHARACTER}", name[:100]))


def _read(path: Path) -> NotebookNode:
    """The notebook in a file, without outputs; raises ValueError with words for the student."""
    again = (
        "Save the notebook as .ipynb (not as text, HTML or Python), open it once to see that it "
        "works, and hand it in again."
    )
    file = as_shown(path.name)
    if path.is_symlink() or not path.is_file():  # a link could lead to the solutions
        raise ValueError(f"{file} is a folder or a link, not a file. {again}")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(
            f"{file} is larger than {MAX_BYTES // 1_000_000} MB. Clear the outputs of all cells, "
            "save it, and hand it in again."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a sign first
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(
            f"{file} is not a notebook: its content breaks off or is not JSON{where}. {again}"
        ) from None
    except (ValueError, RecursionError):  # a number or a nesting beyond what Python reads
        raise ValueError(f"{file} is JSON but not a notebook. {again}") from None
    try:
        _require_a_readable_size(content["cells"], file)
        content = {
            "nbformat": content["nbformat"],
            "nbformat_minor": content["nbformat_minor"],
            "metadata": {},
            "cells": [_needed(cell) for cell in content["cells"]],
        }
        if content["nbformat"] == 4:  # copied cells carry the same id twice
            content["nbformat_minor"] = 5
            for number, cell in enumerate(content["cells"]):
                cell["id"] = f"cell-{number}"
        text = storable(json.dumps(content, ensure_ascii=False))
        notebook = nbformat.convert(nbformat.reader.reads(text), 4)
        nbformat.validate(notebook)
        nbformat.v4.writes(notebook)  # fails where something is nested too deeply
    except OversizedError as problem:
        raise ValueError(str(problem)) from None
    except Exception:  # nbformat raises many kinds, none of which would help a student
        raise ValueError(f"{file} is JSON but not a notebook. {again}") from None
    return notebook


def _needed(cell: dict) -> dict:
    """A cell with all that grading needs of it and nothing else, which could be of any size."""
    kept = {"cell_type": cell["cell_type"], "source": cell["source"], "metadata": {}}
    marks = cell.get("metadata", {}).get("nbgrader")
    if marks is not None and len(json.dumps(marks)) < MAX_MARKS:
        kept["metadata"]["nbgrader"] = marks
    if cell["cell_type"] == "code":
        kept |= {"outputs": [], "execution_count": None}
    elif pictures := cell.get("attachments"):
        bundles = dict(list(pictures.items())[:MAX_PICTURES])
        if all(len(bundle) == 1 for bundle in bundles.values()):
            kept["attachments"] = bundles
    return kept


class OversizedError(Exception):
    """A notebook that no person has written."""


def _require_a_readable_size(cells: list[dict], file: str) -> None:
    size = sum(len(json.dumps(cell.get("source", ""))) for cell in cells)
    if len(cells) > MAX_CELLS or size > MAX_SOURCE:
        raise OversizedError(
            f"{file} holds {len(cells):,} cells with {size:,} characters; {MAX_CELLS:,} and "
            f"{MAX_SOURCE:,} are the most that is read. Answer in a fresh copy of the released "
            "notebook and hand that in."
        )


def _recognise(notebook: NotebookNode, released: Mapping[str, NotebookNode]) -> str | None:
    """The released notebook that shares the most graded cells with this one."""
    shared = {name: len(grade_ids(notebook) & grade_ids(released[name])) for name in released}
    best = max(shared, key=lambda name: shared[name])
    return best if shared[best] else None


def _notes_cell(notes: list[str]) -> NotebookNode:
    lines = "\n".join(f"> - {note}" for note in notes)
    return new_markdown_cell(f"> **{REPAIRED}**\n>\n{lines}", id="about-the-file")
