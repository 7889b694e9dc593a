"""Write files whole or not at all."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

PARTIAL = ".*.partial"  # what a process that was killed while writing leaves


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it, not even after a power cut.

    Raises OSError that names the file where it cannot be written, on a full disk for example; what
    was there before stays, and nothing else is left.
    """
    partial = path.with_name(f".{os.getpid()}-{threading.get_ident()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())  # or the new name could reach the disk before the content
        os.replace(partial, path)
    except BaseException as problem:
        with suppress(OSError):
            partial.unlink()
        if isinstance(problem, OSError):
            raise OSError(
                problem.errno, f"cannot write it: {problem.strerror}", str(path)
            ) from None
        raise
