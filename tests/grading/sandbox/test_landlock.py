"""What lies outside the named paths is out of reach, whatever way is tried."""

from __future__ import annotations

import errno
import json
import socket
import sys

import pytest

from course_lib.grading.sandbox import landlock

pytestmark = pytest.mark.skipif(
    landlock.landlock_abi() == 0,
    reason="this system has no Landlock" if sys.platform == "linux" else "Landlock is of Linux",
)

# Runs each statement and notes the error that it met, 0 where it met none.
TRY = """
import ctypes, fcntl, json, os, signal, socket, sys
from pathlib import Path
from course_lib.grading.sandbox.landlock import restrict_files
base = Path(sys.argv[1])
port = int(sys.argv[2])
system = [Path(folder) for folder in ("/usr", "/lib", "/lib64") if os.path.isdir(folder)]
readable = [*system, base / "readable", base / "one.txt"]
restrict_files(readable, [base / "scratch", Path("/dev/null")])
os.chdir(base)
met = {}
for code in json.loads(sys.argv[3]):
    try:
        exec(code)
        met[code] = 0
    except OSError as problem:
        met[code] = problem.errno
print(json.dumps(met))
"""
DENIED = {
    "open('secret.txt')": errno.EACCES,
    "open('secret.txt', 'w')": errno.EACCES,
    "open('readable/../secret.txt')": errno.EACCES,
    "open('readable/link')": errno.EACCES,
    "os.listdir('.')": errno.EACCES,
    "os.truncate('secret.txt', 0)": errno.EACCES,
    "os.unlink('secret.txt')": errno.EACCES,
    "os.rename('secret.txt', 'scratch/secret.txt')": errno.EACCES,
    "os.link('secret.txt', 'scratch/hard.txt')": errno.EXDEV,  # as between two disks
    "open('new.txt', 'w')": errno.EACCES,
    "os.mkdir('new')": errno.EACCES,
    "os.symlink('a', 'new')": errno.EACCES,
    "open('readable/inner.txt', 'w')": errno.EACCES,
    "open('readable/inner.txt', 'a')": errno.EACCES,
    "os.truncate('readable/inner.txt', 0)": errno.EACCES,
    "open('readable/new.txt', 'w')": errno.EACCES,
    "os.unlink('readable/inner.txt')": errno.EACCES,
    "open('one.txt', 'w')": errno.EACCES,
    "os.symlink(base / 'secret.txt', 'scratch/a'); open('scratch/a')": errno.EACCES,
    "os.mkfifo('scratch/pipe')": errno.EACCES,
    "socket.socket(socket.AF_UNIX).bind('scratch/socket')": errno.EACCES,
    "os.execv('scratch/program', ['program'])": errno.EACCES,
    "open('/proc/self/status')": errno.EACCES,
    "open('/etc/passwd')": errno.EACCES,
}
ALLOWED = [
    "assert open('readable/inner.txt').read() == 'inner'",
    "assert open('one.txt').read() == 'one'",
    "assert os.listdir('readable/deep') == ['er.txt']",
    "open('scratch/new.txt', 'w').write('new')",
    "assert open('scratch/new.txt').read() == 'new'",
    "os.mkdir('scratch/folder')",
    "os.rename('scratch/new.txt', 'scratch/folder/moved.txt')",
    "os.link('scratch/folder/moved.txt', 'scratch/hard.txt')",
    "os.truncate('scratch/hard.txt', 1)",
    "os.unlink('scratch/hard.txt')",
    "open('/dev/null', 'w').write('gone')",
    "left, right = socket.socketpair(); left.send(b'x')",
]
# (from which version of Landlock, the error)
SINCE = {
    "socket.create_connection(('127.0.0.1', port))": (4, errno.EACCES),
    "socket.socket().bind(('127.0.0.1', 0))": (4, errno.EACCES),
    "fcntl.ioctl(os.open('/dev/null', os.O_RDWR), 0x5401)": (5, errno.EACCES),
    "socket.socket(socket.AF_UNIX).connect('\\0' + f'course-{port}')": (6, errno.EPERM),
    "os.kill(os.getppid(), 0)": (6, errno.EPERM),
}


@pytest.fixture(scope="module")
def met(answer, tmp_path_factory):
    base = tmp_path_factory.mktemp("landlock")
    (base / "secret.txt").write_text("secret")
    (base / "one.txt").write_text("one")
    (base / "readable" / "deep").mkdir(parents=True)
    (base / "readable" / "inner.txt").write_text("inner")
    (base / "readable" / "deep" / "er.txt").write_text("deeper")
    (base / "readable" / "link").symlink_to(base / "secret.txt")
    (base / "scratch").mkdir()
    (base / "scratch" / "program").write_text("#!/bin/sh\n")
    (base / "scratch" / "program").chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as named:
        port = server.getsockname()[1]
        named.bind(f"\0course-{port}")
        named.listen()
        answers = answer(TRY, base, port, json.dumps([*DENIED, *ALLOWED, *SINCE]))
    assert (base / "secret.txt").read_text() == "secret"
    assert (base / "readable" / "inner.txt").read_text() == "inner"
    return answers


@pytest.mark.parametrize("code", DENIED)
def test_denied(met, code):
    assert met[code] == DENIED[code]


@pytest.mark.parametrize("code", ALLOWED)
def test_allowed(met, code):
    assert met[code] == 0


@pytest.mark.parametrize("code", SINCE)
def test_denied_where_the_kernel_can(met, code):
    version, error = SINCE[code]
    if landlock.landlock_abi() < version:
        pytest.skip(f"needs version {version} of Landlock")
    assert met[code] == error


def test_what_it_starts_is_restricted_too(answer, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    code = """
import json, os, subprocess, sys
from pathlib import Path
from course_lib.grading.sandbox.landlock import restrict_files
system = [Path(folder) for folder in ("/usr", "/lib", "/lib64", "/bin") if os.path.isdir(folder)]
restrict_files(system, [Path("/dev/null")])
print(json.dumps(subprocess.run(["cat", sys.argv[1]], stderr=subprocess.DEVNULL).returncode))
"""
    assert answer(code, secret) == 1


def test_a_missing_path_is_named(tmp_path):
    missing = tmp_path / "missing"
    with pytest.raises(FileNotFoundError, match=str(missing)):
        landlock.restrict_files([missing], [])


def test_a_kernel_without_landlock(monkeypatch, tmp_path):
    def refuse(*arguments):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(landlock, "_call", refuse)
    assert landlock.landlock_abi() == 0
    with pytest.raises(OSError, match="offers no Landlock"):
        landlock.restrict_files([tmp_path], [])


# The bits of include/uapi/linux/landlock.h: the last file right, TCP, scopes of each version.
@pytest.mark.parametrize(
    ("version", "files", "network", "scoped"),
    [
        (1, 0x1FFF, 0, 0),
        (2, 0x3FFF, 0, 0),
        (3, 0x7FFF, 0, 0),
        (4, 0x7FFF, 3, 0),
        (5, 0xFFFF, 3, 0),
        (6, 0xFFFF, 3, 3),
        (7, 0xFFFF, 3, 3),
    ],
)
def test_older_kernels_are_asked_for_what_they_know(
    monkeypatch, tmp_path, version, files, network, scoped
):
    asked, rules = [], []

    def call(number, *arguments):
        if number == 444:
            asked.append(arguments[0])
            return landlock.os.open(landlock.os.devnull, landlock.os.O_RDONLY)
        if number == 445:
            rules.append(arguments[2])
        return 0

    monkeypatch.setattr(landlock, "landlock_abi", lambda: version)
    monkeypatch.setattr(landlock, "_call", call)
    monkeypatch.setattr(landlock, "forbid_new_privileges", lambda: None)
    landlock.restrict_files([tmp_path], [tmp_path])
    assert asked == [
        files.to_bytes(8, sys.byteorder)
        + network.to_bytes(8, sys.byteorder)
        + scoped.to_bytes(8, sys.byteorder)
    ]
    for rule in rules:
        assert int.from_bytes(rule[:8], sys.byteorder) & ~files == 0
