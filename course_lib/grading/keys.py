"""Name everything that a result depends on, and draw each submission's cases from a secret."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import platform
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import nbformat

import course_lib
from course_lib.grading.cells import parse_test
from course_lib.grading.tasks import Limits
from course_lib.import_graph import imported_files

_ROOT = Path(course_lib.__file__).parents[1]
_LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "ipython", "nbgrader")
_TOOLS = ("checks", "grading", "widgets", "cli.py", "doctor.py")  # the rest is what is taught
_VERDICT = ("grading.worker", "grading.sandbox.warm")  # with all that they import
_SECRET_BYTES = 32


def result_key(
    content: str,
    files: Mapping[str, bytes],
    released: str,
    seed: int,
    limits: Limits,
    trusted: bool = False,
    root: Path = _ROOT,
) -> str:
    """The name of all that a result depends on: the same key means the same result.

    Args:
        content: the notebook as it was taken in.
        files: what else was handed in, by its path.
        released: the notebook as it was released, which names its exercises.
        seed: of the submission's cases.
        limits: what the notebook may use.
        trusted: whether it is run without a sandbox.
        root: the folder of the course_lib whose sources count.

    Raises ValueError for a released notebook whose exercise has no check.
    """
    parts = {
        "content": _digest(content.encode()),
        "files": {path: _digest(file) for path, file in files.items()},
        "released": _digest(released.encode()),
        "seed": seed,
        "limits": vars(limits),
        "trusted": trusted,
        "sources": _sources(exercises_of(released), root),
        "versions": versions(),
    }
    return _digest(json.dumps(parts, sort_keys=True).encode())


@functools.cache
def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that grades depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}


@functools.cache
def environment() -> dict[str, str]:
    """The versions, course_lib's among them: what two machines must share to grade alike."""
    return versions() | {
        "course_lib": _digest_of_files((_ROOT / "course_lib").rglob("*.py"), _ROOT)
    }


@functools.cache
def _sources(exercises: frozenset[str], root: Path) -> str:
    """The digest of all code of the course that decides how exercises are graded."""
    package = root / "course_lib"
    framework = [file.stem for file in (package / "checks").glob("*.py")]
    modules = [*_VERDICT, *(f"checks.{name}" for name in framework)]
    modules += [_check_of(exercise, package) for exercise in exercises]
    files = imported_files(root, [f"import course_lib.{module}" for module in modules])
    files |= {
        file for file in package.rglob("*.py") if file.relative_to(package).parts[0] not in _TOOLS
    }
    return _digest_of_files(files, root)


@functools.lru_cache
def exercises_of(released: str) -> frozenset[str]:
    """The ids of the exercises that a released notebook's test cells check.

    Raises ValueError for a test cell that is not the one line, or names no check.
    """
    found = set()
    for cell in nbformat.reads(released, as_version=4).cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade") and not marks.get("solution"):
            exercise, _ = parse_test(cell.source)
            _check_of(exercise, _ROOT / "course_lib")
            found.add(exercise)
    return frozenset(found)


def _check_of(exercise: str, package: Path) -> str:
    """The module of an exercise's check, which is not imported: that would import torch."""
    module = f"checks.{exercise.replace('-', '_').replace('/', '.')}"
    path = package.joinpath(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        raise ValueError(f"exercise {exercise!r} has no check: there is no {path}")
    return module


def _digest_of_files(files: Iterable[Path], root: Path) -> str:
    contents = {path.relative_to(root).as_posix(): _digest(path.read_bytes()) for path in files}
    return _digest(json.dumps(contents, sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def submission_seed(secret: bytes, student: str, assignment: str, content: str) -> int:
    """The seed of a submission's cases: 63 bits that nobody can tell without the secret."""
    message = json.dumps([student, assignment, content]).encode()
    return int.from_bytes(hmac.digest(secret, message, "sha256")[:8]) >> 1


def course_secret(folder: Path) -> bytes:
    """The course's secret of 32 random bytes, made by the first call, readable by its owner alone.

    Raises ValueError if the file holds anything else, and OSError if it cannot be read or made.
    """
    path = folder / "grading_secret"
    if not path.exists():
        _create_secret(path)
    try:
        secret = path.read_bytes()
    except OSError as problem:
        raise OSError(problem.errno, f"cannot read it: {problem.strerror}", str(path)) from None
    if len(secret) != _SECRET_BYTES:
        raise ValueError(
            f"{path} must hold {_SECRET_BYTES} bytes, but holds {len(secret)}: put the file back "
            "from a backup, or delete it to grade everything again with other cases"
        )
    return secret


def _create_secret(path: Path) -> None:
    """Make the file in one step: of two processes that do this at once, one is heeded by both."""
    own = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(secrets.token_bytes(_SECRET_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):  # another process was first
            os.link(own, path)
    except OSError as problem:
        raise OSError(problem.errno, f"cannot write it: {problem.strerror}", str(path)) from None
    finally:
        with suppress(OSError):
            own.unlink()
