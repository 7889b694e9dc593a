"""IPython as a notebook's kernel has it, with every output handed to a function.

Student code runs in the same process, so nothing here can be relied on: the judge treats what
comes out as a stranger's data.
"""

from __future__ import annotations

import io
import linecache
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_lib.checks.line_budget import LIBRARY_FOLDERS

Output = dict[str, Any]  # as in the notebook format

_MAX_CHARACTERS = 65_536  # of a stream, before they are handed on


class _Publisher(DisplayPublisher):
    """Hands on what `display` shows."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **kwargs) -> None:
        self.shell.emit({"output_type": "display_data", "data": data, "metadata": {}})

    def clear_output(self, wait: bool = False) -> None:
        """Keep what was shown."""


class _Hook(DisplayHook):
    """Hands on the value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        """A notebook numbers its outputs itself."""

    def write_format_data(self, format_dict, md_dict=None) -> None:
        """Hand on the representations of the value."""
        output = {"output_type": "execute_result", "data": format_dict, "metadata": {}}
        self.shell.emit(output | {"execution_count": self.shell.execution_count})


class NotebookShell(InteractiveShell):
    """Runs a notebook's cells and calls `emit` with each output."""

    emit: Callable[[Output], None] = staticmethod(lambda output: None)

    def showtraceback(self, exc_tuple=None, *args, **kwargs) -> None:
        """Hand on an exception with the lines of the notebook alone."""
        signal.setitimer(signal.ITIMER_REAL, 0)  # the cell is over: its time limit must not strike
        kind, value, trace = self._get_exc_info(exc_tuple)
        self.emit(error_output(kind, value, trace))

    def showsyntaxerror(self, *args, **kwargs) -> None:
        """Hand on a syntax error, which has no lines that ran."""
        kind, value, _ = self._get_exc_info()
        self.emit(error_output(kind, value, None))

    showindentationerror = showsyntaxerror

    def _format_exception_for_storage(self, *args, **kwargs) -> list[str]:
        """Keep no second, coloured traceback in a history: it takes far longer than the first."""
        return []

    def system(self, command: str) -> None:
        """Run another program, as `!ls` and `%pip` do; say so where none can be started."""
        try:
            super().system(command)
        except OSError:
            sys.stderr.write(f"No other program can be started here; not run: {command}\n")

    def ask_exit(self) -> None:
        """`quit()` ends nothing: the rest of the notebook counts too."""

    def enable_gui(self, gui=None) -> None:
        """A notebook has no windows."""


def new_shell() -> NotebookShell:
    """The shell of this process, without a history file."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.display_pub_class = _Publisher
    shell = NotebookShell.instance(
        config=config, display_pub_class=_Publisher, displayhook_class=_Hook
    )
    shell.enable_matplotlib("inline")  # figures are shown without being asked for, as in a kernel
    return shell


def error_output(
    kind: type[BaseException], value: BaseException, trace: TracebackType | None
) -> Output:
    """An exception as an output: its name, its text, and the student's own lines."""
    try:
        text = str(value)
    except BaseException:  # its own __str__ may do anything
        text = ""
    lines = [
        f"{_cell_of(frame.filename)}, line {frame.lineno}"
        + (f", in {frame.name}" if frame.name != "<module>" else "")
        + f"\n    {linecache.getline(frame.filename, frame.lineno or 0).strip()}"
        for frame in traceback.extract_tb(trace, limit=200)
        if not os.path.realpath(frame.filename).startswith(LIBRARY_FOLDERS)
    ]
    if isinstance(value, SyntaxError) and value.text:
        lines.append(f"line {value.lineno}\n    {value.text.strip()}")
    shown = [*lines[:20], f"{kind.__name__}: {text}" if text else kind.__name__]
    return {
        "output_type": "error",
        "ename": kind.__name__,
        "evalue": text,
        "traceback": shown,
    }


def _cell_of(filename: str) -> str:
    """`<ipython-input-3-…>` as "In [3]", a file by its name."""
    if filename.startswith("<ipython-input-"):
        return f"In [{filename.split('-')[2]}]"
    return os.path.basename(filename)


class Stream(io.TextIOBase):
    """Hands on what is printed, in large pieces."""

    def __init__(self, name: str, emit: Callable[[Output], None]) -> None:
        super().__init__()
        self.name, self._emit = name, emit
        self._waiting: list[str] = []
        self._n_waiting = 0

    @property
    def encoding(self) -> str:
        """As a notebook's streams say."""
        return "utf-8"

    def writable(self) -> bool:
        """It is for writing only."""
        return True

    def write(self, text: str) -> int:
        """Keep the text, and hand on what there is when it has become long."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._waiting.append(text)
        self._n_waiting += len(text)
        if self._n_waiting > _MAX_CHARACTERS:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Hand on what has been written."""
        text, self._waiting, self._n_waiting = "".join(self._waiting), [], 0
        if text:
            self._emit({"output_type": "stream", "name": self.name, "text": text})
