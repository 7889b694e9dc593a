"""Restrict a process to the files that it needs, with Landlock: Linux ≥ 5.13, no privileges.

The numbers are those of the kernel's include/uapi/linux/landlock.h; each version of the interface
(ABI) added rights, and a kernel refuses those that it does not know.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_CHAR, _MAKE_DIR, _MAKE_REG, _MAKE_SOCK = 1 << 6, 1 << 7, 1 << 8, 1 << 9
_MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = 1 << 10, 1 << 11, 1 << 12
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

_READ = _EXECUTE | _READ_FILE | _READ_DIR
_WRITE = (_READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE | _REFER) | (
    _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM
)  # no devices, sockets or pipes
_OF_A_FILE = _EXECUTE | _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV

_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_ABSTRACT_UNIX_SOCKET, _SIGNAL = 1 << 0, 1 << 1


def landlock_abi() -> int:
    """The version of Landlock that this kernel offers, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    except OSError:  # unknown to the kernel, or switched off
        return 0


def restrict_files(readable: Sequence[Path], writable: Sequence[Path]) -> None:
    """Leave this thread, and all that it starts, only what lies beneath these paths, for good.

    Where the kernel can, it also loses TCP, device controls, and signals and abstract sockets
    to processes outside. Raises OSError where a path or Landlock is missing.
    """
    abi = landlock_abi()
    if abi == 0:
        raise OSError("This kernel offers no Landlock: Linux ≥ 5.13 with landlock among its LSMs.")
    files = _file_rights(abi)
    network = _BIND_TCP | _CONNECT_TCP if abi >= 4 else 0
    scoped = _ABSTRACT_UNIX_SOCKET | _SIGNAL if abi >= 6 else 0
    # Older kernels accept the longer structure as long as what they do not know is zero.
    attributes = struct.pack("=QQQ", files, network, scoped)
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ & files)
        for path in writable:
            _allow(ruleset, path, _WRITE & files)
        forbid_new_privileges()
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def forbid_new_privileges() -> None:
    """Make set-user-id programs powerless for this process; both Landlock and seccomp need it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs could not be set")


def _file_rights(abi: int) -> int:
    """All rights over files that this version knows."""
    newest = _MAKE_SYM if abi == 1 else _REFER if abi == 2 else _TRUNCATE if abi < 5 else _IOCTL_DEV
    return newest * 2 - 1


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Add a rule for a folder with all beneath it, or for one file."""
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _OF_A_FILE
        _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)


def _call(number: int, *arguments: int | bytes | ctypes.c_size_t | None) -> int:
    """Make a system call; raises OSError as the kernel says."""
    result: int = ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
