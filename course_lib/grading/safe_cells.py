"""A student's notebook, made safe to show in nbgrader's pages and to open in Jupyter."""

from __future__ import annotations

import re
from collections.abc import Collection

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_lib.grading.legible import storable
from course_lib.grading.pictures import safe_picture
from course_lib.grading.safe_markdown import as_text, is_harmless

MAX_CELLS = 1_000  # of the student's own
MAX_SHOWN = 300_000  # characters of all changed or own cells: pages highlight 20,000 a second
MAX_CELL = 50_000
MAX_LINE = 2_000  # the highlighter's time grows with the square of a line's length
MAX_RENDERED = 200_000  # characters of markdown that are rendered to see what they do
_MAX_ATTACHED = 10  # pictures of one cell
_AS_TEXT = "*This cell holds more than plain formatting, so it is shown as text.*"
_LONG_LINE = "  # [the rest of this line is not shown: it is too long]"
_LONG_CELL = "\n# [The rest of this cell is not shown: it is too long.]\n"
_TOO_MANY = f"*Only the first {MAX_CELLS:,} cells are shown.*"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")  # all but \t, \n, \f and \r
_TAG = re.compile(r"[\w.-]{1,50}", re.ASCII)
_METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def safe_cells(notebook: NotebookNode, released: Collection[str] = frozenset()) -> None:
    """Keep in a valid notebook what is safe to show; outputs are left as they are.

    Args:
        notebook: changed in place. What is harmless and not too long stays byte for byte; other
            markdown, and raw cells with HTML, become text. nbgrader's metadata stay, and must be
            the released ones.
        released: the sources of the released cells, which are never changed.
    """
    notebook.metadata = NotebookNode(_METADATA)
    own = [cell for cell in notebook.cells if "nbgrader" not in cell.metadata]
    if len(own) > MAX_CELLS:
        dropped = {id(cell) for cell in own[MAX_CELLS:]}
        notebook.cells = [cell for cell in notebook.cells if id(cell) not in dropped]
        notebook.cells.append(new_markdown_cell(_TOO_MANY, id="too-many-cells"))
    shown, rendered = MAX_SHOWN, MAX_RENDERED  # what is left of them
    for number, cell in enumerate(notebook.cells):
        cell.metadata = _metadata(cell.metadata)
        if "attachments" in cell:
            cell.attachments = _pictures(cell.attachments)
        if cell.source not in released or "attachment:" in cell.source:
            cell.source = _bounded(cell, min(shown, MAX_CELL))
            shown -= len(cell.source)
            rendered -= len(cell.source) * (cell.cell_type == "markdown")
            if not _stays(cell, rendered):
                text = f"{_AS_TEXT}\n\n{as_text(cell.source)}"
                notebook.cells[number] = new_markdown_cell(text, id=cell.id, metadata=cell.metadata)


def _stays(cell: NotebookNode, room: int) -> bool:
    """Whether a cell's source may be shown by the renderers of its type."""
    if cell.cell_type == "markdown":
        return room >= 0 and is_harmless(cell.source, cell.get("attachments"))
    return cell.cell_type == "code" or not set("<&") & set(cell.source)


def _bounded(cell: NotebookNode, room: int) -> str:
    source = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", storable(cell.source))
    if cell.cell_type == "code" and len(source) > MAX_LINE:
        lines = (_bounded_text(line, MAX_LINE, _LONG_LINE) for line in source.split("\n"))
        source = "\n".join(lines)
    return _bounded_text(source, max(room, 0), _LONG_CELL)


def _bounded_text(text: str, length: int, note: str) -> str:
    return text if len(text) <= length else text[:length] + note


def _metadata(metadata: NotebookNode) -> NotebookNode:
    """What nbgrader and Jupyter need of a cell's metadata."""
    kept = {name: metadata[name] for name in ("nbgrader",) if name in metadata}
    for name in ("deletable", "editable"):
        if type(metadata.get(name)) is bool:
            kept[name] = metadata[name]
    tags = metadata.get("tags")
    if isinstance(tags, list):
        plain = [tag for tag in tags[:20] if isinstance(tag, str) and _TAG.fullmatch(tag)]
        kept["tags"] = list(dict.fromkeys(plain))
    return NotebookNode(kept)


def _pictures(attachments: NotebookNode) -> NotebookNode:
    """The attachments that are pictures, each in the first of its types that is one."""
    kept = NotebookNode()
    for name, bundle in list(attachments.items())[:_MAX_ATTACHED]:
        for mime_type, content in bundle.items():
            picture = safe_picture(mime_type, content)
            if picture:
                kept[name] = NotebookNode({mime_type: picture})
                break
    return kept
