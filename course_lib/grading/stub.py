"""Turn a reference of course_lib into an answer cell: its source with solution regions marked."""

from __future__ import annotations

import ast
import importlib.util
import textwrap
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.imports import Imports
from course_lib.grading.source import Answer, AuthorError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Reference:
    """A function or class at the top level of a module of course_lib."""

    module: str
    name: str
    node: Function | ast.ClassDef
    tree: ast.Module
    lines: tuple[str, ...]  # of the module


def find_reference(answer: Answer) -> Reference:
    """Read the source of an answer's reference, without running it."""
    module, _, name = answer.reference.rpartition(".")
    text = _source_of(module, answer.place)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as problem:
        raise AuthorError(f"{answer.place}: {module} is not valid Python: {problem}") from None
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and node.name == name:
            return Reference(module, name, node, tree, tuple(text.splitlines()))
    raise AuthorError(
        f"{answer.place}: {module} defines no function or class {name!r} at its top level; "
        "mend the marker's name"
    )


def _source_of(module: str, place: str) -> str:
    """The text of a module."""
    try:
        spec = importlib.util.find_spec(module)
    except Exception:  # it imports the packages above the module, which may fail in any way
        spec = None
    if spec is None or not spec.origin:
        raise AuthorError(f"{place}: there is no module {module!r}; mend the marker's name")
    path = Path(spec.origin)
    if path.suffix != ".py":
        raise AuthorError(
            f"{place}: {module!r} is built in or compiled; name an object that has Python source"
        )
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise AuthorError(f"{place}: {path} cannot be read: {problem}") from None


def answer_source(reference: Reference, answer: Answer) -> str:
    """The reference's source with every body between solution markers, the commentary in the last.

    Signatures and docstrings stay outside, so students get them. Methods named in `answer.given`
    stay whole.
    """
    node = reference.node
    methods = [item for item in node.body if isinstance(item, Function)]
    functions = [node] if isinstance(node, Function) else methods
    if missing := set(answer.given) - {method.name for method in functions}:
        raise AuthorError(f"{answer.place}: {reference.name} has no method {sorted(missing)[0]!r}")
    lines = list(reference.lines)
    regions = [
        _region(function, lines, answer)
        for function in functions
        if function.name not in answer.given
    ]
    for number, (start, end) in reversed(list(enumerate(regions))):
        indent = " " * (len(lines[start]) - len(lines[start].lstrip()))
        comments = ""
        if number == len(regions) - 1 and answer.commentary:
            comments = textwrap.indent(answer.commentary, indent, lambda line: True)
        lines[start:end] = [
            indent + BEGIN,
            *lines[start:end],
            *([""] * bool(comments)),
            *(line.rstrip() for line in comments.splitlines()),
            indent + END,
        ]
    added = len(lines) - len(reference.lines)
    first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
    return "\n".join(lines[first - 1 : (node.end_lineno or 0) + added])


def _region(function: Function, lines: list[str], answer: Answer) -> tuple[int, int]:
    """The lines [start, end) of a function's body after its docstring, counted from 0."""
    first, *rest = function.body
    has_docstring = ast.get_docstring(function) is not None
    if has_docstring and rest:
        start = first.end_lineno or 0
        while not lines[start].strip():
            start += 1
    else:
        start = min(item.lineno for item in [first, *getattr(first, "decorator_list", ())]) - 1
        while lines[start - 1].lstrip().startswith("#"):
            start -= 1
    if (has_docstring and not rest) or start < function.lineno:
        raise AuthorError(
            f"{answer.place}: the body of {function.name!r} must stand on lines of its own, "
            "after the signature and the docstring"
        )
    return start, function.end_lineno or 0


def add_imports(reference: Reference, answered: frozenset[str], place: str, to: Imports) -> None:
    """Add what the reference's source needs to run in a notebook, its module's own names included.

    Left out are the names that students write in the same notebook: `imports_before` has them.

    Raises AuthorError where it needs what students write in the same notebook and its own module
    defines: then one mistake of theirs would be charged twice.
    """
    used = _used(reference)
    for statement in _imports_of(reference):
        to.add(statement, only=used - answered)
    for name in sorted(used & _defined(reference.tree)):
        if name in answered:
            raise AuthorError(
                f"{place}: the reference {reference.name!r} calls {name!r}, which students write "
                "in the same notebook; let it stand alone, or move one of them to another notebook"
            )
        to.add_name(reference.module, name)


def imports_before(reference: Reference, answered: frozenset[str]) -> str:
    """The imports that take the place of what students wrote higher up, "" where none is needed.

    So a later answer stands on course_lib, and no mistake is charged twice.
    """
    found, borrowed = Imports(), _used(reference) & answered
    for statement in _imports_of(reference) if borrowed else ():
        if getattr(statement, "module", "") != "__future__":
            found.add(statement, only=borrowed)
    return str(found)


def _used(reference: Reference) -> set[str]:
    """The names in the reference's source, but for its own."""
    used = {node.id for node in ast.walk(reference.node) if isinstance(node, ast.Name)}
    return used - {reference.name}


def _imports_of(reference: Reference) -> list[ast.Import | ast.ImportFrom]:
    return [item for item in reference.tree.body if isinstance(item, ast.Import | ast.ImportFrom)]


def _defined(tree: ast.Module) -> set[str]:
    """The functions, classes and variables at the top level of a module."""
    names = {item.name for item in tree.body if isinstance(item, Function | ast.ClassDef)}
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names
