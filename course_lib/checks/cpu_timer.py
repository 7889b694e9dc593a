"""Call a function in the midst of what runs, whenever that has taken some processor time."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

Function = Callable[[FrameType | None], None]

_waiting: Function | None = None


@contextlib.contextmanager
def called_every(seconds: float, function: Function) -> Iterator[None]:
    """Call `function` with the frame that runs, whenever the body has taken `seconds` more.

    Where there is no such timer (on Windows, in threads, inside another) it is called once, before
    the body, without a frame.
    """
    global _waiting
    if not _is_free():
        function(None)
        yield
        return
    _waiting = function
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
    try:
        yield
    finally:
        _waiting = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, _call)  # the body may have put in its own


def call_now() -> None:
    """Call the function that waits, if any: for whoever measures what it would disturb."""
    if _waiting is not None:
        _waiting(sys._getframe(1))


def _is_free() -> bool:
    """Whether there is a timer, and nobody uses it."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer") or _waiting is not None:
        return False
    handler = signal.getsignal(signal.SIGVTALRM)
    if handler is signal.SIG_DFL:
        signal.signal(signal.SIGVTALRM, _call)  # for good: a signal may come late
    return handler in (signal.SIG_DFL, _call)


def _call(number: int, frame: FrameType | None) -> None:
    if _waiting is not None:
        _waiting(frame)
