"""Keep results as files, so that a run which was cut short goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from course_lib.grading.files import write_atomically
from course_lib.grading.tasks import Result


class ResultStore:
    """The results of one assignment, a file for each student and notebook.

    A file that is cut short, changed, or of another key counts as absent, and is replaced when the
    result is there again. `committed.txt` lists what the gradebook has: a line is added once the
    gradebook's own commit is done, so a crash between the two commits the same result twice.
    """

    def __init__(self, folder: Path) -> None:
        """Open the store in a folder, which is made by the first result."""
        self._folder = folder
        self._journal = folder / "committed.txt"
        self._committed = self._read_journal()

    def read(self, student: str, notebook: str, key: str) -> Result | None:
        """The stored result, None if there is none that is whole and has this key."""
        try:
            checksum, _, content = self._path(student, notebook).read_bytes().partition(b"\n")
            if checksum != _checksum(content):
                return None
            result = Result.from_json(content)
        except (OSError, ValueError, RecursionError):
            return None
        found = (result.student, result.notebook, result.key)
        return result if found == (student, notebook, key) else None

    def write(self, result: Result) -> None:
        """Store a result in place of an older one; raises OSError if the disk refuses it."""
        content = result.to_json()
        path = self._path(result.student, result.notebook)
        write_atomically(path, _checksum(content) + b"\n" + content)

    def is_committed(self, student: str, digest: str) -> bool:
        """Whether the gradebook holds the student's results that have this digest together."""
        return self._committed.get(_name(student)) == digest

    def mark_committed(self, digests: Mapping[str, str]) -> None:
        """Record what the gradebook holds, by student; raises OSError if the disk refuses it."""
        new = {_name(student): digest for student, digest in digests.items()}
        if not new:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._journal.open("a", encoding="ascii") as stream:
            # Begins on a new line: the last one may be torn, and would spoil the next.
            stream.write("".join(f"\n{name} {digest}" for name, digest in new.items()) + "\n")
        self._committed |= new

    def _read_journal(self) -> dict[str, str]:
        """The digest that the gradebook holds by student; a torn line matches none."""
        try:
            lines = self._journal.read_text("ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return {}
        return dict(line.split() for line in lines if len(line.split()) == 2)

    def _path(self, student: str, notebook: str) -> Path:
        return self._folder / f"{_name(student, notebook)}.result"


def _name(*parts: str) -> str:
    """A file name for whatever the student is called, always within the folder."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
