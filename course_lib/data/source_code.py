"""Python source to learn from: the standard library of the Python that runs."""

import sysconfig
from pathlib import Path


def python_source() -> str:
    """The modules of Python's standard library, joined in the order of their paths, about 12 MB.

    Its own tests and what other packages installed are left out. The text differs from one version
    of Python to the next.

    Raises FileNotFoundError if this Python came without the source of its library.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    left_out = {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"}
    paths = [
        path
        for path in sorted(folder.rglob("*.py"))
        if left_out.isdisjoint(path.relative_to(folder).parts)
    ]
    if not paths:
        raise FileNotFoundError(f"{folder} holds no Python source")
    return "\n".join(path.read_text("utf-8", errors="replace") for path in paths)
