"""The warm process: it has imported what notebooks import, and each of its forks becomes a kernel.

`forked.py` starts it, with one end of a socket as its standard input. For each kernel comes a
message with its arguments, its environment and five descriptors: standard input, output and error,
the working folder, and a channel, on which the kernel answers with its process id, and the warm
process tells how it ended. A channel that the client closes, if only by its own end, ends the
kernel. When the client wants no more kernels and none is left, the warm process ends.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass

IMPORTED = (
    "torch",
    "torch._dynamo",  # for the first step of an optimizer
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
)
INLINE = "module://matplotlib_inline.backend_inline"  # a kernel has matplotlib draw with this
LARGEST_MESSAGE = 1 << 20  # bytes
N_DESCRIPTORS = 5


@dataclass(frozen=True)
class _Kernel:
    """A fork, as the warm process sees it."""

    pid: int
    ended: int  # a descriptor that can be read once the process has ended
    channel: socket.socket


def main() -> None:
    """Fork kernels until the client wants no more; in a fork, be the kernel."""
    status = 1

    def leave() -> None:
        try:
            sys.__stdout__.flush()
            sys.__stderr__.flush()
        finally:
            os._exit(status)

    atexit.register(leave)  # runs last: nothing is gained by taking apart what was imported
    _import()
    arguments = _Forks().serve()
    if arguments is not None:
        sys.argv[1:] = arguments
        if not sys.flags.safe_path:
            sys.path.insert(0, os.getcwd())  # as `python -m` does; the launcher removes it
        runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
    status = 0


def _import() -> None:
    """Import what notebooks and kernels need; start no thread, which a fork would not have."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # a kernel ends when this process is gone
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = INLINE
    for name in IMPORTED:
        importlib.import_module(name)
    importlib.import_module("course_lib.checks").catalogue()
    gc.collect()
    gc.freeze()  # no fork looks at these objects again, nor copies their pages to do so


class _Forks:
    """The kernels that are running, and the socket that asks for more."""

    def __init__(self) -> None:
        self._control = socket.socket(fileno=os.dup(0))
        self._selector = selectors.PollSelector()
        self._selector.register(self._control, selectors.EVENT_READ)

    def serve(self) -> list[str] | None:
        """Fork a kernel for each message: its arguments in the fork, None when all is done."""
        while self._selector.get_map():
            ready, _ = self._selector.select()[0]
            kernel = ready.data
            if kernel is None:
                arguments = self._fork()
                if arguments is not None:
                    return arguments
            elif ready.fileobj is kernel.channel:
                self._end(kernel)
            else:
                self._tell_end(kernel)
        return None

    def _fork(self) -> list[str] | None:
        """Start a kernel if the client wants one; its arguments in the fork, None here."""
        message, descriptors, _, _ = socket.recv_fds(
            self._control, LARGEST_MESSAGE, N_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
        )
        if not message:
            self._selector.unregister(self._control)
            return None
        request = json.loads(message)
        *owned, channel = *descriptors[:-1], socket.socket(fileno=descriptors[-1])
        pid = os.fork()
        if pid == 0:
            for key in self._selector.get_map().values():
                _close(key.fileobj)
            _take_over(owned, request["environment"])
            channel.sendall(json.dumps({"pid": os.getpid()}).encode())
            channel.close()
            return request["arguments"]
        for descriptor in owned:
            os.close(descriptor)
        kernel = _Kernel(pid, os.pidfd_open(pid), channel)
        self._selector.register(kernel.ended, selectors.EVENT_READ, kernel)
        self._selector.register(channel, selectors.EVENT_READ, kernel)
        return None

    def _tell_end(self, kernel: _Kernel) -> None:
        """Tell the client how it ended; it stays a zombie, so that its id is not given anew."""
        self._selector.unregister(kernel.ended)
        found = os.waitid(os.P_PID, kernel.pid, os.WEXITED | os.WNOWAIT)
        status = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
        with suppress(OSError):  # the client may be gone
            kernel.channel.sendall(json.dumps({"status": status}).encode())

    def _end(self, kernel: _Kernel) -> None:
        """Kill it with all of its process group, and forget it."""
        for kill in (os.killpg, os.kill):  # it may not have a group of its own yet
            with suppress(ProcessLookupError):
                kill(kernel.pid, signal.SIGKILL)
        os.waitpid(kernel.pid, 0)
        for watched in (kernel.ended, kernel.channel):
            if watched in self._selector.get_map():
                self._selector.unregister(watched)
            _close(watched)


def _close(watched: int | socket.socket) -> None:
    if isinstance(watched, int):
        os.close(watched)
    else:
        watched.close()


def _take_over(descriptors: list[int], environment: dict[str, str]) -> None:
    """In a fork: leave the warm process's session, streams, folder, environment and luck."""
    os.setsid()
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
    os.fchdir(descriptors[3])
    for descriptor in descriptors:
        os.close(descriptor)
    os.environ.update(environment)  # the warm process was started with all of it that is shared
    sys.modules["numpy"].random.seed()  # Python's own generator does this after each fork
    sys.modules["torch"].default_generator.seed()
