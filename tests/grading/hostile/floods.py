"""Submissions that want more than there is: of output, memory, files, descriptors and time."""

from __future__ import annotations

from hostile.kind import STOPPED, Kind

_STOPS = frozenset({STOPPED})

KINDS = (
    Kind(
        "prints_a_gigabyte",
        "Prints a gigabyte.",
        "line = 'x' * 1_000_000\nfor _ in range(1000):\n    print(line)",
        reported=None,
    ),
    Kind(
        "prints_a_gigabyte_of_errors",
        "Prints as much to stderr, letter by letter.",
        "import sys\n\nfor _ in range(10**9):\n    sys.stderr.write('e')",
        reported=None,
    ),
    Kind(
        "prints_past_python",
        "Writes to the descriptors themselves, where no stream of Python's counts.",
        "import os\n\nblock = b'x' * 1_000_000\nfor descriptor in (0, 1, 2):\n"
        "    try:\n        for _ in range(300):\n            os.write(descriptor, block)\n"
        "    except OSError:\n        pass",
    ),
    Kind(
        "one_endless_line",
        "Prints one text of a gigabyte at once.",
        "print('x' * 1_000_000_000)",
        reported=None,
    ),
    Kind(
        "displays_a_million_times",
        "Shows a million outputs, each small.",
        "from IPython.display import display\n\n"
        "for number in range(1_000_000):\n    display(number)",
        reported=None,
    ),
    Kind(
        "prints_in_an_answer",
        "Prints a gigabyte while its cases run.",
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                for _ in range(200):
                    print("x" * 1_000_000)
            """,
        },
    ),
    Kind(
        "giant_picture",
        "Shows a picture of a hundred million points.",
        """
        import numpy
        from IPython.display import Image, display

        noise = numpy.random.default_rng(0).bytes(30_000_000)
        display(Image(data=b"\\x89PNG\\r\\n\\x1a\\n" + noise, format="png"))
        """,
        reported=None,
    ),
    Kind(
        "giant_exception",
        "Raises an exception whose text and whose name are a hundred megabytes long.",
        "raise type('E' * 50_000_000, (Exception,), {})('x' * 50_000_000)",
        reported=None,
    ),
    Kind(
        "chained_exceptions",
        "Raises an exception with ten thousand causes.",
        """
        error = ValueError("0")
        for number in range(10_000):
            try:
                raise ValueError(number) from error
            except ValueError as next_error:
                error = next_error
        raise error
        """,
    ),
    Kind(
        "memory_flood",
        "Takes memory until there is none, and goes on when refused.",
        """
        kept = []
        while len(kept) < 10_000:
            try:
                kept.append(bytearray(100_000_000))
            except MemoryError:
                break
        print("refused after", 100 * len(kept), "MB" if len(kept) < 60 else "TOO MUCH")
        """,
        shows="refused after",
    ),
    Kind(
        "memory_flood_in_an_answer",
        "The same in an answer, in small pieces, with every MemoryError caught.",
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                kept = []
                while True:
                    try:
                        kept.extend([object()] * 100_000_000)
                    except MemoryError:
                        kept.append(kept)
            """,
        },
        reported=None,
    ),
    Kind(
        "disk_flood",
        "Writes files until no more fits.",
        """
        written = 0
        try:
            for number in range(10_000):
                with open(f"flood-{number}", "wb") as file:
                    written += file.write(b"x" * 1_000_000)
        except OSError as problem:
            print("refused", problem.errno, "after little" if written < 2e8 else "TOO MUCH")
        """,
        reported=None,
    ),
    Kind(
        "sparse_files",
        "Makes files of a terabyte that take no room, and maps them.",
        """
        import mmap
        import os

        try:
            descriptor = os.open("sparse", os.O_RDWR | os.O_CREAT)
            os.ftruncate(descriptor, 10**12)
            mapped = mmap.mmap(descriptor, 10**12)
            mapped[::4096] = b"x" * (10**12 // 4096)
        except (OSError, ValueError, OverflowError, MemoryError) as problem:
            print("refused", type(problem))
        """,
        reported=None,
    ),
    Kind(
        "file_flood",
        "Makes a million empty files and folders in folders.",
        """
        import os

        try:
            for number in range(1_000_000):
                os.makedirs(f"{number % 100}/{number}")
        except OSError as problem:
            print("refused", problem)
        """,
        reported=None,
    ),
    Kind(
        "descriptor_flood",
        "Opens files until no descriptor is left, then goes on to the tests.",
        """
        import os

        opened = []
        try:
            while len(opened) < 100_000:
                opened.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            print("at most 300" if len(opened) < 300 else "MORE THAN ALLOWED", "descriptors")
        """,
        shows="at most 300 descriptors",
    ),
    Kind(
        "pipe_and_lock_floods",
        "Keeps kernel memory busy: pipes, socket pairs, semaphores, shared memory.",
        """
        import multiprocessing.shared_memory
        import os
        import socket

        kept = []
        makers = [os.pipe, socket.socketpair]
        makers.append(lambda: multiprocessing.shared_memory.SharedMemory(create=True, size=10**7))
        makers.append(lambda: os.memfd_create("x"))
        for make in makers:
            try:
                for _ in range(1000):
                    kept.append(make())
            except Exception as problem:
                print(type(problem))
        """,
    ),
    Kind(
        "processor_flood",
        "Keeps every processor busy with threads of compiled code.",
        """
        import hashlib
        import threading
        import time

        def burn():
            while True:
                hashlib.pbkdf2_hmac("sha256", b"x", b"y", 50_000_000)

        for _ in range(8):
            threading.Thread(target=burn, daemon=True).start()
        time.sleep(600)
        """,
        reported=_STOPS,
    ),
    Kind(
        "slow_pattern",
        "Matches a pattern that takes longer than the universe has.",
        "import re\n\nre.match('(a+)+b', 'a' * 60)",
        reported=_STOPS,
    ),
)
