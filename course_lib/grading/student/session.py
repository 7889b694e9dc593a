"""One notebook in its sandbox: run the cells, then run the judge's cases on what they defined.

The judge says what to do over a channel: first the cells, all at once; then, exercise by exercise,
the cases. A test cell runs nothing: it only notes the objects that it tests, with the names and the
settings as they are at that point, so that later cells cannot change what is judged.
"""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from course_lib.checks import Check, catalogue
from course_lib.checks.base import Case
from course_lib.checks.execution import Outcome, execute_each
from course_lib.checks.global_state import remember_settings
from course_lib.grading.channel import Channel, ChannelClosed
from course_lib.grading.crossing import case_from, plain_outcome
from course_lib.grading.student.shell import NotebookShell, Output, Stream, error_output, new_shell

_WAIT_SECONDS = 3600.0  # for the judge, who may be busy; when it goes, this process is ended
_LAZY = (
    *("torch._dynamo", "torch.optim", "jaxtyping"),
    *("matplotlib.pyplot", "matplotlib_inline.backend_inline"),
)
_CUT = {"output_type": "stream", "name": "stdout", "text": "… more was printed than is kept.\n"}

_warm: dict[str, Any] = {}  # what every notebook finds ready: the shell and the checks


def warm_up() -> None:
    """Import what notebooks use and prepare a shell, before the process is forked."""
    torch.set_num_threads(1)
    for module in _LAZY:
        importlib.import_module(module)
    # The first convolution asks which processor this is, in /proc, which is gone later.
    torch.nn.functional.conv2d(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 3, 3))
    _warm["checks"] = catalogue()
    _warm["shell"] = shell = new_shell()
    shell.emit = lambda output: None
    shell.run_cell("import matplotlib.pyplot\n1", store_history=False)


@dataclass(frozen=True)
class _Tested:
    """What a test cell tests, as it was when the cell's turn came."""

    check: Check
    implementation: Any
    names: dict[str, Any]
    restore_settings: Callable[[], None]


def run_notebook(channel: Channel) -> None:
    """Do what the judge says until it hangs up."""
    job = channel.receive(_WAIT_SECONDS)
    for path, content in job["files"].items():
        place = Path.cwd() / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    with contextlib.suppress(ChannelClosed):
        session = Session(channel, _warm["shell"], job["output_bytes"])
        for number, cell in enumerate(job["cells"]):
            if "source" in cell:
                in_time = session.run_cell(cell["source"], job["cell_seconds"])
                channel.send({"ended": number, "in_time": in_time})
            elif cell:
                channel.send(session.note_test(number, cell["exercise"], cell["names"]))
        while True:
            order = channel.receive(_WAIT_SECONDS)
            cases = [case_from(case) for case in order["cases"]]
            room = job["result_bytes"]
            for outcome in session.outcomes(order["test"], cases):
                fields = plain_outcome(outcome, room)
                room = max(0, room - len(fields["outputs"]))
                channel.send({"outcome": fields})
            channel.send({"done": order["test"]})


class Session:
    """The state of one notebook."""

    def __init__(self, channel: Channel, shell: NotebookShell, output_bytes: int) -> None:
        self._channel, self._shell = channel, shell
        self._room = output_bytes
        self._tested: dict[int, _Tested] = {}
        sys.stdout = self._stdout = Stream("stdout", self._send)
        sys.stderr = self._stderr = Stream("stderr", self._send)
        shell.emit = self._emit
        shell.execution_count = 1

    def run_cell(self, source: str, seconds: float) -> bool:
        """Run one cell as a notebook does, for so long at most; whether that was enough."""
        in_time = True

        def stop(signal_number: int, frame: object) -> None:
            nonlocal in_time
            in_time = False
            raise CellTimeoutError

        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)  # again, for code that catches it
        try:
            self._shell.run_cell(source, store_history=True)
        except BaseException as exception:  # IPython lets some through, SystemExit among them
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._emit(error_output(type(exception), exception, exception.__traceback__))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._flush()
        return in_time

    def note_test(self, number: int, exercise: str, names: list[str]) -> dict[str, Any]:
        """Remember what a test cell tests; say what is missing."""
        found = self._shell.user_ns
        missing = [name for name in names if name not in found]
        if not missing:
            objects = tuple(found[name] for name in names)
            implementation = objects[0] if len(objects) == 1 else objects
            check = _warm["checks"][exercise]
            self._tested[number] = _Tested(check, implementation, dict(found), remember_settings())
        return {"test": number, "missing": missing}

    def outcomes(self, number: int, cases: list[Case]) -> Iterator[Outcome]:
        """What the tested objects do on each case, in the world that they were tested in."""
        tested = self._tested[number]
        self._shell.user_ns.clear()
        self._shell.user_ns.update(tested.names)
        tested.restore_settings()
        done = 0
        while done < len(cases):
            try:
                for outcome in execute_each(
                    tested.check,
                    tested.implementation,
                    cases[done:],
                    forbidden=tested.check.references,
                ):
                    done += 1
                    yield outcome
            except KeyboardInterrupt:
                done += 1
                yield Outcome(error="KeyboardInterrupt")

    def _emit(self, output: Output) -> None:
        self._flush()
        self._send(output)

    def _flush(self) -> None:
        for stream in (self._stdout, self._stderr):
            stream.flush()

    def _send(self, output: Output) -> None:
        """Hand an output on while there is room for more."""
        size = len(repr(output))
        if self._room > 0:
            self._channel.send({"output": output if size <= self._room else _CUT})
        self._room -= size


class CellTimeoutError(KeyboardInterrupt):
    """A cell ran for too long."""

    def __str__(self) -> str:
        """What a student reads."""
        return "This cell was stopped: it ran for too long. Probably a loop never ends."
