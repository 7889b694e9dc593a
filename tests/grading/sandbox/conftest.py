"""Run code in a process of its own, which may give up its rights for good."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def python():
    """A function that runs code in a new Python and returns the process when it has ended."""

    def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        # torch sets it where an optimizer is made first, here to a folder that the code cannot see.
        environment.pop("TORCHINDUCTOR_CACHE_DIR", None)
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def answer(python):
    """A function that runs code in a new Python and returns the JSON that it printed."""

    def run(code: str, *arguments: object) -> object:
        process = python(code, *arguments)
        assert process.returncode == 0, process.stderr
        return json.loads(process.stdout)

    return run
