"""A real scheduler and workers as processes of their own: every task has exactly one outcome."""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import fake_grader
import psutil
import pytest
from dask.distributed import Client

from course_lib.grading import cluster
from course_lib.grading.cluster import BATCH, grade_on_cluster
from course_lib.grading.pool import Failure

pytestmark = pytest.mark.xdist_group("cluster")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@contextlib.contextmanager
def dask(*arguments, **settings):
    """A process of dask's, killed at the end with those that it started."""
    with subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
        cwd=HERE,  # where it finds `fake_grader`
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
            process.kill()


@contextlib.contextmanager
def scheduler(folder):
    """A scheduler's process and address."""
    file = folder / "scheduler.json"
    with dask(
        *("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)),
        DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
    ) as process:
        wait_until(file.exists)
        wait_until(lambda: "address" in file.read_text())
        yield process, json.loads(file.read_text())["address"]


def workers(address, folder, *options, **settings):
    return dask(
        *("worker", address, "--nthreads", "1", "--local-directory", str(folder), *options),
        **settings,
    )


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    """The process that looks after two workers, each of which it starts again, and the address."""
    folder = tmp_path_factory.mktemp("cluster")
    with (
        scheduler(folder) as (_, address),
        workers(address, folder, "--nworkers", "2") as process,
        Client(address, timeout=20, set_as_default=False) as client,
    ):
        client.wait_for_workers(2, timeout=60)
        yield process, address


def processes_of(process):
    """The two processes that grade."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def outcomes(tasks, address):
    """The outcomes by the task's number; each task must have exactly one."""
    found = {}
    for task, outcome in grade_on_cluster(iter(tasks), fake_grader.grade, address):
        assert task.seed not in found
        found[task.seed] = outcome
    return found


def test_tasks_are_drawn_as_they_are_needed(two_workers):
    _, address = two_workers
    drawn = most_ahead = 0

    def tasks():
        nonlocal drawn
        for number in range(30 * BATCH + 7):
            drawn += 1
            yield fake_grader.task(number)

    done = {}
    for task, outcome in grade_on_cluster(tasks(), fake_grader.grade, address):
        most_ahead = max(most_ahead, drawn - len(done))
        done[task.seed] = outcome == fake_grader.expected(task)
    assert done == dict.fromkeys(range(30 * BATCH + 7), True)
    assert most_ahead <= 4 * BATCH  # two batches for each worker


def test_large_files_and_exceptions_travel(two_workers):
    _, address = two_workers
    tasks = [fake_grader.task(n, files={"data": bytes(1_000_000)}) for n in range(15)]
    tasks[4] = fake_grader.task(4, "raise")
    found = outcomes(tasks, address)
    failure = found.pop(4)
    assert failure.reason == "The grader failed: LookupError: no such case"
    assert "fake_grader.py" in failure.traceback
    assert found == {n: fake_grader.expected(tasks[n]) for n in range(15) if n != 4}


def test_a_worker_that_is_killed_costs_no_result(two_workers):
    process, address = two_workers
    tasks = [fake_grader.task(n, "sleep 0.02") for n in range(8 * BATCH)]
    found = {}
    for task, outcome in grade_on_cluster(iter(tasks), fake_grader.grade, address):
        if len(found) == BATCH:  # another batch is on its way
            os.kill(processes_of(process)[0].pid, signal.SIGKILL)
        assert task.seed not in found
        found[task.seed] = outcome
    assert found == {n: fake_grader.expected(task) for n, task in enumerate(tasks)}


def test_only_the_task_that_ends_its_workers_fails(two_workers):
    _, address = two_workers
    tasks = [fake_grader.task(n) for n in range(3 * BATCH)]
    tasks[BATCH + 3] = fake_grader.task(BATCH + 3, "kill")
    found = outcomes(tasks, address)
    reason = (
        "The worker that graded this ended, or took more than 180 seconds, again and again; "
        "is there enough memory?"
    )
    assert found.pop(BATCH + 3) == Failure(reason)
    assert found == {n: fake_grader.expected(tasks[n]) for n in found}
    assert len(found) == 3 * BATCH - 1


def test_closing_early_leaves_the_workers_to_others(two_workers):
    _, address = two_workers
    tasks = [fake_grader.task(n, "sleep 0.01") for n in range(20 * BATCH)]
    run = grade_on_cluster(iter(tasks), fake_grader.grade, address)
    next(run)
    run.close()
    started = time.monotonic()
    assert outcomes([fake_grader.task(0)], address) == {0: fake_grader.expected(tasks[0], "")}
    assert time.monotonic() - started < 10  # the rest would take 2 seconds for each batch


HANG = """
import fake_grader
from course_lib.grading import cluster, pool
pool.SLACK_SECONDS = 0.5
cluster._grade_batch(
    [fake_grader.task(0, "sleep 0.1", seconds=0.1), fake_grader.task(1, "hang", seconds=0.1)],
    fake_grader.grade,
    cluster.environment(),
)
"""


def test_a_worker_that_hangs_ends_itself():
    run = subprocess.run([sys.executable, "-c", HANG], cwd=HERE, timeout=60)
    assert run.returncode == cluster.STUCK


@pytest.fixture(scope="module")
def lone_scheduler(tmp_path_factory):
    with scheduler(tmp_path_factory.mktemp("lone")) as (process, address):
        yield process, address


@contextlib.contextmanager
def lone_worker(address, folder, **settings):
    """The only worker of a scheduler, which has forgotten it at the end."""
    with Client(address, timeout=20, set_as_default=False) as client:
        with workers(address, folder, "--no-nanny", **settings) as process:
            client.wait_for_workers(1, timeout=60)
            yield process
        if client.status == "running":
            wait_until(lambda: not client.nthreads())


def test_a_run_needs_workers(lone_scheduler, tmp_path, monkeypatch):
    _, address = lone_scheduler
    no_worker = f"no worker is at the scheduler {address}: start some with `dask worker {address}`"
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1.0)
    with pytest.raises(ConnectionError, match=no_worker):
        outcomes([fake_grader.task(0)], address)
    monkeypatch.setattr(cluster, "_NO_WORKER_SECONDS", 1.0)
    with lone_worker(address, tmp_path) as worker:
        run = grade_on_cluster(endless_tasks(), fake_grader.grade, address)
        next(run)
        worker.kill()
        with pytest.raises(ConnectionError, match=no_worker):
            list(run)


def endless_tasks():
    return (fake_grader.task(n, "sleep 0.01") for n in itertools.count())


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("plotting.py", r"has course_lib \w+ instead of \w+; install the same everywhere"),
        ("grading/keys.py", r"cannot use course_lib: .*No module named"),
    ],
)
def test_workers_need_our_software(lone_scheduler, tmp_path, lost, told):
    _, address = lone_scheduler
    package = tmp_path / "other" / "course_lib"
    shutil.copytree(ROOT / "course_lib", package)
    (package / lost).unlink()
    with (
        lone_worker(address, tmp_path, PYTHONPATH=str(package.parent)),
        pytest.raises(RuntimeError, match=rf"the worker tcp://\S+ {told}"),
    ):
        outcomes([fake_grader.task(0)], address)


def test_a_scheduler_that_goes_away_ends_the_run(lone_scheduler, tmp_path):
    process, address = lone_scheduler
    with lone_worker(address, tmp_path):
        run = grade_on_cluster(endless_tasks(), fake_grader.grade, address)
        next(run)
        process.kill()
        with pytest.raises(ConnectionError, match=f"the dask scheduler at {address} went away"):
            list(run)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://127.0.0.1:9", "(Timed out|nothing came in 1 seconds)"),
        ("127.0.0.1", "missing port number"),
        ("nfs://127.0.0.1:8786", "unknown address scheme 'nfs'"),
        ("tls://127.0.0.1:9", "TLS expects"),
    ],
)
def test_an_address_where_no_scheduler_answers_is_told_soon(monkeypatch, address, why):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1.0)
    started = time.monotonic()
    with pytest.raises(ConnectionError, match=f"no dask scheduler answers at {address}: {why}"):
        outcomes([fake_grader.task(0)], address)
    assert time.monotonic() - started < 10


def test_a_server_of_another_kind_is_no_scheduler(monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=f"no dask scheduler answers at {address}"):
            outcomes([fake_grader.task(0)], address)
