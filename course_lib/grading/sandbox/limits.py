"""Bound what a student's process may use, and take every privilege from it."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import struct
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from course_lib.grading.sandbox.landlock import forbid_new_privileges
from course_lib.grading.tasks import Limits

_MEGABYTE = 1 << 20
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Used:
    """What is in use before a student's code runs: the limits are counted from there."""

    memory: int | None  # bytes of this process's address space, None where Linux does not tell
    tasks: int  # threads of this user, which the kernel counts all together


def measure() -> Used:
    """Measure it in /proc, which a student's process cannot see: call this before it is shut off.

    Raises OSError where a Linux system shows no /proc.
    """
    if sys.platform != "linux":
        return Used(memory=None, tasks=0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    user, tasks = os.getuid(), 0
    for process in os.listdir("/proc"):
        with contextlib.suppress(OSError):  # not a process, or one that has ended
            folder = os.stat(f"/proc/{process}/task")
            tasks += folder.st_nlink - 2 if folder.st_uid == user else 0
    return Used(memory=pages * os.sysconf("SC_PAGE_SIZE"), tasks=tasks)


def apply_limits(limits: Limits, used: Used | None = None) -> None:
    """Bound this process for good; `used` is what its parent measured, else it is measured now.

    The kernel does not bind root in the number of threads. Raises OSError as `measure` does.
    """
    import resource  # exists on Unix only

    used = used or measure()
    spent = resource.getrusage(resource.RUSAGE_SELF)
    cpu = math.ceil(spent.ru_utime + spent.ru_stime) + limits.cpu_seconds
    files = limits.scratch_mb * _MEGABYTE
    wanted = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),  # a signal that code may catch, then the end
        resource.RLIMIT_FSIZE: (files, files),
        resource.RLIMIT_NOFILE: (limits.open_files, limits.open_files),
        resource.RLIMIT_NPROC: (used.tasks + limits.threads,) * 2,
        resource.RLIMIT_CORE: (0, 0),
    }
    if used.memory is not None:
        wanted[resource.RLIMIT_AS] = (used.memory + limits.memory_mb * _MEGABYTE,) * 2
    for kind, (soft, hard) in wanted.items():
        _, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:  # an administrator's own limit stays where it is lower
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def drop_privileges() -> None:
    """Give up all capabilities, also those that a program could bring; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    forbid_new_privileges()
    for capability in count():
        known = libc.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0)
        if known < 0:
            break
        # Without CAP_SETPCAP this fails: then no program can bring any, by no_new_privs.
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    if libc.capset(header, bytes(24)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
