"""Which files of a package some code depends on, found in its text: nothing is imported."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = "course_lib"


def imported_files(root: Path, code: Iterable[str]) -> set[Path]:
    """The files of course_lib under `root` that pieces of code import, and those that these do."""
    found: set[Path] = set()
    sources = list(code)
    while sources:
        for name in _imported_modules(sources.pop()):
            new = set(_module_files(root, name)) - found
            found |= new
            sources += [file.read_text("utf-8") for file in new]
    return found


@functools.cache  # most files are imported by many others
def _imported_modules(source: str) -> frozenset[str]:
    """Dotted names under course_lib that `source` imports; `from a import b` gives a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name for name in found if name.startswith(PACKAGE))


def _module_files(root: Path, name: str) -> Iterator[Path]:
    """The file of module `name`, and its packages' __init__.py."""
    path = root.joinpath(*name.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    if file.is_file():
        yield file
    if "." in name:
        yield from _module_files(root, name.rpartition(".")[0])
