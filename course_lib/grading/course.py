"""Where the course lies, and nbgrader run on it or on a scratch copy."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import yaml
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

CONFIG_FILE = "nbgrader_config.py"


def find_root() -> Path:
    """The nearest folder that holds the course: the working folder or one above it."""
    start = Path.cwd()
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).exists() and (folder / "solutions").is_dir():
            return folder
    raise FileNotFoundError(
        f"no course in {start} or above it: {CONFIG_FILE} and solutions/ are missing; "
        "go to the course's folder first"
    )


def nbgrader_settings(root: Path, course_folder: Path) -> Config:
    """The course's own settings, applied to nbgrader's folders and gradebook in `course_folder`.

    Lets nbgrader find its tools too, where Python was started without activating its environment.
    """
    scripts = sysconfig.get_path("scripts")  # a new gradebook starts `alembic` by its bare name
    path = os.environ.get("PATH", os.defpath)
    if scripts not in path.split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + path
    try:
        config = PyFileConfigLoader(CONFIG_FILE, str(root)).load_config()
    except Exception as problem:  # it is Python, and may raise anything
        raise ValueError(
            f"{root / CONFIG_FILE} cannot be read: {type(problem).__name__}: {problem}"
        ) from None
    config.CourseDirectory.root = str(course_folder.resolve())
    if "db_url" not in config.CourseDirectory:
        # Two writers wait for each other instead of failing with "database is locked".
        database = f"sqlite:///{course_folder.resolve()}/gradebook.db?timeout=60"
        config.CourseDirectory.db_url = database
    return config


def repository_url(root: Path) -> str:
    """The project's home, from the site's settings, the one place that names it."""
    path = root / "_config.yml"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it names the project's home")
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    return settings["repository"]["url"]


def run_nbgrader(
    converter: type[BaseConverter],
    root: Path,
    course_folder: Path,
    assignment: str,
    student: str = "*",
    notebook: str = "*",
) -> None:
    """Run a stock nbgrader step in `course_folder` with the settings of `root`.

    Raises RuntimeError with nbgrader's log when the step fails.
    """
    config = nbgrader_settings(root, course_folder)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    config.CourseDirectory.notebook_id = notebook
    result = capture_log(converter(coursedir=CourseDirectory(config=config), config=config))
    if not result["success"]:
        raise RuntimeError(result.get("log") or result["error"])
