"""Start nbgrader's kernels in milliseconds: each is forked from a process that has torch imported.

    JUPYTER_DEFAULT_PROVISIONER_NAME=course-warm nbgrader autograde ex1_overfitting

Nothing else changes: grades, time limits, interrupts and what students can do are those of stock
nbgrader. Kernels share one seed of `hash`, and compute on one thread unless OMP_NUM_THREADS says
otherwise. Needs Linux; elsewhere, and for other kernels than this environment's ipykernel, kernels
start as always.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from course_lib.grading.kernels.forked import ForkedKernel, KernelServer

LAUNCHER = ["-m", "ipykernel_launcher"]
STREAMS = ("stdin", "stdout", "stderr")
UNDERSTOOD = {*STREAMS, "env", "cwd", "independent", "extra_arguments", "kernel_id"}


class WarmProvisioner(LocalProvisioner):
    """A local kernel that is forked, where it can be, and started as always where not."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; raises what starting a local kernel does."""
        if not _can_be_forked(cmd, kwargs):
            return await super().launch_kernel(cmd, **kwargs)
        try:
            self.process = await asyncio.to_thread(_fork_kernel, cmd, kwargs)
        except OSError as problem:
            self.log.warning("The kernel is started without a warm process: %s", problem)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info


_lock = threading.Lock()
_processes: list[KernelServer] = []  # the last one forks, those before it wait for their kernels


@atexit.register
def end_warm_processes() -> None:
    """End all warm processes of this client with their kernels."""
    while _processes:
        _processes.pop().end()


def _warm_process(python: Sequence[str], environment: Mapping[str, str]) -> KernelServer:
    """The warm process for an interpreter and environment, but for variables of one kernel."""
    shared = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("JPY_", "KERNEL_"))
    }
    for process in _processes[:]:
        if process.has_ended():
            process.end()
            _processes.remove(process)
    if not _processes or _processes[-1].serves != (python, shared):
        if _processes:
            _processes[-1].retire()
        _processes.append(KernelServer(python, shared))
    return _processes[-1]


def _fork_kernel(cmd: list[str], kwargs: Mapping[str, Any]) -> ForkedKernel:
    """Fork a kernel as Popen would start it; raises OSError where that fails."""
    module = cmd.index("-m")
    python, arguments = cmd[:module], cmd[module + len(LAUNCHER) :]
    environment = {"OMP_NUM_THREADS": "1", **(kwargs.get("env") or os.environ)}
    with ExitStack() as opened:
        folder = os.open(kwargs.get("cwd") or ".", os.O_PATH | os.O_DIRECTORY)
        opened.callback(os.close, folder)
        nothing = os.open(os.devnull, os.O_RDWR)
        opened.callback(os.close, nothing)
        streams = [
            _descriptor(kwargs.get(name), default, nothing)
            for name, default in zip(STREAMS, (nothing, 1, 2), strict=True)
        ]
        with _lock:
            warm = _warm_process(python, environment)
            return warm.fork(arguments, environment, [*streams, folder])


def _descriptor(stream: Any, default: int, nothing: int) -> int:
    """The file descriptor of what Popen takes as a stream."""
    if stream is None:
        return default
    if stream == subprocess.DEVNULL:
        return nothing
    return stream if isinstance(stream, int) else stream.fileno()


def _can_be_forked(cmd: list[str], kwargs: Mapping[str, Any]) -> bool:
    """Whether this is an ipykernel of this environment that asks for nothing special."""
    if not hasattr(os, "pidfd_open") or "-m" not in cmd:
        return False
    module = cmd.index("-m")
    return (
        cmd[0] == sys.executable
        and all(option.startswith("-X") for option in cmd[1:module])
        and cmd[module : module + len(LAUNCHER)] == LAUNCHER
        and kwargs.keys() <= UNDERSTOOD
        and not kwargs.get("independent")
        and not {kwargs.get(name) for name in STREAMS} & {subprocess.PIPE, subprocess.STDOUT}
    )
