"""A key changes with whatever could change a result, and with nothing else."""

import dataclasses
import hashlib
import hmac
import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_lib.grading import keys
from course_lib.grading.keys import course_secret, result_key, submission_seed, versions
from course_lib.grading.tasks import Limits

ROOT = Path(__file__).parents[2]
RELEASED = {path.stem: path.read_text("utf-8") for path in ROOT.glob("exercises/ex1_*/*.ipynb")}
FITTING, GRADIENTS, REGULARIZATION = "fitting", "gradients", "regularization"
ALL = {FITTING, GRADIENTS, REGULARIZATION}
PARTS = {
    "content": "{}",
    "files": {"data.csv": b"1,2"},
    "released": RELEASED[FITTING],
    "seed": 7,
    "limits": Limits(),
}


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the library, to be changed, and the keys before that."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(
        ROOT / "course_lib", root / "course_lib", ignore=shutil.ignore_patterns("__pycache__")
    )
    return root, keys_under(root)


def keys_under(root):
    """The key of the same answers to each notebook, computed afresh."""
    keys._sources.cache_clear()
    return {
        name: result_key(**PARTS | {"released": released}, root=root)
        for name, released in RELEASED.items()
    }


def test_the_release_holds_the_notebooks_named_here():
    assert set(RELEASED) == ALL


@pytest.mark.parametrize(
    ("module", "touched"),
    [
        ("checks/ex1_overfitting/rmse.py", {FITTING}),
        ("checks/ex1_overfitting/ridge.py", {REGULARIZATION}),
        ("checks/ex1_overfitting/adam.py", {GRADIENTS}),
        ("checks/ex1_overfitting/_optimizer_runs.py", {GRADIENTS}),  # imported by adam's bugs
        ("checks/ex1_overfitting/_scalar_graph.py", {GRADIENTS}),  # imported by an import
        ("checks/ex1_overfitting/__init__.py", ALL),
        ("checks/compare.py", ALL),
        ("checks/report.py", ALL),
        ("models/mlp.py", ALL),
        ("overfitting/polynomial.py", ALL),
        ("plotting.py", ALL),
        ("grading/worker.py", ALL),
        ("grading/verdict.py", ALL),
        ("grading/codec.py", ALL),
        ("grading/sandbox/warm.py", ALL),
        ("grading/student/session.py", ALL),
        ("grading/pool.py", set()),
        ("grading/cluster.py", set()),
        ("grading/run.py", set()),
        ("grading/build.py", set()),
        ("widgets/base.py", set()),
        ("cli.py", set()),
    ],
)
def test_a_changed_module_changes_the_keys_that_depend_on_it(copied, module, touched):
    copied, before = copied
    path = copied / "course_lib" / module
    source = path.read_text("utf-8")
    path.write_text(source + "# changed\n", "utf-8")
    after = keys_under(copied)
    path.write_text(source, "utf-8")
    assert {name for name in ALL if before[name] != after[name]} == touched


def test_keys_do_not_depend_on_where_the_library_lies(copied, tmp_path):
    copied, before = copied
    shutil.copytree(copied, tmp_path / "moved")
    assert keys_under(tmp_path / "moved") == before


@pytest.mark.parametrize(
    "change",
    [
        {"content": "{ }"},
        {"files": {}},
        {"files": {"data.csv": b"1,3"}},
        {"files": {"other.csv": b"1,2"}},
        {"files": {"data.csv": b"1,2", "other.csv": b""}},
        {"released": RELEASED[FITTING] + "\n"},
        {"seed": 8},
        *({"limits": Limits(**{field.name: 1})} for field in dataclasses.fields(Limits)),
    ],
    ids=lambda change: " ".join(map(str, change)),
)
def test_every_part_counts(change):
    assert result_key(**PARTS | change) != result_key(**PARTS)


@pytest.mark.parametrize("name", ["python", "torch", "numpy", "ipython", "nbgrader"])
def test_every_version_counts(monkeypatch, name):
    before = result_key(**PARTS)
    other = versions() | {name: "0.0.1"}
    monkeypatch.setattr(keys, "versions", lambda: other)
    assert result_key(**PARTS) != before


def test_versions_are_those_that_run():
    import torch

    assert versions()["torch"] == torch.__version__
    assert versions()["python"] == sys.version.split()[0]


def test_a_key_is_the_same_in_another_process_and_needs_no_torch():
    code = (
        "import sys; import test_keys as t; print(t.result_key(**t.PARTS), 'torch' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONHASHSEED": "123"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == [result_key(**PARTS), "False"]


def test_a_key_costs_little_once_its_notebook_is_known():
    result_key(**PARTS)
    started = time.process_time()
    for seed in range(1000):
        result_key(**PARTS | {"seed": seed})
    assert time.process_time() - started < 2


def test_an_exercise_without_a_check_is_named():
    released = RELEASED[FITTING].replace("ex1_overfitting/rmse", "ex1_overfitting/root-mean")
    with pytest.raises(ValueError, match="exercise 'ex1_overfitting/root-mean' has no check"):
        result_key(**PARTS | {"released": released})


def test_seeds_are_those_of_hmac():
    message = b'["ada", "ex", "{}"]'
    digest = hmac.new(b"s" * 32, message, hashlib.sha256).hexdigest()
    assert submission_seed(b"s" * 32, "ada", "ex", "{}") == int(digest[:16], 16) // 2


def test_seeds_fit_and_differ():
    parts = [
        (secret, student, assignment, content)
        for secret in (b"s" * 32, b"t" * 32)
        for student in ("a", "ab", "é", "\udce9")
        for assignment in ("ex", "b")
        for content in ("c", "bc", "")
    ]
    seeds = {submission_seed(*part) for part in parts}
    assert len(seeds) == len(parts)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert max(seeds) > 2**60


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path):
    folder = tmp_path / "new"
    secret = course_secret(folder)
    assert len(secret) == 32
    assert course_secret(folder) == secret
    assert course_secret(tmp_path / "other") != secret
    (path,) = folder.iterdir()
    assert path.read_bytes() == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_is_private_from_its_first_moment(tmp_path, monkeypatch):
    modes = []
    link = os.link
    monkeypatch.setattr(
        keys.os,
        "link",
        lambda own, path: (modes.append(stat.S_IMODE(own.stat().st_mode)), link(own, path)),
    )
    before = os.umask(0)
    try:
        course_secret(tmp_path)
    finally:
        os.umask(before)
    assert modes == [0o600]


def test_processes_that_make_the_secret_at_once_agree(tmp_path):
    fork = multiprocessing.get_context("fork")
    for number in range(10):
        folder, seen = tmp_path / f"secret-{number}", tmp_path / f"seen-{number}"
        seen.mkdir()
        start = time.monotonic() + 0.05
        processes = [fork.Process(target=note_secret, args=(folder, start, seen)) for _ in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        notes = [path.read_bytes() for path in seen.iterdir()]
        assert notes == [course_secret(folder)] * 4
        assert len(list(folder.iterdir())) == 1


def note_secret(folder, start, seen):
    while time.monotonic() < start:
        pass
    (seen / str(os.getpid())).write_bytes(course_secret(folder))


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_secret_of_another_length_is_refused(tmp_path, content):
    course_secret(tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"must hold 32 bytes, but holds {len(content)}"):
        course_secret(tmp_path)
    assert path.read_bytes() == content


def test_a_secret_that_cannot_be_read_is_told(tmp_path):
    course_secret(tmp_path)
    (path,) = tmp_path.iterdir()
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match="cannot read it: Is a directory"):
        course_secret(tmp_path)


def test_a_secret_that_cannot_be_made_is_told(tmp_path):
    folder = tmp_path / "file"
    folder.write_bytes(b"")
    with pytest.raises(OSError, match="cannot write it: ") as problem:
        course_secret(folder)
    assert problem.value.filename == str(folder / "grading_secret")
