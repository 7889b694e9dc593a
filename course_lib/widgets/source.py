"""Joins the JavaScript files of a widget into the one self-contained module that anywidget wants.

The files are plain scripts that share one module's scope. Only a widget's own file, which comes
last, exports anything: `default` for anywidget, and its computing functions for the tests.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
SHARED = ("plot.js", "controls.js")


def source(*names: str) -> str:
    """The text of the shared files and then of `names`, from this folder, as one ES module."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in (*SHARED, *names))
