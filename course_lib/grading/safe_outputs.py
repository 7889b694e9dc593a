"""What a student's process printed and drew, made safe to show in nbgrader's pages.

Those pages take over the HTML and the scripts of outputs as they are, so only text and pictures
are kept. The outputs come from a process that may send anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from course_lib.checks.base import Plain
from course_lib.grading.legible import cut, legible
from course_lib.grading.pictures import safe_picture

_MORE = "\n[More was printed or drawn than is shown here.]\n"
_MAX_ERROR = 20_000  # bytes that are kept back for errors, which matter most and come last
_MAX_LINES = 40  # of a traceback
_MAX_NAME = 200
_PICTURES = ("image/png", "image/jpeg")
_EMPTY_OUTPUT = 200  # bytes that an output takes beside its content


def safe_outputs(outputs: Iterable[Plain], max_bytes: int) -> list[NotebookNode]:
    """The outputs as valid nbformat in the same order, cut where they exceed `max_bytes`.

    Neighbouring pieces of one stream become one output, and what is malformed is left out. A line
    of text at the end says that something was cut; an error is kept even then.
    """
    kept: list[NotebookNode] = []
    rooms = {True: min(_MAX_ERROR, max_bytes // 2)}
    rooms[False] = max_bytes - rooms[True]
    was_cut = False
    for output in _cleaned(outputs):
        is_error = output.output_type == "error"
        room = rooms[is_error] - _EMPTY_OUTPUT
        if output.output_type == "stream" and 0 < room < _size(output):
            output.text = cut(output.text, room)
            was_cut = True
        if _size(output) > room:
            was_cut = True
        else:
            rooms[is_error] = room - _size(output)
            kept.append(output)
    return [*kept, _stream("stdout", _MORE)] if was_cut else kept


def _cleaned(outputs: Iterable[Plain]) -> Iterator[NotebookNode]:
    for kind, group in itertools.groupby(filter(_is_fields, outputs), _kind):
        if kind in ("stdout", "stderr"):
            if text := legible("".join(_text(output.get("text")) for output in group)):
                yield _stream(kind, text)
        elif kind == "error":
            yield from map(_error, group)
        elif kind in ("display_data", "execute_result"):
            yield from map(_bundle, group)


def _is_fields(output: Plain) -> bool:
    return isinstance(output, dict)


def _kind(output: dict) -> Plain:
    """The type of an output, the name of the stream for a stream."""
    kind = output.get("output_type")
    if kind == "stream":
        return "stderr" if output.get("name") == "stderr" else "stdout"
    return kind


def _stream(name: str, text: str) -> NotebookNode:
    return NotebookNode(output_type="stream", name=name, text=text)


def _error(output: dict) -> NotebookNode:
    lines = output.get("traceback")
    lines = lines[-_MAX_LINES:] if isinstance(lines, list) else []
    return NotebookNode(
        output_type="error",
        ename=_short(output.get("ename"), _MAX_NAME),
        evalue=_short(output.get("evalue"), _MAX_ERROR // 10),
        traceback=[_short(line, _MAX_ERROR // 2 // _MAX_LINES) for line in lines],
    )


def _bundle(output: dict) -> NotebookNode:
    """A picture, or text, or what stands for another kind of output."""
    data = output.get("data")
    data = data if isinstance(data, dict) else {}
    pictures = {
        name: safe_picture(name, _text(data.get(name))) for name in _PICTURES if name in data
    }
    shown = {name: content for name, content in pictures.items() if content}
    if text := legible(_text(data.get("text/plain"))):
        shown["text/plain"] = text
    if not shown:
        names = ", ".join(_short(name, 50) for name in list(data)[:5]) or "no type"
        shown["text/plain"] = f"[An output that is not shown here: {names}.]"
    kept = NotebookNode(
        output_type=output["output_type"], data=NotebookNode(shown), metadata=NotebookNode()
    )
    if kept.output_type == "execute_result":
        count = output.get("execution_count")
        kept.execution_count = count if type(count) is int and 0 <= count < 2**31 else None
    return kept


def _text(value: Plain) -> str:
    """The text of a field, which nbformat allows to be a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _short(value: Plain, max_bytes: int) -> str:
    return cut(legible(_text(value)[: 10 * max_bytes]), max_bytes)


def _size(output: NotebookNode) -> int:
    """The bytes of an output's content."""
    if output.output_type == "stream":
        parts = [output.text]
    elif output.output_type == "error":
        parts = [output.ename, output.evalue, *output.traceback]
    else:
        parts = output.data.values()
    return sum(len(part.encode()) for part in parts)
