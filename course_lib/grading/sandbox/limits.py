"""Bound what a student's process may use, and take every privilege from it."""

from __future__ import annotations

import ctypes
import math
import os
import struct
import sys
import threading
from itertools import count
from pathlib import Path

from course_lib.grading.sandbox.landlock import forbid_new_privileges
from course_lib.grading.tasks import Limits

_MEGABYTE = 1 << 20
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


def apply_limits(limits: Limits) -> None:
    """Bound this process for good, counting from what it has already used.

    Reads /proc/self, so call it before /proc is out of reach. The kernel does not bind root in the
    number of threads. Raises OSError where the process is bound more tightly than it already uses.
    """
    import resource  # exists on Unix only

    spent = resource.getrusage(resource.RUSAGE_SELF)
    cpu = math.ceil(spent.ru_utime + spent.ru_stime) + limits.cpu_seconds
    _bound(resource.RLIMIT_CPU, cpu, cpu + 1)  # a signal that code may catch, then the end
    _bound(resource.RLIMIT_FSIZE, limits.scratch_mb * _MEGABYTE)
    _bound(resource.RLIMIT_NOFILE, limits.open_files)
    _bound(resource.RLIMIT_CORE, 0)
    # The kernel counts all threads of this user, also those that no /proc shows: find by trying
    # how many are too few.
    others = 1
    while not _can_start_a_thread(others):
        others *= 2
    _bound(resource.RLIMIT_NPROC, others + limits.threads)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        in_use = pages * resource.getpagesize()
        _bound(resource.RLIMIT_AS, in_use + limits.memory_mb * _MEGABYTE)


def drop_privileges() -> None:
    """Give up all capabilities, also those that a program could bring; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    forbid_new_privileges()
    for capability in count():
        if libc.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0) < 0:
            break  # the kernel knows no more
        # Without CAP_SETPCAP this fails: then no program can bring any, by no_new_privs.
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    if libc.capset(header, bytes(24)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _bound(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit of this process, or leave the lower one that it already has."""
    import resource

    _, most = resource.getrlimit(kind)
    hard = soft if hard is None else hard
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def _can_start_a_thread(tasks: int) -> bool:
    """Whether this user has fewer tasks than that."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NPROC)
    if most != resource.RLIM_INFINITY and tasks >= most:
        return True  # it is bound already
    resource.setrlimit(resource.RLIMIT_NPROC, (tasks, most))
    thread = threading.Thread(target=int)
    try:
        thread.start()
    except RuntimeError:
        return False
    thread.join()
    return True
