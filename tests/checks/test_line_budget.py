"""Lines count once code has taken some time: endless code ends, whatever it is made of."""

import signal
import sys
import threading
import time

import pytest

from course_lib.checks.cpu_timer import call_now
from course_lib.checks.line_budget import UNCOUNTED_SECONDS, TooManyLines, line_budget
from course_lib.checks.steps import counted_steps


def defined(source):
    """The function `f` of a student's cell."""
    namespace = {"use_time": use_time}
    exec(compile(source, "<notebook>", "exec"), namespace)
    return namespace["f"]


def use_time(seconds=2 * UNCOUNTED_SECONDS):
    """Have the processor work, in lines that the tests' own folder does not hide."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(1000))


SLOW = defined(
    """
def f(turns, done):
    for turn in range(turns):
        sum(range(20_000))
        done.append(turn)
"""
)


def test_what_ends_soon_is_neither_traced_nor_stopped():
    f = defined("def f():\n    for _ in range(100): pass\n    import sys; return sys.gettrace()")
    with line_budget(10):
        assert f() is None


def test_what_stays_within_the_budget_is_not_stopped_however_long_it_takes():
    done = []
    with line_budget(10_000):
        SLOW(1000, done)
        assert sys.gettrace() is not None
    assert len(done) == 1000
    assert sys.gettrace() is None


def test_lines_count_in_a_function_that_was_running_already():
    done = []
    with pytest.raises(TooManyLines), line_budget(300):
        SLOW(100_000, done)
    assert 100 <= len(done) < 1000  # three lines a turn


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    while True: pass",
        "def f():\n    def g():\n        while True: yield\n    for _ in g(): pass",
        "def f():\n    def g():\n        return 1\n    while True: g()",
        "def f():\n    g = lambda: 1\n    return [g() for _ in iter(int, 1)]",
        "def f():\n    def g():\n        while True: yield 1\n    return sum(g())",
        "def f(n=40):\n    return f(n - 1) + f(n - 2) if n > 1 else n",
        "def f():\n    return sum(map(lambda x: x, iter(int, 1)))",
    ],
)
def test_endless_code_is_stopped(source):
    f = defined(source)
    with pytest.raises(TooManyLines), line_budget(10_000):
        f()
    assert sys.gettrace() is None


def test_whoever_sets_the_budget_is_not_traced():
    with line_budget(1_000_000):
        use_time()
        assert sys.gettrace() is not None
    frame = sys._getframe()
    while frame is not None:
        assert frame.f_trace is None
        frame = frame.f_back


def test_in_a_thread_every_line_counts():
    f = defined("def f():\n    for _ in range(100): pass")
    stopped = []

    def run():
        try:
            with line_budget(50):
                f()
        except TooManyLines:
            stopped.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert stopped == [True]


def test_where_the_timer_is_anothers_every_line_counts():
    f = defined("def f():\n    for _ in range(100): pass")
    before = signal.signal(signal.SIGVTALRM, lambda number, frame: None)
    try:
        with pytest.raises(TooManyLines), line_budget(50):
            f()
    finally:
        signal.signal(signal.SIGVTALRM, before)


def test_steps_are_counted_without_it_and_lines_after_them():
    f = defined("def f():\n    for _ in range(100):\n        use_time(0.001)")
    endless = defined("def f():\n    while True: pass")
    counted = []

    def both():
        with counted_steps(10**9) as steps:
            f()
        counted.append(steps.n)
        endless()

    with pytest.raises(TooManyLines), line_budget(1000):
        both()
    assert counted[0] > 200  # each turn, and each call of `use_time` with its own turns
    assert sys.gettrace() is None


def test_the_count_begins_when_it_is_told_to():
    f = defined("def f():\n    for _ in range(100): pass")

    def begun():
        call_now()
        f()

    with pytest.raises(TooManyLines), line_budget(50):
        begun()
    call_now()
    assert sys.gettrace() is None


def test_an_exception_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError), line_budget(10):
        1 / 0  # noqa: B018
    use_time()
    assert sys.gettrace() is None
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_a_handler_of_the_students_own_is_gone_afterwards():
    def mine(number, frame):
        raise ValueError("mine")

    with line_budget(10_000):
        signal.signal(signal.SIGVTALRM, mine)
        signal.setitimer(signal.ITIMER_VIRTUAL, 1000, UNCOUNTED_SECONDS)
    use_time()
    with pytest.raises(TooManyLines), line_budget(300):
        SLOW(100_000, [])


def test_a_turn_counts_as_much_on_one_line_as_on_two():
    counted = []
    for source in (
        "def f(done):\n    while True:\n        done.append(1)",
        "def f(done):\n    while True: done.append(1)",
        "def f(done):\n    [done.append(1) for _ in iter(int, 1)]",
    ):
        f, done = defined(source), []

        def begun(f=f, done=done):
            call_now()
            f(done)

        with pytest.raises(TooManyLines), line_budget(10_000):
            begun()
        counted.append(len(done))
    assert all(4_900 <= n <= 10_000 for n in counted), counted
