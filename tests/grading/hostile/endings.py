"""Submissions that do not end as they should: never, too early, by force, or not alone."""

from __future__ import annotations

from hostile.kind import STOPPED, Kind

_STOPS = frozenset({STOPPED})


def _rmse(body: str) -> dict[str, str]:
    """The answer that would have been the honest one."""
    lines = "\n    ".join(body.splitlines())
    return {"rmse": f"def rmse(predicted, observed):\n    {lines}"}


KINDS = (
    Kind("exits", "Ends Python in a cell.", "import os\n\nos._exit(0)", reported=_STOPS),
    Kind(
        "exits_in_an_answer",
        "Ends Python in an answer, saying that all went well.",
        answers=_rmse("import os\n\nos._exit(0)"),
        points=0,
        reported=_STOPS,
    ),
    Kind("asks_to_exit", "Leaves by exit(), quit() and SystemExit.", "quit()\nexit()"),
    Kind(
        "raises_what_is_no_exception",
        "Raises SystemExit, KeyboardInterrupt and GeneratorExit from an answer.",
        "kinds = [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException]",
        answers=_rmse("kinds.append(kinds.pop(0))\nraise kinds[0]('4.0')"),
        points=0,
    ),
    Kind(
        "segmentation_fault",
        "Reads at address 0.",
        "import ctypes\n\nctypes.string_at(0)",
        reported=_STOPS,
    ),
    Kind(
        "aborts_in_an_answer",
        "Aborts, past every handler of Python's.",
        answers=_rmse("import os\n\nos.abort()"),
        points=0,
        reported=_STOPS,
    ),
    Kind(
        "endless_recursion",
        "Calls itself without end, with Python's own limit lifted.",
        "import sys\nimport threading\n\nsys.setrecursionlimit(2**31 - 1)\n"
        "def deeper(items):\n    return sorted(items, key=lambda item: deeper(items))\n",
        last="deeper([1, 2])",
        reported=_STOPS,
    ),
    Kind(
        "endless_loop",
        "Loops in a cell without end.",
        "while True:\n    pass",
        reported=_STOPS,
    ),
    Kind(
        "endless_loop_in_c",
        "Loops in compiled code, where Python delivers no signal.",
        "import itertools\n\nsum(itertools.count())",
        reported=_STOPS,
    ),
    Kind(
        "endless_answer_in_c",
        "The same in an answer, where no count of lines can end it.",
        answers=_rmse("import itertools\n\nreturn sum(itertools.repeat(0))"),
        points=0,
        reported=_STOPS,
    ),
    Kind("sleeps", "Sleeps for a day.", "import time\n\ntime.sleep(86400)", reported=_STOPS),
    Kind(
        "waits_for_input",
        "Asks a question that nobody answers, of a person and of a debugger.",
        "input('points? ')\nbreakpoint()\nimport pdb\n\npdb.set_trace()",
    ),
    Kind(
        "catches_everything",
        "Catches whatever is raised to stop it, for ever.",
        "def forever():\n    while True:\n        try:\n            while True:\n"
        "                pass\n        except BaseException:\n            continue\n\nforever()",
        reported=_STOPS,
    ),
    Kind(
        "answer_catches_everything",
        "The same in an answer, untraced and with every signal ignored.",
        answers=_rmse(
            "import signal\nimport sys\n\nsys.settrace(None)\n"
            "for number in range(1, 65):\n"
            "    try:\n        signal.signal(number, signal.SIG_IGN)\n"
            "    except (OSError, ValueError):\n        pass\n"
            "signal.setitimer(signal.ITIMER_REAL, 0)\n"
            "while True:\n    try:\n        while True:\n            pass\n"
            "    except BaseException:\n        continue"
        ),
        points=0,
        reported=_STOPS,
    ),
    Kind(
        "stops_itself",
        "Stops its own process, so that it neither runs nor ends.",
        "import os\nimport signal\n\nos.kill(os.getpid(), signal.SIGSTOP)",
        reported=None,  # the first process of a namespace cannot be stopped
    ),
    Kind(
        "kills_everyone",
        "Sends every signal to every process that it may reach, its parents first.",
        """
        import os
        import signal

        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
            for pid in (os.getppid(), *range(1, 40), -1, 0):
                if pid != os.getpid():
                    try:
                        os.kill(pid, number)
                    except OSError:
                        pass
            try:
                os.killpg(os.getpgid(os.getppid()), number)
            except OSError:
                pass
        """,
        reported=None,  # where it is alone in its world, nobody is there to hear of it
    ),
    Kind(
        "fork_storm",
        "Starts processes that start processes.",
        """
        import os

        for _ in range(20):
            try:
                os.fork()
            except OSError as problem:
                print(problem)
        """,
    ),
    Kind(
        "starts_programs",
        "Starts programs by every way there is.",
        """
        import multiprocessing
        import os
        import subprocess
        import sys

        ways = [
            lambda: subprocess.run([sys.executable, "-c", "print('RAN' + ' IT')"], check=True),
            lambda: print("RAN IT") if os.system("true") == 0 else None,
            lambda: print("RAN IT", os.popen("echo popen").read().strip() == "popen"),
            lambda: os.posix_spawn("/bin/true", ["true"], {}) and print("RAN IT"),
            lambda: get_ipython().system("echo RAN; echo IT"),
            lambda: multiprocessing.get_context("spawn").Process(target=print).start(),
            lambda: os.execv("/bin/true", ["true"]),
        ]
        for way in ways:
            try:
                way()
            except (Exception, SystemExit) as problem:
                print(type(problem))
        """,
    ),
    Kind(
        "daemon",
        "Leaves a process behind, in a session of its own, that waits for the run to end.",
        """
        import os
        import time

        try:
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
        except OSError:
            pass
        """,
    ),
    Kind(
        "threads_left_running",
        "Threads go on after their cell, print into others' outputs, and edit what is tested.",
        """
        import threading

        def disturb():
            while True:
                get_ipython().user_ns["least_squares"] = print
                print("4.0")

        for _ in range(4):
            threading.Thread(target=disturb, daemon=True).start()
        """,
        reported=None,
    ),
    Kind(
        "thread_storm",
        "Starts threads until no more can be had, and keeps them.",
        """
        import threading
        import time

        threading.stack_size(32768)
        started = 0
        try:
            while started < 100_000:
                threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
                started += 1
        except RuntimeError:
            print("at most 200" if started <= 200 else "MORE THAN ALLOWED", "threads")
        """,
        shows="at most 200 threads",
    ),
    Kind(
        "lifts_its_limits",
        "Raises its limits, lowers its niceness, asks for real time.",
        """
        import os
        import resource

        for name in [name for name in dir(resource) if name.startswith("RLIMIT_")]:
            try:
                kind = getattr(resource, name)
                soft, hard = resource.getrlimit(kind)
                resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                if hard != resource.RLIM_INFINITY:
                    print("LIFTED", name)
            except (OSError, ValueError):
                pass
        for privilege in (lambda: os.nice(-20), lambda: os.setuid(0), lambda: os.setgroups([0])):
            try:
                privilege()
                print("GRANTED")
            except OSError:
                pass
        """,
    ),
    Kind(
        "at_exit",
        "Handlers for the end of Python and of the thread hang, print and write.",
        """
        import atexit
        import os
        import threading

        def at_the_end():
            open("$course/left-by-a-hostile-submission", "w").write("x")
            while True:
                pass

        atexit.register(at_the_end)
        threading._register_atexit(at_the_end)
        threading.excepthook = lambda *items: at_the_end()
        """,
    ),
)
