"""Start the warm process, in the isolation that this machine offers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.sandbox.isolation import Isolation
from course_lib.grading.sandbox.namespaces import bubblewrap_command

_END_SECONDS = 10.0


@dataclass(frozen=True)
class Forks:
    """The way to a warm process, which can be handed to several others that fork from it too."""

    requests: socket.socket

    def fork(self) -> socket.socket:
        """The connection to a supervisor that is forked for it; raises OSError if it has ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.requests, [b"fork"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours


class WarmProcess:
    """A process that has everything imported and forks on request; ends with whoever started it."""

    def __init__(self, isolation: Isolation) -> None:
        """Start it; it answers the first request when its imports are done."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, closed in `close`
        requests, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self.forks = Forks(requests)
        with theirs:
            module = "course_lib.grading.sandbox.warm"
            command = [sys.executable, "-m", module, isolation, str(theirs.fileno())]
            environment = _environment()
            if isolation is Isolation.NAMESPACES:
                command = bubblewrap_command(command, environment)
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                env=environment | {"PATH": os.environ.get("PATH", os.defpath)},
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the grader, which ends this
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
        self.forks.requests.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

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
        "HOME": "/nonexistent",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
    }
