"""What to do when a process that should have helped has ended before its work was done."""

from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager


@contextmanager
def explained() -> Iterator[None]:
    """Raise RuntimeError with the remedy in place of BrokenProcessPool."""
    try:
        yield
    except BrokenProcessPool as error:
        raise RuntimeError(
            "a process ended before its work was done. In a script, put what the script does "
            'under `if __name__ == "__main__":`, as each process reads the script anew; or ask '
            "for n_processes=1, which also takes less memory"
        ) from error
