"""Build every assignment's notebooks and keep the committed ones current."""

from __future__ import annotations

import tempfile
from pathlib import Path

from nbgrader.converters import GenerateAssignment

from course_lib.checks import catalogue
from course_lib.grading.build import solved_notebook
from course_lib.grading.course import repository_url, run_nbgrader
from course_lib.grading.files import write_atomically
from course_lib.grading.source import sources_of


def build_exercises(root: Path) -> dict[Path, bytes]:
    """Every generated notebook, solved and released, by its path relative to the course's root."""
    checks, repository = catalogue(), repository_url(root)
    solved = {
        Path("solutions", assignment, f"{name}.ipynb"): solved_notebook(
            source, assignment, checks, repository
        ).encode()
        for (assignment, name), source in sources_of(root / "solutions").items()
    }
    return solved | _released(root, solved)


def _released(root: Path, solved: dict[Path, bytes]) -> dict[Path, bytes]:
    """What nbgrader's own generate_assignment makes of the solved notebooks."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for path, content in solved.items():
            write_atomically(scratch / path, content)
        for assignment in sorted({path.parent.name for path in solved}):
            run_nbgrader(GenerateAssignment, root, scratch, assignment)
        return {
            path.relative_to(scratch): path.read_bytes()
            for path in sorted((scratch / "exercises").rglob("*.ipynb"))
        }


def stale_exercises(root: Path, built: dict[Path, bytes]) -> list[Path]:
    """The committed notebooks that differ from what was built, are missing, or have no source."""
    present = {
        path.relative_to(root)
        for folder in ("solutions", "exercises")
        for path in (root / folder).glob("*/*.ipynb")
    }
    changed = {
        path
        for path, content in built.items()
        if path not in present or (root / path).read_bytes() != content
    }
    return sorted(changed | (present - set(built)))


def update_exercises(root: Path, built: dict[Path, bytes]) -> list[Path]:
    """Write what changed, remove what has no source any more; return the paths touched."""
    stale = stale_exercises(root, built)
    for path in stale:
        if path in built:
            write_atomically(root / path, built[path])
        else:
            (root / path).unlink()
    return stale
