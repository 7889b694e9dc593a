"""Read an assignment's source: MyST text with a tag on every answer cell and every test cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode, ValidationError

from course_lib.grading.cells import parse_test

DISPLAY_TAGS = frozenset({"hide-cell", "hide-input", "hide-output", "remove-cell", "remove-output"})
_NAME = re.compile(r"(?P<assignment>ex\d+_[a-z0-9_]+)\.(?P<notebook>[a-z0-9_]+)\.md")
_MARKER = re.compile(r"#\s*answer:\s*(?P<reference>[\w.]+)\s*")
_GIVEN = re.compile(r"#\s*given:\s*(?P<names>[\w\s,]+)")
_LAST_FENCE = re.compile(r"^ {0,3}(?:`{3,}|~{3,})\s*(?:\+\+\+.*\s*)*\Z", re.MULTILINE)
_ODD_TAGS = re.compile(r"^:?tags:(?!\s*\[[\w\s,-]*\]\s*$).*", re.MULTILINE)


class AuthorError(ValueError):
    """A mistake in an assignment's source, told with the file, the cell and what to do."""


@dataclass(frozen=True)
class Text:
    """A markdown cell."""

    source: str


@dataclass(frozen=True)
class Code:
    """A code cell that students get as it stands."""

    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A marker for the object that students write."""

    place: str  # where it stands, for error messages
    reference: str  # dotted name in course_lib
    given: tuple[str, ...]  # methods whose body students get
    commentary: str  # comment lines for the solved notebook


@dataclass(frozen=True)
class Test:
    """The line that checks the answers before it."""

    place: str
    exercise: str  # id in the catalogue
    names: tuple[str, ...]  # the objects it hands over
    source: str


Cell = Text | Code | Answer | Test


def sources_of(folder: Path) -> dict[tuple[str, str], Path]:
    """The text sources in a folder by (assignment, notebook)."""
    found = {}
    for path in sorted(folder.glob("*.md")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise AuthorError(
                f"{path}: call it <assignment>.<notebook>.md, as in ex1_fits.lines.md"
            )
        found[match["assignment"], match["notebook"]] = path
    return found


def read_source(path: Path) -> list[Cell]:
    """The cells of one source; raises AuthorError for a cell that cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise AuthorError(f"{path.name}, line {line}: not UTF-8; save the file as UTF-8") from None
    cells = _cells(text, path.name)
    if cells and cells[-1].cell_type == "code" and not _LAST_FENCE.search(text):
        raise AuthorError(
            f"{path.name}, cell {len(cells)}: the cell does not end; add its last ```"
        )
    return [_read_cell(cell, f"{path.name}, cell {number}") for number, cell in enumerate(cells, 1)]


def _cells(text: str, file: str) -> list[NotebookNode]:
    """The cells of a text as jupytext reads them."""
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise AuthorError(f"{file}, line {line}: a NUL character; delete it")
    first, *others = text.splitlines() or [""]
    if first == "---" and "---" not in others:
        raise AuthorError(f"{file}, line 1: the front matter does not end; add a line '---'")
    try:
        return jupytext.reads(text, fmt="md:myst").cells
    except ValidationError as problem:
        raise AuthorError(
            f"{file}{_place_of_odd_tags(text)}: {problem.message}; write the tags of a cell as "
            "':tags: [answer]' and the front matter as 'name: value'"
        ) from None
    except Exception as problem:  # jupytext passes on many kinds, most of them YAML's
        raise AuthorError(f"{file}: the front matter or a cell's options: {problem}") from None


def _place_of_odd_tags(text: str) -> str:
    """Where the tags of a cell are no list of words, as ", line 12"; "" if they all are."""
    odd = _ODD_TAGS.search(text)
    return f", line {text[: odd.start()].count(chr(10)) + 1} ({odd[0]!r})" if odd else ""


def _read_cell(cell: NotebookNode, place: str) -> Cell:
    if cell.cell_type != "code":
        return Text(cell.source)
    place += f" ({cell.source.strip().splitlines()[0]!r})" if cell.source.strip() else " (empty)"
    if re.search("^```", cell.source, re.MULTILINE):
        raise AuthorError(f"{place}: the cell goes on into the next ```; add its own last ```")
    tags = tuple(cell.metadata.get("tags", ()))
    if tags == ("answer",):
        return _read_answer(cell.source, place)
    if tags == ("test",):
        return _read_test(cell.source, place)
    if unknown := [tag for tag in tags if tag not in DISPLAY_TAGS]:
        known = ", ".join(sorted(DISPLAY_TAGS))
        raise AuthorError(
            f"{place}: unknown tag {unknown[0]!r}; use 'answer' or 'test' alone, or one of {known}"
        )
    return Code(cell.source.rstrip(), tags)


def _read_answer(source: str, place: str) -> Answer:
    first, *rest = [line.rstrip() for line in source.strip().splitlines()] or [""]
    marker = _MARKER.fullmatch(first)
    if marker is None:
        raise AuthorError(f"{place}: begin an answer cell with '# answer: course_lib.module.name'")
    given: tuple[str, ...] = ()
    if rest and (match := _GIVEN.fullmatch(rest[0])):
        given = tuple(re.split(r"[\s,]+", match["names"].strip()))
        rest = rest[1:]
    if code := [line for line in rest if line and not line.startswith("#")]:
        raise AuthorError(
            f"{place}: only comment lines may follow the marker, found {code[0]!r}; "
            "the code comes from the reference"
        )
    commentary = "\n".join(rest).strip("\n")
    return Answer(place, marker["reference"], given, commentary)


def _read_test(source: str, place: str) -> Test:
    try:
        return Test(place, *parse_test(source), source.strip())
    except ValueError as problem:
        raise AuthorError(f"{place}: {problem}") from None
