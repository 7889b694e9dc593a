"""Who has handed something in, by nbgrader's own folders."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from course_lib.grading.intake import as_shown


def students_of(directory: CourseDirectory, assignment: str) -> list[tuple[str, Path]]:
    """Everyone who has handed something in, and where."""
    pattern = re.compile(
        directory.format_path(
            directory.submitted_directory, "(?P<student>[^/]+)", assignment, escape=True
        )
    )
    root = Path(directory.format_path(directory.submitted_directory, "*", assignment))
    found = []
    for folder in Path(root.anchor).glob(str(root.relative_to(root.anchor))):
        match = pattern.fullmatch(str(folder))
        if match and not match["student"].startswith("."):
            found.append((match["student"], folder))
    if not found:
        raise LookupError(f"nothing was handed in: there is no folder {root}")
    return sorted(found)


def misplaced(directory: CourseDirectory, assignment: str) -> list[tuple[str, str]]:
    """Students whose notebooks lie where no grader looks for them, and a sentence about it."""
    found = []
    root = Path(directory.format_path(directory.submitted_directory, "*", assignment)).parent
    for folder in Path(root.anchor).glob(str(root.relative_to(root.anchor))):
        if (
            folder.name.startswith(".")
            or not folder.is_dir()
            or os.path.lexists(folder / assignment)
        ):
            continue
        with suppress(OSError):  # a folder that cannot be looked into
            loose = [path.name for path in folder.glob("*.ipynb")]
            alike = [
                path.name
                for path in folder.iterdir()
                if _letters(path.name) == _letters(assignment)
            ]
            for name in [*loose[:1], *alike[:1]]:
                words = (
                    f"{as_shown(name)} lies where nothing is graded: it belongs to {assignment}/."
                )
                found.append((folder.name, words))
    return sorted(found)


def _letters(name: str) -> str:
    """A name without what people change when they type it."""
    return re.sub(r"[\W_]", "", name).casefold()
