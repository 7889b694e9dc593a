"""Whatever becomes of a process, every task has one outcome, and no process stays."""

import contextlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import fake_grader
import psutil
import pytest

from course_lib.grading import pool
from course_lib.grading.pool import Failure, grade_locally
from course_lib.grading.tasks import Result

HERE = Path(__file__).parent


def outcomes(tasks, workers=2):
    """The outcomes by the task's number; each task must have exactly one."""
    found = {}
    for task, outcome in grade_locally(iter(tasks), fake_grader.grade, workers):
        assert task.seed not in found
        found[task.seed] = outcome
    return found


def ends(process, seconds=10):
    """An orphan may stay a zombie where the first process of the machine does not collect it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        deadline = time.monotonic() + seconds
        while process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    return True


def processes_in(path, count, seconds=20):
    """The processes that wrote their ids into a file, once there are as many as that."""
    deadline = time.monotonic() + seconds
    while not path.exists() or len(path.read_text().splitlines()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return [psutil.Process(int(line)) for line in path.read_text().split()]


def test_a_thousand_tasks_are_drawn_as_they_are_needed():
    drawn = most_ahead = 0

    def tasks():
        nonlocal drawn
        for number in range(1000):
            drawn += 1
            yield fake_grader.task(number)

    done = {}
    for task, outcome in grade_locally(tasks(), fake_grader.grade, 2):
        most_ahead = max(most_ahead, drawn - len(done))
        done[task.seed] = outcome == fake_grader.expected(task)
    assert done == dict.fromkeys(range(1000), True)
    assert 2 <= most_ahead <= 5  # two done, two at work, the next one


def test_results_come_as_they_are_done():
    tasks = [fake_grader.task(0, "sleep 1.5"), *(fake_grader.task(n) for n in range(1, 6))]
    order = [task.seed for task, _ in grade_locally(tasks, fake_grader.grade, 2)]
    assert order == [1, 2, 3, 4, 5, 0]


def test_no_tasks_no_results():
    assert outcomes([]) == {}


def test_a_pool_needs_a_worker():
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        outcomes([], workers=0)


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        ("exit", "with exit status 3"),
        ("kill", "by SIGKILL (is there enough memory?)"),
        ("segfault", "by SIGSEGV"),
    ],
)
def test_a_task_that_ends_its_process_is_tried_twice_and_fails_alone(tmp_path, content, ending):
    tries = tmp_path / "tries"
    tasks = [fake_grader.task(n) for n in range(8)]
    tasks[3] = fake_grader.task(3, f"note {tries} {content}")
    found = outcomes(tasks)
    failure = found.pop(3)
    assert failure == Failure(f"The process that graded this ended twice, at last {ending}.")
    assert len(set(tries.read_text().split())) == 2
    assert found == {n: fake_grader.expected(tasks[n]) for n in found}
    assert len(found) == 7


def test_a_process_that_ended_by_chance_costs_no_result(tmp_path):
    task = fake_grader.task(0, f"note {tmp_path / 'tries'} once")
    assert outcomes([task]) == {0: fake_grader.expected(task)}


def test_a_task_that_takes_too_long_is_stopped_once_and_fails_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "SLACK_SECONDS", 0.5)
    tries = tmp_path / "tries"
    tasks = [fake_grader.task(n) for n in range(6)]
    tasks[1] = fake_grader.task(1, f"note {tries} hang", seconds=0.5)
    started = time.monotonic()
    found = outcomes(tasks)
    assert 1 <= time.monotonic() - started < 10
    assert found.pop(1) == Failure("Grading took more than 1 seconds and was stopped.")
    assert found == {n: fake_grader.expected(tasks[n]) for n in (0, 2, 3, 4, 5)}
    (process,) = tries.read_text().split()
    assert not psutil.pid_exists(int(process))


def test_an_exception_of_the_grader_is_told_with_its_place():
    found = outcomes([fake_grader.task(0, "raise"), fake_grader.task(1)])
    assert found[0].reason == "The grader failed: LookupError: no such case"
    assert "fake_grader.py" in found[0].traceback
    assert found[1] == fake_grader.expected(fake_grader.task(1))


def test_processes_that_are_killed_at_any_moment_cost_only_their_tasks():
    """The answers are large, so that many a process is hit while it sends one."""
    choice = random.Random(0)
    tasks = [fake_grader.task(n, "big") for n in range(200)]
    found, killed = {}, 0
    for task, outcome in grade_locally(tasks, fake_grader.grade, 3):
        assert task.seed not in found
        found[task.seed] = outcome
        if len(found) % 5 == 0:
            time.sleep(choice.random() * 0.01)
            os.kill(choice.choice(multiprocessing.active_children()).pid, signal.SIGKILL)
            killed += 1
    results = [outcome for outcome in found.values() if isinstance(outcome, Result)]
    assert len(found) == 200
    assert killed == 40
    assert 200 - len(results) <= killed / 2  # a task fails at its second process
    assert all(result.content == "x" * 1_000_000 for result in results)


def test_closing_early_ends_the_processes_at_once(tmp_path):
    pids = tmp_path / "pids"
    tasks = [fake_grader.task(0), *(fake_grader.task(n, f"note {pids} hang") for n in range(1, 9))]
    run = grade_locally(tasks, fake_grader.grade, 2)
    assert next(run) == (tasks[0], fake_grader.expected(tasks[0]))
    processes = processes_in(pids, 2)
    run.close()
    assert multiprocessing.active_children() == []
    assert all(ends(process) for process in processes)
    assert len(pids.read_text().split()) == 2


@contextlib.contextmanager
def crowd(*contents, **settings):
    with subprocess.Popen(
        [sys.executable, HERE / "crowd.py", *contents],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as run:
        try:
            yield run
        finally:
            run.kill()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_a_run_that_is_stopped(tmp_path, sign):
    pids = tmp_path / "pids"
    with crowd(*[f"note {pids} hang"] * 5) as run:
        processes = [*processes_in(pids, 2), *psutil.Process(run.pid).children()]
        assert len(processes) >= 4  # with the server that forks them, and a tracker
        # A terminal sends Ctrl-C to the whole group.
        (os.killpg if sign == signal.SIGINT else os.kill)(run.pid, sign)
        _, errors = run.communicate(timeout=15)
        assert run.returncode == -sign
        assert all(ends(process) for process in processes)
    assert errors.count(b"Traceback") == (sign == signal.SIGINT)  # none of the workers'


def test_what_is_set_for_the_instructor_does_not_reach_the_workers(tmp_path):
    hostile = {
        "PYTHONWARNINGS": "ignore",
        "PYTHONSTARTUP": "start.py",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter",
        "OMP_NUM_THREADS": "7",
        "KEPT": "kept",
    }
    with crowd("environment", **hostile) as run:
        output, errors = run.communicate(timeout=30)
    assert run.returncode == 0, errors
    seen = json.loads(output)
    assert seen["options"] == []
    shown = {name: seen["environment"].get(name) for name in hostile}
    assert shown == dict.fromkeys(hostile) | {"OMP_NUM_THREADS": "1", "KEPT": "kept"}


def test_the_environment_stays_as_it_was(monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    before = dict(os.environ)
    for _ in grade_locally([fake_grader.task(0)], fake_grader.grade, 1):
        assert dict(os.environ) == before
