"""Bound what a student's process may use, and take every privilege from it."""

from __future__ import annotations

import ctypes
import os
import struct
from itertools import count
from pathlib import Path

from course_lib.grading.sandbox.landlock import forbid_new_privileges
from course_lib.grading.tasks import Limits

_MEGABYTE = 1 << 20
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


def apply_limits(limits: Limits) -> None:
    """Set this process's limits for good, counting from what it has already used.

    Reads /proc/self, so call it before /proc is gone. A process of the machine's root is not bound
    in its number of threads. Raises OSError where one of them is above what this process itself
    is allowed.
    """
    import resource  # exists on Unix only

    spent = resource.getrusage(resource.RUSAGE_SELF)
    cpu = round(spent.ru_utime + spent.ru_stime + 0.5) + limits.cpu_seconds
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    memory = pages * resource.getpagesize() + limits.memory_mb * _MEGABYTE
    threads = _tasks_of_this_user() + limits.threads
    for kind, soft, hard in [
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, cpu, cpu + 1),  # first a signal that code may catch, then the end
        (resource.RLIMIT_FSIZE, limits.scratch_mb * _MEGABYTE, limits.scratch_mb * _MEGABYTE),
        (resource.RLIMIT_NOFILE, limits.open_files, limits.open_files),
        (resource.RLIMIT_NPROC, threads, threads),
        (resource.RLIMIT_CORE, 0, 0),
    ]:
        _, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:
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


def _tasks_of_this_user() -> int:
    """How many threads this user runs: the kernel counts all of them against the limit."""
    user, tasks = os.getuid(), 0
    for process in os.scandir("/proc"):
        try:
            if process.name.isdigit() and process.stat().st_uid == user:
                tasks += len(os.listdir(f"{process.path}/task"))
        except OSError:  # it has ended
            continue
    return tasks
