"""The judge's side of the sandbox: get a student's process from the warm one, and end it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
from dataclasses import dataclass

from course_lib.grading.channel import Channel
from course_lib.grading.codec import CodecError
from course_lib.grading.sandbox.start import Forks
from course_lib.grading.tasks import Limits

_START_SECONDS = 60.0  # to import torch, on a busy machine
_END_SECONDS = 10.0


class SandboxError(RuntimeError):
    """The sandbox itself failed: no submission is to blame."""


@dataclass(frozen=True)
class Ending:
    """How a student's process ended."""

    signal: int = 0
    exit_code: int = 0
    cpu_seconds: float = 0.0
    scratch_full: bool = False
    is_lost: bool = False  # nobody was left to say: the sandbox itself has ended


class StudentProcess:
    """One sandboxed process, to talk to over `channel`; gone with all it did when closed."""

    def __init__(self, forks: Forks, limits: Limits) -> None:
        try:
            self._control = forks.fork()
            self._control.settimeout(_START_SECONDS)
            self._control.sendall(json.dumps(dataclasses.asdict(limits)).encode())
            said, descriptors, _, _ = socket.recv_fds(self._control, 65536, 1)
        except OSError as problem:
            if hasattr(self, "_control"):
                self._control.close()
            raise SandboxError(f"the warm process does not answer: {problem}") from None
        if not descriptors:
            self._control.close()
            raise SandboxError(json.loads(said)["problem"] if said else "the warm process failed")
        self.channel = Channel(socket.socket(fileno=descriptors[0]))
        self._ending: Ending | None = None
        try:
            ready = self.channel.receive(_START_SECONDS)  # sent before any code of the student's
        except (OSError, CodecError) as problem:
            ready = {"problem": f"a student's process does not start: {problem}"}
        if ready:
            self.end()
            raise SandboxError(ready["problem"])

    def end(self) -> Ending:
        """Stop the process if it still runs; say how it ended."""
        if self._ending is None:
            self.channel.close()
            with contextlib.suppress(OSError):  # it may have ended already
                self._control.shutdown(socket.SHUT_WR)
            self._control.settimeout(_END_SECONDS)
            said = b""
            try:
                while part := self._control.recv(65536):
                    said += part
            except OSError as problem:
                self._ending = Ending(signal=9)  # nothing more can be learned of it
                raise SandboxError(f"a student's process cannot be ended: {problem}") from None
            finally:
                self._control.close()
            self._ending = Ending(**json.loads(said)) if said else Ending(is_lost=True)
        return self._ending

    def __enter__(self) -> StudentProcess:
        """Enter with the process started."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop it."""
        self.end()
