"""What is in force is what was tried and worked, and the reasons say so."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from course_lib.grading.sandbox import isolation
from course_lib.grading.sandbox.isolation import Available, Isolation, available
from course_lib.grading.sandbox.landlock import landlock_abi

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="nothing isolates but on Linux")
with_landlock = pytest.mark.skipif(landlock_abi() == 0, reason="this system has no Landlock")


@pytest.fixture
def bwrap(monkeypatch, tmp_path):
    """A function that puts a bubblewrap of one's own before all others."""

    def install(script: str) -> None:
        program = tmp_path / "bwrap"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    return install


@on_linux
def test_namespaces_where_they_work():
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    found = available()
    if found.isolation is not Isolation.NAMESPACES:
        pytest.skip(found.in_words())
    assert found.reasons == ("bubblewrap, user namespaces and seccomp work here.",)


@with_landlock
def test_landlock_where_user_namespaces_are_refused(bwrap):
    bwrap("echo 'bwrap: No permissions to create new namespace' >&2; exit 1")
    found = available()
    assert found.isolation is Isolation.LANDLOCK
    assert found.reasons[:2] == (
        f"Landlock (version {landlock_abi()}) and seccomp work here.",
        "bubblewrap is installed, but namespaces do not work: "
        "bwrap: No permissions to create new namespace.",
    )
    assert "--trust-students" not in found.in_words()
    # With namespaces each submission has a user of its own; without them root stays root.
    assert ("You are root" in found.in_words()) == (os.geteuid() == 0)


@with_landlock
def test_landlock_where_only_the_inner_namespaces_are_refused(bwrap):
    """bubblewrap itself works, as it does set-user-id root, but its guest gets no namespaces."""
    bwrap(
        f'exec {sys.executable} -c "'
        "import errno; raise OSError(errno.ENOSPC, 'unshare: too many namespaces')"
        '"'
    )
    found = available()
    assert found.isolation is Isolation.LANDLOCK
    assert "unshare: too many namespaces" in found.in_words()


@with_landlock
def test_landlock_where_bubblewrap_hangs(bwrap, monkeypatch):
    monkeypatch.setattr(isolation, "_TRIAL_SECONDS", 5)
    bwrap("exec sleep 60")
    found = available()
    assert found.isolation is Isolation.LANDLOCK
    assert "timed out" in found.in_words()


@with_landlock
def test_landlock_without_bubblewrap(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = available()
    assert found.isolation is Isolation.LANDLOCK
    assert "bubblewrap is not installed (apt install bubblewrap)." in found.reasons


@on_linux
def test_none_names_all_that_is_missing_and_the_ways_out(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(isolation, "landlock_abi", lambda: 0)
    found = available()
    assert found.isolation is Isolation.NONE
    words = found.in_words()
    assert "apt install bubblewrap" in words
    assert "Linux 5.13" in words
    assert "Containerfile" in words
    assert "--trust-students" in words


@with_landlock
def test_none_where_seccomp_is_missing(monkeypatch, tmp_path):
    """Landlock alone would leave a student's process its parent's network and signals."""
    (tmp_path / "pyseccomp.py").write_text("raise RuntimeError('Unable to find libseccomp')")
    monkeypatch.setenv("PATH", str(tmp_path))
    environment = isolation._environment
    monkeypatch.setattr(
        isolation,
        "_environment",
        lambda: {"PYTHONPATH": f"{tmp_path}:{environment()['PYTHONPATH']}"},
    )
    found = available()
    assert found.isolation is Isolation.NONE
    assert "Landlock or seccomp does not work: RuntimeError: Unable to find libseccomp." in (
        found.reasons
    )


@pytest.mark.parametrize(("platform", "name"), [("darwin", "macOS"), ("win32", "Windows")])
def test_other_systems_have_none(monkeypatch, platform, name):
    monkeypatch.setattr(isolation.sys, "platform", platform)
    found = available()
    assert found.isolation is Isolation.NONE
    assert name in found.in_words()
    assert "Containerfile" in found.in_words()


def test_everything_can_be_imported_where_there_is_no_unix(python):
    """As on Windows: no resource, no libseccomp, no C library to open."""
    process = python(
        """
import ctypes, sys
sys.platform = "win32"
sys.modules["resource"] = sys.modules["pyseccomp"] = sys.modules["fcntl"] = None
ctypes.CDLL = None
from course_lib.grading.sandbox import isolation, landlock, limits, namespaces, seccomp
assert landlock.landlock_abi() == 0
print(isolation.available().isolation)
"""
    )
    assert (process.stdout, process.stderr) == ("none\n", "")


def test_only_no_isolation_shows_ways_out():
    for kind in Isolation:
        shown = isolation.WAYS_OUT in Available(kind, ("A reason.",)).in_words()
        assert shown == (kind is Isolation.NONE)


HONEST = """
import asyncio, logging, os, subprocess, sys, tempfile, threading, time
from pathlib import Path
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy, pyseccomp, torch
from course_lib.grading.sandbox.landlock import restrict_files
from course_lib.grading.sandbox.limits import apply_limits, drop_privileges
from course_lib.grading.sandbox.namespaces import DEVICES, SYSTEM, readable_folders
from course_lib.grading.sandbox.seccomp import forbid_system_calls
from course_lib.grading.tasks import Limits
scratch = Path(sys.argv[1])
os.chdir(scratch)
tempfile.tempdir = str(scratch)
system = [Path(path) for path in (*SYSTEM, *DEVICES) if os.path.exists(path)]
image, kernels = torch.randn(1, 3, 8, 8), torch.randn(4, 3, 3, 3)
torch.nn.functional.conv2d(image, kernels)  # looks at /proc/cpuinfo once, in the warm process
apply_limits(Limits())
restrict_files([*system, *readable_folders()], [scratch])
drop_privileges()
forbid_system_calls()

assert (numpy.random.default_rng(0).normal(size=(300, 300)) @ numpy.eye(300)).shape == (300, 300)
assert numpy.linalg.svd(numpy.eye(50)).S.sum() == 50
torch.manual_seed(0)
weight = torch.randn(200, 200, requires_grad=True)
(weight @ torch.randn(200, 200)).square().mean().backward()
assert weight.grad.shape == (200, 200)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
optimizer = torch.optim.AdamW(model.parameters())
for _ in range(3):
    optimizer.zero_grad()
    model(torch.randn(16, 4)).mean().backward()
    optimizer.step()
torch.save(model.state_dict(), "model.pt")
assert torch.load("model.pt").keys() == model.state_dict().keys()
torch.nn.functional.conv2d(image, kernels)
loader = torch.utils.data.DataLoader(range(10), batch_size=5)
assert [len(batch) for batch in loader] == [5, 5]
plt.plot([1, 2, 3])
plt.savefig("figure.png")
assert (scratch / "figure.png").stat().st_size > 1000
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
Path("text.txt").write_text("kept")
Path("text.txt").rename("moved.txt")
assert Path("moved.txt").read_text() == "kept"
async def later():
    await asyncio.sleep(0.01)
    return 3
assert asyncio.run(later()) == 3
threads = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(10)]
for thread in threads: thread.start()
for thread in threads: thread.join()
logging.basicConfig(filename="log.txt")
logging.warning("said")
import statistics, fractions, unittest.mock  # what was not imported before can still be
try:
    subprocess.run(["ls"])
except OSError as problem:
    print(type(problem).__name__, problem)
"""


@with_landlock
def test_honest_work_is_not_disturbed(python, tmp_path):
    process = python(HONEST, tmp_path)
    assert (process.stdout, process.stderr) == (
        "PermissionError [Errno 1] Operation not permitted\n",
        "",
    )
