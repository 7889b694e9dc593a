"""Find out what this machine can shut a student's code in with, by trying it, and say why."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from course_lib.grading.sandbox.landlock import landlock_abi
from course_lib.grading.sandbox.namespaces import bubblewrap_command

WAYS_OUT = (
    "Grade in a Linux container (see the first lines of Containerfile), "
    "or trust all that was handed in, as you would run it yourself: --trust-students."
)
WAYS_OUT_ELSEWHERE = (
    "Grade in a Linux container (see the first lines of Containerfile), or with "
    "`nbgrader autograde`, which runs all that was handed in as you."
)
_ROOT_IS_NOT_BOUND = (
    "You are root, whom the kernel does not bind in the number of threads: grade as another user."
)
_TRIAL_SECONDS = 60
# Both import all that they need before they enter, as the warm process does.
_IN_NAMESPACES = """
import os, pyseccomp
from course_lib.grading.sandbox.limits import drop_privileges
from course_lib.grading.sandbox.namespaces import enter_namespaces, hide_processes
from course_lib.grading.sandbox.seccomp import forbid_system_calls
enter_namespaces(scratch_mb=1)
if child := os.fork():
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
hide_processes()
drop_privileges()
forbid_system_calls()
"""
_UNDER_LANDLOCK = """
import pyseccomp
from pathlib import Path
from course_lib.grading.sandbox.landlock import restrict_files
from course_lib.grading.sandbox.limits import drop_privileges
from course_lib.grading.sandbox.seccomp import forbid_system_calls
restrict_files([Path("/")], [])
drop_privileges()
forbid_system_calls(under_landlock=True)
"""


class Isolation(StrEnum):
    """What keeps a student's code in."""

    NAMESPACES = "namespaces"  # a world of its own: bubblewrap, user namespaces, seccomp
    LANDLOCK = "landlock"  # the same world with most rights taken away: Landlock, seccomp
    NONE = "none"


@dataclass(frozen=True)
class Available:
    """The best that a machine offers, and why it is not another."""

    isolation: Isolation
    reasons: tuple[str, ...]  # sentences

    def in_words(self) -> str:
        """All of it for a person, with the ways out where there is no isolation."""
        if self.isolation is not Isolation.NONE:
            return " ".join(self.reasons)
        ways_out = WAYS_OUT if sys.platform == "linux" else WAYS_OUT_ELSEWHERE
        return " ".join((*self.reasons, ways_out))


def available() -> Available:
    """Try what this machine offers, the best first; takes about a second."""
    if sys.platform != "linux":
        system = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, platform.system())
        return Available(
            Isolation.NONE,
            (f"{system} cannot shut a process in as grading needs it; Linux can.",),
        )
    no_namespaces = _why_no_namespaces()
    if no_namespaces is None:
        return Available(
            Isolation.NAMESPACES, ("bubblewrap, user namespaces and seccomp work here.",)
        )
    no_landlock = _why_no_landlock()
    if no_landlock is None:
        root = () if os.geteuid() else (_ROOT_IS_NOT_BOUND,)
        works = f"Landlock (version {landlock_abi()}) and seccomp work here."
        return Available(Isolation.LANDLOCK, (works, no_namespaces, *root))
    return Available(Isolation.NONE, (no_namespaces, no_landlock))


def _why_no_namespaces() -> str | None:
    """What stands in the way of namespaces, None where they work."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (apt install bubblewrap)."
    command = bubblewrap_command([sys.executable, "-c", _IN_NAMESPACES], _environment())
    if (said := _try(command)) is None:
        return None
    return f"bubblewrap is installed, but namespaces do not work: {said}."


def _why_no_landlock() -> str | None:
    """What stands in the way of Landlock with seccomp, None where they work."""
    if landlock_abi() == 0:
        return "The kernel has no Landlock, or it is switched off: it needs Linux 5.13 or newer."
    if (said := _try([sys.executable, "-c", _UNDER_LANDLOCK])) is None:
        return None
    return f"Landlock or seccomp does not work: {said}."


def _try(command: Sequence[str]) -> str | None:
    """Run a trial; the last line of what it wrote where it failed, None where it worked."""
    environment = _environment() | {"PATH": os.environ.get("PATH", os.defpath)}
    try:
        trial = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRIAL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    if trial.returncode == 0:
        return None
    lines = trial.stderr.decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].rstrip(".") if said else f"exit status {trial.returncode}"


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONDONTWRITEBYTECODE": "1"}
