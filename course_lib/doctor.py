"""Show the machine and the versions that the course runs on, and what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
from pathlib import Path

import torch
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from course_lib.grading.sandbox.isolation import Isolation, available

PACKAGES = ("torch", "numpy", "scikit-learn", "jupyter-book", "nbgrader", "anywidget", "pytest")


def examine(console: Console, root: Path) -> None:
    """Print a line for each fact; versions that differ from constraints.txt stand out."""
    table = Table(show_header=False, box=None)
    table.add_row("Python", platform.python_version())
    table.add_row("system", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    table.add_row("device", _device())
    pinned = _pins(root / "constraints.txt")
    for package in PACKAGES:
        table.add_row(package, _version(package, pinned.get(package)))
    table.add_row("Chromium", _browser() or "[yellow]missing: the browser tests will skip[/yellow]")
    table.add_row("sandbox", _sandbox())
    console.print(table)


def _device() -> str:
    if torch.cuda.is_available():
        return f"CUDA, {torch.cuda.get_device_name()}"
    return "MPS" if torch.backends.mps.is_available() else "CPU"


def _browser() -> str | None:
    """Where the browser tests find Chromium."""
    return (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )


def _sandbox() -> str:
    """What shuts a student's code in when it is graded here, and why not something else."""
    found = available()
    words = escape(f"{found.isolation}: {found.in_words()}")
    return f"[yellow]{words}[/yellow]" if found.isolation is Isolation.NONE else words


def _pins(path: Path) -> dict[str, str]:
    """The pinned versions by normalised package name, {} where there is no file."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}


def _version(package: str, pinned: str | None) -> str:
    try:
        installed = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "[yellow]missing[/yellow]"
    if pinned is None or installed.split("+")[0] == pinned.split("+")[0]:
        return installed
    return f"[yellow]{installed}, pinned is {pinned}[/yellow]"
