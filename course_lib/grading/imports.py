"""The imports that references need, merged with those that an author writes."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable


class Imports:
    """A set of import statements, written out in sorted groups."""

    def __init__(self) -> None:
        self._plain: set[str] = set()
        self._named: dict[str, set[str]] = {}

    def add(
        self, statement: ast.Import | ast.ImportFrom, only: Iterable[str] | None = None
    ) -> None:
        """Add a statement, or of it only what binds one of the names in `only`."""
        for alias in statement.names:
            bound = alias.asname or alias.name.split(".")[0]
            if (
                only is not None
                and bound not in only
                and statement_module(statement) != "__future__"
            ):
                continue
            written = alias.name + (f" as {alias.asname}" if alias.asname else "")
            if isinstance(statement, ast.Import):
                self._plain.add(written)
            else:
                self._named.setdefault(statement.module or "", set()).add(written)

    def add_name(self, module: str, name: str) -> None:
        """Add `from module import name`."""
        self._named.setdefault(module, set()).add(name)

    def take_from(self, code: str) -> str:
        """Add the import statements at the top level of some code; return the code without them."""
        lines = code.splitlines()
        for statement in ast.parse(code).body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self.add(statement)
                for number in range(statement.lineno - 1, statement.end_lineno or 0):
                    lines[number] = ""
        return "\n".join(lines).strip("\n")

    def __str__(self) -> str:
        """The statements: the standard library, other packages, then course_lib."""
        statements = [(name.split(" ")[0], f"import {name}") for name in sorted(self._plain)]
        statements += [
            (module, f"from {module} import {', '.join(sorted(names, key=_name_order))}")
            for module, names in sorted(self._named.items())
        ]
        groups: list[list[str]] = [[], [], [], []]
        for module, statement in statements:
            groups[_group(module)].append(statement)
        return "\n\n".join("\n".join(group) for group in groups if group)


def statement_module(statement: ast.Import | ast.ImportFrom) -> str:
    """The module that a statement names."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module or ""
    return statement.names[0].name


def _name_order(name: str) -> tuple[bool, str]:
    """Classes before functions, as ruff sorts."""
    return not name[0].isupper(), name.lower()


def _group(module: str) -> int:
    package = module.split(".")[0]
    if package == "__future__":
        return 0
    if package in sys.stdlib_module_names:
        return 1
    return 3 if package == "course_lib" else 2
