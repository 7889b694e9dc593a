"""What the Containerfile takes is there: no engine runs in the tests, so its text is read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
STEPS = [
    step.split(maxsplit=1)
    for step in re.sub(r"\\\n", " ", TEXT).splitlines()
    if step and not step.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def of_kind(instruction: str) -> list[str]:
    return [words for kind, words in STEPS if kind == instruction]


COPIED = [source for words in of_kind("COPY") for source in words.split()[:-1]]


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_exists_and_is_not_ignored(source):
    assert (ROOT / source).exists()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert f"!{source}" in ignored


def test_everything_that_building_the_package_reads_is_copied():
    assert {"pyproject.toml", "constraints.txt", PROJECT["readme"], "course_lib"} <= set(COPIED)


def test_its_python_is_one_that_the_package_and_the_pins_are_for():
    (image,) = of_kind("FROM")
    version = re.fullmatch(r"python:(\d+\.\d+)-slim-\w+", image)[1]
    assert PROJECT["requires-python"] == f">={version}"


def test_the_packages_it_names_are_pinned_and_its_extras_exist():
    (installed,) = [words for words in of_kind("RUN") if words.startswith("pip install")]
    assert "--constraint constraints.txt" in installed
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    named = installed.split("constraints.txt")[1].split()
    extras = [name for name in named if name.startswith("'.[")]
    assert extras
    for extra in extras:
        assert extra[3:-2] in PROJECT["optional-dependencies"]
    for name in set(named) - set(extras):
        assert re.search(rf"^{re.escape(name)}==", pins, re.MULTILINE), name


def test_it_is_not_run_by_root():
    (user,) = of_kind("USER")
    assert user not in ("root", "0")


def test_its_entry_is_a_command_of_the_package():
    (entry,) = of_kind("ENTRYPOINT")
    assert entry == '["course"]'
    assert "course" in PROJECT["scripts"]
