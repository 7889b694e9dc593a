"""Start the warm process, in the isolation that this machine offers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from course_lib.grading.sandbox.isolation import Isolation
from course_lib.grading.sandbox.namespaces import bubblewrap_command

_END_SECONDS = 10.0


class WarmProcess:
    """Starts the warm process; `address` is where it listens, for any process of this user."""

    def __init__(self, isolation: Isolation) -> None:
        self._folder = tempfile.mkdtemp(prefix="course-grade-")  # only this user may enter it
        self.address = os.path.join(self._folder, "warm")
        self._errors = Path(self._folder, "errors").open("w+b")  # noqa: SIM115, closed in `close`
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(128)
            command = [sys.executable, "-m", "course_lib.grading.sandbox.warm", isolation]
            command += [str(listener.fileno())]
            environment = _environment()
            if isolation is Isolation.NAMESPACES:
                command = bubblewrap_command(command, environment)
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=[listener.fileno()],
                env=environment | {"PATH": os.environ.get("PATH", os.defpath)},
                cwd="/",
            )

    def why_ended(self) -> str:
        """What the warm process wrote before it ended, "" while it lives."""
        if self._process.poll() is None:
            return ""
        self._errors.seek(0)
        said = self._errors.read()[-2000:].decode(errors="replace").strip()
        return said or f"exit status {self._process.returncode}"

    def close(self) -> None:
        """End the warm process, and with it everything that it started."""
        self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> WarmProcess:
        """Enter with the process started."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End it."""
        self.close()


def _environment() -> dict[str, str]:
    """The same for everyone: an instructor's own settings must not change grades."""
    package_parent = str(Path(__file__).parents[3])
    return {
        "PYTHONPATH": package_parent,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "LANG": "C.UTF-8",
        "HOME": "/scratch",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
    }
