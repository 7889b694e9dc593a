"""Each limit holds, and what is left beneath it can be used."""

from __future__ import annotations

import os
import signal
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")

# Everything is imported before root becomes another user, who may not see its folders.
BEGIN = """
import ctypes, errno, itertools, json, os, resource, signal, sys, threading, time
import encodings.idna
from dataclasses import replace
from course_lib.grading.sandbox.limits import apply_limits, drop_privileges
from course_lib.grading.tasks import Limits
small = Limits(cpu_seconds=1, memory_mb=300, scratch_mb=1, open_files=40, threads=20)
"""
AS_ANOTHER_USER = """
if os.getuid() == 0:  # whom the kernel does not bind
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # or /proc/self would stay root's
"""


def test_memory(answer):
    code = """
apply_limits(small)
fits = len(bytearray(200_000_000))
try:
    bytearray(400_000_000)
except MemoryError:
    print(json.dumps(fits))
"""
    assert answer(BEGIN + code) == 200_000_000


def test_memory_taken_before_does_not_count(answer):
    code = """
before = bytearray(1_000_000_000)
apply_limits(small)
print(json.dumps(len(bytearray(200_000_000))))
"""
    assert answer(BEGIN + code) == 200_000_000


def test_memory_of_torch(answer):
    code = """
import torch
apply_limits(small)
fits = torch.ones(50_000_000).sum().item()  # 200 MB
try:
    torch.ones(10_000_000_000)
except RuntimeError as problem:
    print(json.dumps([fits, "allocate memory" in str(problem)]))
"""
    assert answer(BEGIN + code) == [50_000_000, True]


def test_processor_time_ends_a_loop_in_c(python):
    process = python(BEGIN + "apply_limits(small)\nsum(itertools.count())")
    assert process.returncode == -signal.SIGXCPU


def test_processor_time_ends_a_loop_that_ignores_the_signal(python):
    code = "apply_limits(small)\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
    process = python(BEGIN + code + "sum(itertools.count())")
    assert process.returncode == -signal.SIGKILL


def test_processor_time_spent_before_does_not_count(answer):
    code = """
while time.process_time() < 1.5:
    pass
apply_limits(small)
before = time.process_time()
while time.process_time() < before + 0.8:
    pass
print(json.dumps(resource.getrlimit(resource.RLIMIT_CPU)))
"""
    assert answer(BEGIN + code) in ([3, 4], [4, 5])  # a busy machine may round up once more


def test_a_file(answer, tmp_path):
    code = """
apply_limits(small)
with open(sys.argv[1], "wb", buffering=0) as file:
    written = file.write(bytes(1 << 20))
    try:
        file.write(b"x")
    except OSError as problem:
        print(json.dumps([written, problem.errno == errno.EFBIG]))
"""
    assert answer(BEGIN + code, tmp_path / "file") == [1 << 20, True]
    assert (tmp_path / "file").stat().st_size == 1 << 20


def test_open_files(answer):
    code = """
apply_limits(small)
opened = []
try:
    while True:
        opened.append(os.open("/dev/null", os.O_RDONLY))
except OSError as problem:
    print(json.dumps([max(opened), problem.errno == errno.EMFILE]))
"""
    assert answer(BEGIN + code) == [39, True]


@pytest.mark.parametrize("others", [0, 100])
def test_threads(answer, others):
    """As many as allowed, whatever else the user runs; and 10,000 are refused."""
    code = f"""
{AS_ANOTHER_USER}
end = threading.Event()
def start():
    threading.Thread(target=end.wait, daemon=True).start()
for _ in range({others}):
    start()
apply_limits(replace(small, memory_mb=100_000))
started = 0
try:
    while started < 10_000:
        start()
        started += 1
except RuntimeError:
    pass
print(json.dumps(started), flush=True)
os._exit(0)
"""
    started = answer(BEGIN + code)
    assert 20 <= started < 10_000
    if os.getuid() == 0:  # then the other user runs nothing else
        assert started <= 20 + 2 * (others + 2)


def test_hard_limits_stay(answer):
    code = (
        AS_ANOTHER_USER
        + """
apply_limits(small)
raised = []
for name in ("CPU", "AS", "FSIZE", "NOFILE", "NPROC", "CORE"):
    kind = getattr(resource, f"RLIMIT_{name}")
    try:
        resource.setrlimit(kind, (resource.getrlimit(kind)[1] + 1,) * 2)
        raised.append(name)
    except ValueError:
        pass
print(json.dumps(raised))
"""
    )
    assert answer(BEGIN + code) == []


def test_root_without_capabilities_cannot_raise_them_either(answer):
    code = """
apply_limits(small)
drop_privileges()
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (41, 41))
    print(json.dumps("raised"))
except ValueError:
    print(json.dumps("refused"))
"""
    assert answer(BEGIN + code) == "refused"


def test_a_lower_limit_that_was_there_stays(answer):
    code = """
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
apply_limits(small)
print(json.dumps(resource.getrlimit(resource.RLIMIT_NOFILE)))
"""
    assert answer(BEGIN + code) == [30, 30]


def test_no_core_is_left(answer):
    code = "apply_limits(small)\nprint(json.dumps(resource.getrlimit(resource.RLIMIT_CORE)))"
    assert answer(BEGIN + code) == [0, 0]


def test_no_capability_is_left(answer):
    code = """
drop_privileges()
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({name: int(status[name], 16) for name in status if name.startswith("Cap")}))
"""
    left = answer(BEGIN + code)
    if os.getuid():
        left.pop("CapBnd")  # who has no capability cannot lower what could be had
    assert set(left) >= {"CapInh", "CapPrm", "CapEff", "CapAmb"}
    assert set(left.values()) == {0}


def test_no_program_brings_capabilities(answer):
    code = """
import subprocess
drop_privileges()
status = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout
kept = dict(line.split(":", 1) for line in status.splitlines())
print(json.dumps([int(kept["CapEff"], 16), int(kept["NoNewPrivs"])]))
"""
    assert answer(BEGIN + code) == [0, 1]
