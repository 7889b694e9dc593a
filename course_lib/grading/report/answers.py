"""What a student wrote, by exercise, from the notebook's answer cells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable


def in_reading_order(notebooks: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Notebooks, as name and content, by the numbers in their titles ("Exercises 1.3: …")."""
    return sorted(notebooks, key=lambda item: (_numbers(item[1]), item[0]))


def _numbers(content: str) -> list[int]:
    cells = json.loads(content).get("cells")
    first = "".join(cells[0]["source"]) if cells else ""
    return [int(number) for number in re.findall(r"\d+", first.partition("\n")[0])]


def answers(content: str) -> dict[str, str]:
    """The code of the answer cells before each test cell, by the test's grade id.

    A notebook without content, as of a file that could not be read, holds no answer. Raises
    ValueError for anything else that is not a notebook.
    """
    if not content:
        return {}
    found: dict[str, str] = {}
    waiting: list[str] = []
    try:
        for cell in json.loads(content)["cells"]:
            metadata = cell["metadata"].get("nbgrader", {})
            if metadata.get("grade"):
                found[str(metadata["grade_id"])] = "\n\n".join(waiting)
                waiting = []
            elif metadata.get("solution"):
                waiting.append("".join(cell["source"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise ValueError(f"not a notebook: {type(problem).__name__} {problem}") from None
    return found
