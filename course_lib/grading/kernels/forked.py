"""A client's side of the warm process, and of the kernels that are forked from it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import weakref
from collections.abc import Mapping, Sequence

from course_lib.grading.kernels import server

WARM = f"""
import sys
sys.path = [folder for folder in sys.path if folder]  # the client's folder is not the kernels'
from {server.__name__} import main
main()
"""
SECONDS_TO_END = 10.0


class ForkedKernel:
    """A kernel's process, with what jupyter_client uses of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket) -> None:
        """Wait for it to start; raises ConnectionError when it does not."""
        self._channel = channel
        self.returncode: int | None = None
        answer = self._receive()
        if "pid" not in answer:
            raise ConnectionError(f"no kernel was started, the warm process said {answer}")
        self.pid: int = answer["pid"]

    def _receive(self, flags: int = 0) -> dict[str, int]:
        answer = self._channel.recv(server.LARGEST_MESSAGE, flags)
        return json.loads(answer or "{}")

    def poll(self) -> int | None:
        """How it ended, minus the signal's number where one ended it; None while it runs."""
        return self._look(socket.MSG_DONTWAIT)

    def wait(self) -> int:
        """Wait for its end, and tell how it ended."""
        return self._look(0)

    def _look(self, flags: int) -> int | None:
        if self.returncode is None:
            try:
                answer = self._receive(flags)
            except BlockingIOError:
                return None
            self.close(answer.get("status", -signal.SIGKILL))  # silent if the warm one was killed
        return self.returncode

    def close(self, status: int = -signal.SIGKILL) -> None:
        """Let the process go: the warm process forgets it, and kills it if it runs."""
        if self.returncode is None:
            self.returncode = status
            self._channel.close()

    def send_signal(self, signum: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class KernelServer:
    """The client's side of the warm process for one interpreter and environment."""

    def __init__(self, python: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it; raises OSError where that fails."""
        self.serves = (python, environment)
        self._kernels: weakref.WeakSet[ForkedKernel] = weakref.WeakSet()
        self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*python, "-c", WARM],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # as for every kernel: Ctrl+C is for the client
            )

    def fork(
        self, arguments: Sequence[str], environment: Mapping[str, str], descriptors: Sequence[int]
    ) -> ForkedKernel:
        """Start a kernel; raises OSError where that fails."""
        request = json.dumps({"arguments": arguments, "environment": environment}).encode()
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        try:
            with theirs:
                socket.send_fds(self._control, [request], [*descriptors, theirs.fileno()])
            kernel = ForkedKernel(ours)
        except OSError:
            ours.close()
            raise
        self._kernels.add(kernel)
        return kernel

    def has_ended(self) -> bool:
        """Whether it is gone, for whatever reason."""
        return self._process.poll() is not None

    def retire(self) -> None:
        """Start no more kernels; it ends after the last of those that run."""
        self._control.close()

    def end(self) -> None:
        """End it with its kernels, and wait, so that nothing is left and their time is counted."""
        self.retire()
        for kernel in list(self._kernels):
            kernel.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
