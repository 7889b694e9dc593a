"""A result comes back as it was written or not at all, whatever happens to its file."""

import errno
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.grading import files
from course_lib.grading.files import write_atomically
from course_lib.grading.results import ResultStore
from course_lib.grading.tasks import ExerciseResult, Incident, IncidentKind, Result

RESULT = Result(
    student="ada",
    assignment="ex",
    notebook="lines",
    key="k" * 64,
    content='{"cells": ["é", "\\u0000"]}',
    scores={"a": 3.0, "b": None},
    comments={"c": None, "d": "No response."},
    exercises=(ExerciseResult("a", "ex/rmse", 3.0, 4.0, ("no-root",), ("value",)),),
    incidents=(Incident(IncidentKind.STOPPED, "A cell took too long."),),
)
DIGEST = "d" * 64
HOSTILE_NAMES = [
    "..",
    ".",
    "../../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\nb",
    "",
    "\x00",
    "con",
    "é" * 127,
    "x" * 255,
    "<script>",
    "committed.txt",
    "ada ",
    "\x1b[2J",
]


def read(store, result):
    return store.read(result.student, result.notebook, result.key)


@pytest.fixture
def store(tmp_path):
    return ResultStore(tmp_path / "results")


def file_of(tmp_path):
    (path,) = (tmp_path / "results").iterdir()
    return path


def test_what_was_written_is_read(store, tmp_path):
    assert read(store, RESULT) is None
    store.write(RESULT)
    assert read(store, RESULT) == RESULT
    assert read(ResultStore(tmp_path / "results"), RESULT) == RESULT


def test_a_result_replaces_the_one_of_another_key(store, tmp_path):
    newer = replace(RESULT, key="n" * 64, scores={"a": 4.0, "b": None})
    store.write(RESULT)
    store.write(newer)
    assert read(store, newer) == newer
    assert read(store, RESULT) is None
    assert file_of(tmp_path)  # one file


def test_results_of_two_notebooks_or_students_stay_apart(store):
    results = [
        replace(RESULT, student=student, notebook=notebook, scores={"a": float(number)})
        for number, (student, notebook) in enumerate(
            [("a", "bc"), ("ab", "c"), ("a", "b"), ("b", "a")]
        )
    ]
    for result in results:
        store.write(result)
    assert [read(store, result) for result in results] == results


def test_no_flipped_bit_goes_unnoticed(store, tmp_path):
    store.write(RESULT)
    path = file_of(tmp_path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        assert read(store, RESULT) is None
    path.write_bytes(whole)
    assert read(store, RESULT) == RESULT


def test_a_file_that_is_cut_short_counts_as_absent(store, tmp_path):
    store.write(RESULT)
    path = file_of(tmp_path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        assert read(store, RESULT) is None


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"null", b"[1]", b"{}", b"\xff\xfe", b"[" * 100_000]
)
def test_a_file_that_holds_no_result_counts_as_absent(store, tmp_path, content):
    store.write(RESULT)
    file_of(tmp_path).write_bytes(content)
    assert read(store, RESULT) is None
    file_of(tmp_path).write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    assert read(store, RESULT) is None


def test_a_file_that_cannot_be_opened_counts_as_absent(store, tmp_path):
    store.write(RESULT)
    path = file_of(tmp_path)
    path.unlink()
    path.mkdir()
    assert read(store, RESULT) is None
    with pytest.raises(OSError, match="cannot write it: Is a directory"):
        store.write(RESULT)


def test_the_result_of_somebody_else_counts_as_absent(store, tmp_path):
    store.write(RESULT)
    mine = file_of(tmp_path).read_bytes()
    for other in (replace(RESULT, student="bob"), replace(RESULT, notebook="curves")):
        store.write(other)
        for path in (tmp_path / "results").iterdir():
            path.write_bytes(mine)
        assert read(store, other) is None
        assert read(store, RESULT) == RESULT


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_no_name_leaves_the_folder(store, tmp_path, name):
    for result in (replace(RESULT, student=name), replace(RESULT, notebook=name)):
        store.write(result)
        store.mark_committed({result.student: DIGEST})
        assert read(store, result) == result
        assert store.is_committed(result.student, DIGEST)
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    assert len(list((tmp_path / "results").iterdir())) == 3
    assert all(path.is_file() for path in (tmp_path / "results").iterdir())


def test_the_gradebook_holds_the_last_that_was_committed(store, tmp_path):
    def held():
        opened = ResultStore(tmp_path / "results")
        both = [
            [s.is_committed(student, digest) for student in ("ada", "bob") for digest in "12"]
            for s in (store, opened)
        ]
        assert both[0] == both[1]
        return both[0]

    store.mark_committed({})
    assert held() == [False] * 4
    store.mark_committed({"ada": "1", "bob": "1"})
    assert held() == [True, False, True, False]
    store.mark_committed({"ada": "2"})
    assert held() == [False, True, True, False]
    store.mark_committed({"ada": "1"})
    assert held() == [True, False, True, False]


def test_a_torn_record_costs_one_commit_and_no_more(store, tmp_path):
    store.mark_committed({"ada": DIGEST})
    journal = file_of(tmp_path)
    first = len(journal.read_bytes())
    store.mark_committed({"bob": DIGEST})
    content = journal.read_bytes()
    for length in range(first, len(content)):
        journal.write_bytes(content[:length])
        torn = ResultStore(tmp_path / "results")
        assert torn.is_committed("ada", DIGEST)
        assert torn.is_committed("bob", DIGEST) == (length == len(content) - 1)
        torn.mark_committed({"cyd": DIGEST})
        after = ResultStore(tmp_path / "results")
        assert after.is_committed("ada", DIGEST)
        assert after.is_committed("cyd", DIGEST)


def test_a_spoilt_journal_is_no_crash(store, tmp_path):
    store.mark_committed({"ada": DIGEST})
    file_of(tmp_path).write_bytes(b"\xff\x00 a b c\n" * 3)
    assert not ResultStore(tmp_path / "results").is_committed("ada", DIGEST)


def test_writing_leaves_one_file_and_makes_folders(tmp_path):
    path = tmp_path / "a" / "b" / ("x" * 255)
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_a_writer_that_is_interrupted_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"before")

    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    path, steps = tmp_path / "file", []
    fsync, rename = os.fsync, os.replace

    def synced(descriptor):
        steps.append(("synced", os.fstat(descriptor).st_size))
        fsync(descriptor)

    def renamed(partial, target):
        steps.append(("renamed", Path(partial).stat().st_size))
        rename(partial, target)

    monkeypatch.setattr(files.os, "fsync", synced)
    monkeypatch.setattr(files.os, "replace", renamed)
    write_atomically(path, b"12345")
    assert steps == [("synced", 5), ("renamed", 5)]


def test_threads_that_write_one_file_never_mix(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([65 + number]) * 100_000 for number in range(4)]

    def write(content):
        for _ in range(10):
            write_atomically(path, content)
            assert path.read_bytes() in contents

    threads = [threading.Thread(target=write, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


FILL = """
import sys
from pathlib import Path
from test_results import RESULT, ResultStore, read, replace
folder = Path(sys.argv[1])
store = ResultStore(folder)
store.write(RESULT)
try:
    store.write(replace(RESULT, content="x" * 1_000_000))
except OSError as problem:
    print(problem)
assert read(store, RESULT) == RESULT
(path,) = folder.iterdir()
"""


def test_a_full_disk_leaves_what_was_there_and_says_so(tmp_path):
    mount = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    unshare = shutil.which("unshare")
    alone = [unshare, "--user", "--map-root-user", "--mount"]
    if not unshare or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("a full disk needs `unshare` and user namespaces, which are not here")
    run = subprocess.run(
        [*alone, "sh", "-c", mount, "sh", tmp_path, sys.executable, FILL],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "cannot write it: No space left on device" in run.stdout
    assert f"{tmp_path}/" in run.stdout


def test_a_file_that_grows_too_large_leaves_what_was_there(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="cannot write it: File too large") as problem:
            write_atomically(path, b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert problem.value.errno == errno.EFBIG
    assert problem.value.filename == str(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
