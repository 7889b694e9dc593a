"""Grade on a cluster of machines that dask.distributed joins, with one scheduler's address.

    dask scheduler                              # on one machine: prints its address
    dask worker tcp://10.0.0.1:8786 --nworkers -1 --nthreads 1       # on each machine

The cluster's machines are trusted: tasks and results travel as pickles between them. Student code
never meets a connection of dask's, since each worker hands it to its own machine's sandbox. On a
network that others can reach use TLS: a tls:// address, and certificates that every part finds in
dask's settings (`distributed.comm.tls`, or DASK_DISTRIBUTED__COMM__TLS__CA_FILE and its like).
"""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice

import dask
from dask.distributed import Client, Future, KilledWorker, Security, get_worker, wait
from distributed.client import FuturesCancelledError
from distributed.comm import CommClosedError
from distributed.core import rpc
from distributed.utils import silence_logging_cmgr

from course_lib.grading.keys import environment
from course_lib.grading.pool import Failure, outcome_of, time_limit
from course_lib.grading.tasks import Result, Task

STUCK = 86  # exit status of a worker that a task has kept too long
BATCH = 20  # tasks that travel together: dask takes 3 ms for a batch of any size
_CONNECT_SECONDS = 5.0
_NO_WORKER_SECONDS = 60.0  # long enough for workers that ended to be started again

# A check redirects output, settings and forbidden calls of its whole process: one task at a time,
# however many threads dask gives a worker.
_alone = threading.Lock()

Grade = Callable[[Task], Result]
Outcome = tuple[Task, Result | Failure]


def grade_on_cluster(tasks: Iterable[Task], grade: Grade, address: str) -> Iterator[Outcome]:
    """Yield every task with its result, in the order in which batches of them are done.

    No more than two batches for each thread of the cluster are under way, so memory stays flat. A
    batch whose worker ends goes to another. One that ends several (the scheduler's setting
    `allowed-failures`) is taken apart: its tasks run alone on the cluster, one after the other, and
    the one that ends workers again fails. Close the generator to stop early.

    Raises ConnectionError where no scheduler answers or no worker is left, and RuntimeError where
    a worker's software differs from ours.
    """
    _require_scheduler(address)
    with (
        silence_logging_cmgr("CRITICAL"),  # what goes wrong is raised, in plain words
        Client(address, timeout=_CONNECT_SECONDS, set_as_default=False) as client,
    ):
        try:
            _require_workers_like_us(client)
            yield from _outcomes(client, iter(tasks), grade)
        except (FuturesCancelledError, CommClosedError) as problem:
            raise ConnectionError(f"the dask scheduler at {address} went away") from problem


def _outcomes(client: Client, waiting: Iterator[Task], grade: Grade) -> Iterator[Outcome]:
    running: dict[Future, list[Task]] = {}
    while True:
        room = 2 * sum(client.nthreads().values()) - len(running)
        for batch in islice(_batches(waiting), max(room, 1)):
            running[_submit(client, batch, grade)] = batch
        if not running:
            return
        suspects = yield from _collected(client, running)
        if suspects:
            while running:  # or one of these could end a worker that a suspect is on
                suspects += yield from _collected(client, running)
            for task in suspects:
                culprits = yield from _collected(client, {_submit(client, [task], grade): [task]})
                if culprits:
                    yield (
                        task,
                        Failure(
                            "The worker that graded this ended, or took more than "
                            f"{time_limit(task):.0f} seconds, again and again; is there enough "
                            "memory?"
                        ),
                    )


def _batches(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    return iter(lambda: list(islice(tasks, BATCH)), [])


def _submit(client: Client, batch: list[Task], grade: Grade) -> Future:
    # A batch weighs what was handed in, and dask warns of what it calls large.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
        return client.submit(_grade_batch, batch, grade, environment(), pure=False)


def _collected(
    client: Client, running: dict[Future, list[Task]]
) -> Generator[Outcome, None, list[Task]]:
    """Wait for a batch, yield what came of it, and return the tasks of those that end workers."""
    while True:
        try:
            with client.as_current():
                done = wait(list(running), _NO_WORKER_SECONDS, return_when="FIRST_COMPLETED").done
            break
        except TimeoutError:
            _require_workers(client)
    suspects = []
    for future in done:
        batch = running.pop(future)
        try:
            outcomes = future.result()
        except KilledWorker:
            suspects += batch
        else:
            yield from zip(batch, outcomes, strict=True)
    return suspects


def _grade_batch(
    batch: list[Task], grade: Grade, expected: dict[str, str]
) -> list[Result | Failure]:
    """Grade some tasks on a worker."""
    if difference := _difference(environment(), expected):  # it may have joined during the run
        raise RuntimeError(f"the worker {get_worker().address} {difference}")
    outcomes = []
    for task in batch:
        with _alone, warnings.catch_warnings():
            warnings.simplefilter("default")  # whatever PYTHONWARNINGS says on that machine
            # Nothing but the end of the process stops a thread that hangs; dask starts another.
            timer = threading.Timer(time_limit(task), os._exit, [STUCK])
            timer.start()
            try:
                outcomes.append(outcome_of(grade, task))
            finally:
                timer.cancel()
    return outcomes


def _require_scheduler(address: str) -> None:
    """Raise ConnectionError if none answers, since a `Client` that fails leaves threads behind."""

    async def ask() -> None:
        arguments = Security().get_connection_args("client")
        async with rpc(address, timeout=_CONNECT_SECONDS, connection_args=arguments) as scheduler:
            await asyncio.wait_for(scheduler.identity(), _CONNECT_SECONDS)

    try:
        asyncio.run(ask())
    except Exception as problem:  # of many kinds: dask reads other servers' words as its own
        why = str(problem) or f"nothing came in {_CONNECT_SECONDS:.0f} seconds"
        raise ConnectionError(
            f"no dask scheduler answers at {address}: {why}. Start one with `dask scheduler` and "
            "give the address that it prints, as in tcp://10.0.0.1:8786"
        ) from None


def _require_workers(client: Client) -> None:
    try:
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except TimeoutError:
        address = client.scheduler.address
        raise ConnectionError(
            f"no worker is at the scheduler {address}: start some with `dask worker {address}`"
        ) from None


def _require_workers_like_us(client: Client) -> None:
    """Raise if there is no worker, or one grades with other software than ours."""
    _require_workers(client)
    for worker, theirs in client.run(environment, on_error="return").items():
        if isinstance(theirs, Exception):
            raise RuntimeError(f"the worker {worker} cannot use course_lib: {theirs}")
        if difference := _difference(theirs, environment()):
            raise RuntimeError(f"the worker {worker} {difference}")


def _difference(theirs: dict[str, str], ours: dict[str, str]) -> str:
    """How a worker's software differs, "" if it does not."""
    other = [
        f"{name} {theirs[name]} instead of {ours[name]}"
        for name in ours
        if theirs[name] != ours[name]
    ]
    return f"has {', '.join(other)}; install the same everywhere" if other else ""
