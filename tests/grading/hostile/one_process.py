"""A grader as nbgrader is one: cells, checks and the score in one process, without a sandbox.

    python -m hostile.one_process ID …

prints what each of these kinds scores there, as JSON. It shows that an attack is one: what gains
nothing here would prove nothing in the sandbox.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell

from course_lib.checks import catalogue
from course_lib.grading.cells import grade_id
from hostile.cohort import KINDS
from hostile.kind import NOTEBOOK, Kind

_TESTS = ("", "polynomial-features", "rmse")  # a wrong answer and a right one; "" is no test
RELEASED = Path(__file__).parents[3] / "exercises" / "ex1_overfitting" / f"{NOTEBOOK}.ipynb"


class _Shown(DisplayHook):
    """Keeps what a cell shows as its value, as a kernel would put it into the notebook."""

    last = ""

    def write_output_prompt(self) -> None: ...

    def write_format_data(self, format_dict, md_dict=None) -> None:
        _Shown.last = format_dict["text/plain"]


def score(kind: Kind) -> float:
    """The points of a notebook, by nbgrader's rule: the number that a test cell shows."""
    facts = {"n_first_cases": len(catalogue()["ex1_overfitting/rmse"].drawn_cases(0))}
    notebook = kind.notebook(nbformat.read(RELEASED, as_version=4), facts)
    shell = InteractiveShell.instance(displayhook_class=_Shown)
    points = 0.0
    for cell in notebook.cells:
        test = grade_id(cell) if grade_id(cell) and cell.metadata.nbgrader.grade else ""
        if cell.cell_type != "code" or "%pip" in cell.source:
            continue
        if test not in _TESTS:
            continue
        _Shown.last = ""
        shell.run_cell(cell.source)
        if test and _Shown.last:
            points += float(_Shown.last)
    return points


def _scored_apart(kind: Kind) -> float | None:
    """The score, from a process of its own; None if it could not tell."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            points = score(kind)
            os.write(writing, json.dumps(points).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as stream:
        said = stream.read()
    os.wait()
    return json.loads(said) if said else None


def main(ids: list[str]) -> None:
    """Score these kinds, with what they print thrown away."""
    by_id = {kind.id: kind for kind in KINDS}
    catalogue()
    result = os.dup(1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        os.environ["HOME"] = os.environ["IPYTHONDIR"] = home
        points = {id: _scored_apart(by_id[id]) for id in ids}
    os.write(result, json.dumps(points).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
