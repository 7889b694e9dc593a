"""Show how far a run is: counts, rate, time left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text


class _Rate(ProgressColumn):
    """Submissions a second."""

    def render(self, task: Task) -> Text:
        """The rate of late, a dash while nothing is known."""
        speed = task.finished_speed or task.speed
        return Text("–" if speed is None else f"{speed:.1f} a second")


class Progress:
    """A bar for a run over so many submissions; without a terminal, a line at each tenth."""

    def __init__(self, total: int, console: Console | None) -> None:
        self._console = console or Console(quiet=True)
        self._bar = Bar(
            TextColumn("Grading"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            speed_estimate_period=60,
        )
        self._task = self._bar.add_task("grade", total=total)
        self._total, self._done = total, 0

    def advance(self) -> None:
        """One submission more has all its results."""
        self._done += 1
        self._bar.advance(self._task)
        tenth = max(1, self._total // 10)
        if not self._console.is_terminal and self._done % tenth == 0:
            self._console.print(f"{self._done} of {self._total} submissions are done.")

    def __enter__(self) -> Progress:
        """Start to show it."""
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave the last state on the screen."""
        self._bar.stop()
