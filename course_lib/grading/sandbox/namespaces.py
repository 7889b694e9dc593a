"""Linux namespaces: what the warm process sees, and what each submission's process is given.

The warm process runs inside bubblewrap, which shows it the interpreter and the packages and
nothing else, with no network. For each submission it forks a process that enters namespaces of its
own: nobody else's processes exist there, and the only files that can be written are in a folder in
memory that goes when it goes.
"""

from __future__ import annotations

import ctypes
import os
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

SCRATCH = Path("/scratch")  # inside the sandbox
NOBODY = 65534

_CLONE_NEWNS, _CLONE_NEWIPC = 0x00020000, 0x08000000
_CLONE_NEWUSER, _CLONE_NEWPID = 0x10000000, 0x20000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PR_SET_DUMPABLE = 4
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin")
_FILES = ("/etc/ld.so.cache", "/etc/localtime")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def readable_folders() -> list[Path]:
    """The interpreter, the installed packages and this library: what a submission may read."""
    package = Path(__file__).parents[2]
    paths = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
    paths += [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders = {Path(path).resolve() for path in paths} | {Path(path) for path in paths} | {package}
    outermost = [
        folder
        for folder in folders
        if not any(other in folder.parents for other in folders)
        and not folder.is_relative_to("/usr")
    ]
    return sorted(outermost)


def bubblewrap_command(command: Sequence[str], environment: dict[str, str]) -> list[str]:
    """The command line that runs `command` with nothing to see but what it needs to compute."""
    arguments = ["bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    arguments += [f"--unshare-{kind}" for kind in ("ipc", "pid", "net", "uts", "cgroup-try")]
    if os.geteuid() != 0:  # root needs no user namespace here, and could not leave root inside one
        arguments.append("--unshare-user")
    for path in SYSTEM:
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            arguments += ["--ro-bind", path, path]
    # A folder above what is shown: bubblewrap would make it for the owner alone.
    shown = [Path(path) for path in (*DEVICES, *readable_folders())]
    for folder in sorted({parent for path in shown for parent in path.parents} - {Path("/")}):
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for path in _FILES:
        arguments += ["--ro-bind-try", path, path]
    for path in DEVICES:
        arguments += ["--dev-bind", path, path]
    for folder in readable_folders():
        arguments += ["--ro-bind", str(folder), str(folder)]
    arguments += ["--proc", "/proc", "--tmpfs", str(SCRATCH), "--chdir", str(SCRATCH)]
    arguments += ["--remount-ro", "/"]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--", *command]


def enter_namespaces(scratch_mb: int) -> None:
    """Give this process a world of its own; its next child is the first process there.

    Raises OSError where the system refuses.
    """
    if os.getuid() == 0:  # limits on processes do not bind root
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self would stay root's
    user, group = os.getuid(), os.getgid()
    _call("unshare", _CLONE_NEWUSER | _CLONE_NEWPID | _CLONE_NEWNS | _CLONE_NEWIPC)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {user} 1"),
        ("gid_map", f"{NOBODY} {group} 1"),
    ):
        Path("/proc/self", name).write_text(text)
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    options = f"size={scratch_mb}m,nr_inodes=16384,mode=0700"
    _mount("tmpfs", str(SCRATCH), options, _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    os.chdir(SCRATCH)


def hide_processes() -> None:
    """Cover /proc for good; whatever reads it must have done so before."""
    _mount("tmpfs", "/proc", "size=4k,nr_inodes=1", _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def _mount(source: str, target: str, options: str | None, flags: int) -> None:
    kind = None if options is None else b"tmpfs"
    data = None if options is None else options.encode()
    _call("mount", source.encode(), target.encode(), kind, ctypes.c_ulong(flags), data)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library that says 0 or fails."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
