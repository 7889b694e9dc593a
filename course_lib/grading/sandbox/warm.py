"""The warm process: everything is imported once, then forked for each notebook.

`start.py` starts it, inside the sandbox, as `python -m course_lib.grading.sandbox.warm`. For each
request it forks a supervisor, which forks the process that runs the student's code and ends it
when the other side hangs up. The warm process itself never runs a student's code, and what it holds
in memory, which every fork can read, is what is published anyway.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import stat
import sys
import tempfile
import traceback
from pathlib import Path

from course_lib.grading.channel import Channel
from course_lib.grading.sandbox.isolation import Isolation
from course_lib.grading.sandbox.landlock import restrict_files
from course_lib.grading.sandbox.limits import apply_limits, drop_privileges
from course_lib.grading.sandbox.namespaces import (
    DEVICES,
    SCRATCH,
    SYSTEM,
    enter_namespaces,
    hide_processes,
    readable_folders,
)
from course_lib.grading.sandbox.seccomp import forbid_system_calls
from course_lib.grading.student.session import run_notebook, warm_up
from course_lib.grading.tasks import Limits

_PR_SET_PDEATHSIG = 1
_MADV_COLLAPSE = 25
_HUGE_PAGE = 2 * 1024 * 1024


def main(isolation: Isolation, requests: socket.socket) -> None:
    """Fork a supervisor for each connection that comes, until whoever sends them is gone."""
    if isolation is not Isolation.NONE:
        importlib.import_module("pyseccomp")  # starts a process to find its library
    with tempfile.TemporaryDirectory() as home:  # for what libraries write as they are imported
        os.environ["HOME"] = home
        warm_up()
    gc.collect()
    gc.freeze()
    _use_huge_pages()
    with tempfile.TemporaryDirectory(prefix="course-scratch-") as scratches:
        while True:
            if select.select([requests], [], [], 0.5)[0]:
                message, descriptors, _, _ = socket.recv_fds(requests, 16, 1)
                if not message:
                    return
                with socket.socket(fileno=descriptors[0]) as control:
                    if os.fork() == 0:
                        requests.close()
                        _run_to_the_end(_supervise, control, isolation, scratches)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _run_to_the_end(function, *arguments) -> None:
    """Run a function as all that is left of this process."""
    code = 1
    try:
        function(*arguments)
        code = 0
    except BaseException:
        traceback.print_exc()  # for whoever looks why the warm process failed
    finally:
        os._exit(code)


def _supervise(control: socket.socket, isolation: Isolation, scratches: str) -> None:
    """Start one student's process, wait for it or for the judge to hang up, say how it ended."""
    _die_with_parent()
    limits = Limits(**json.loads(control.recv(65536)))
    try:
        if isolation is Isolation.NAMESPACES:
            enter_namespaces(limits.scratch_mb)
            _die_with_parent()  # forgotten with the change of user
            scratch = SCRATCH
        else:
            scratch = Path(tempfile.mkdtemp(dir=scratches))
    except OSError as problem:
        control.sendall(
            json.dumps({"problem": f"the sandbox cannot be set up: {problem}"}).encode()
        )
        return
    ours, theirs = socket.socketpair()
    student = os.fork()
    if student == 0:
        ours.close()
        control.close()
        _run_to_the_end(_become_student, theirs, isolation, limits, scratch)
    socket.send_fds(control, [b"{}\n"], [ours.fileno()])
    ours.close()
    theirs.close()
    full = _wait(student, control, None if scratch == SCRATCH else scratch, limits.scratch_mb)
    _, status, usage = os.wait4(student, 0)
    if scratch != SCRATCH:
        shutil.rmtree(scratch, ignore_errors=True)
    report = {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "scratch_full": full,
    }
    with contextlib.suppress(OSError):
        control.sendall(json.dumps(report).encode())


def _wait(student: int, control: socket.socket, scratch: Path | None, scratch_mb: int) -> bool:
    """Until the student's process has ended or been killed; whether it had written too much."""
    poller = select.poll()
    process = os.pidfd_open(student)
    poller.register(process, select.POLLIN)
    poller.register(control, select.POLLIN | select.POLLRDHUP)
    while True:
        ready = {descriptor for descriptor, _ in poller.poll(None if scratch is None else 100)}
        if process in ready:
            return False
        if ready:  # the judge has hung up: it wants no more
            os.kill(student, signal.SIGKILL)
            return False
        if _size(scratch) + _size_of_deleted(student) > scratch_mb * 1024 * 1024:
            os.kill(student, signal.SIGKILL)
            return True


def _size(folder: Path) -> int:
    """The bytes that lie under a folder, where files may vanish meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total


def _size_of_deleted(process: int) -> int:
    """The bytes of the files without a name that a process holds open."""
    total = 0
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(f"/proc/{process}/fd"):
            with contextlib.suppress(OSError):
                about = os.stat(f"/proc/{process}/fd/{descriptor}")
                if stat.S_ISREG(about.st_mode) and not about.st_nlink:
                    total += about.st_blocks * 512
    return total


def _become_student(
    connection: socket.socket, isolation: Isolation, limits: Limits, scratch: Path
) -> None:
    """Give up every right that an answer has no need of, then run what was handed in."""
    channel = Channel(connection)
    try:
        _give_up_rights(connection.fileno(), isolation, limits, scratch)
    except Exception as problem:
        channel.send({"problem": f"the sandbox cannot be closed: {problem}"})
        return
    channel.send({})
    run_notebook(channel)


def _give_up_rights(kept: int, isolation: Isolation, limits: Limits, scratch: Path) -> None:
    """Keep one file descriptor and the scratch folder."""
    _die_with_parent()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    os.chdir(scratch)
    os.environ.update(HOME=str(scratch), TMPDIR=str(scratch))
    tempfile.tempdir = str(scratch)
    apply_limits(limits)
    if isolation is Isolation.LANDLOCK:
        shown = [Path(path) for path in (*SYSTEM, *DEVICES) if os.path.exists(path)]
        restrict_files([*shown, *readable_folders()], [scratch])
    if isolation is Isolation.NAMESPACES:
        hide_processes()
    if isolation is not Isolation.NONE:
        drop_privileges()
        forbid_system_calls(under_landlock=isolation is Isolation.LANDLOCK)


def _die_with_parent() -> None:
    with contextlib.suppress(AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _use_huge_pages() -> None:
    """Gather this process's memory into large pages where Linux can: a fork takes half the time."""
    with contextlib.suppress(OSError):
        madvise = ctypes.CDLL(None).madvise
        for line in Path("/proc/self/maps").read_text().splitlines():
            span, rights, _, _, _, *file = line.split(maxsplit=5)
            start, end = (int(address, 16) for address in span.split("-"))
            start, end = -(-start // _HUGE_PAGE) * _HUGE_PAGE, end // _HUGE_PAGE * _HUGE_PAGE
            if rights.startswith("rw") and file in ([], ["[heap]"]) and end > start:
                madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


if __name__ == "__main__":
    main(Isolation(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])))
