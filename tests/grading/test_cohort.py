"""No submission leaves a process behind or stays without a page, whatever becomes of its grader."""

import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook

from course_lib.grading import cohort, one_student
from course_lib.grading.course import CONFIG_FILE, nbgrader_settings
from course_lib.grading.not_graded import NOT_GRADED

PARENT = """
import subprocess
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def test_a_process_ends_with_what_it_started_in_other_sessions():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        cohort.end_with_children(parent.pid)
        assert parent.wait(timeout=10) == -signal.SIGKILL
    assert ends(child)
    cohort.end_with_children(parent.pid)  # ended already


def ends(process, seconds=10):
    """An orphan may stay a zombie where the first process of the machine does not collect it."""
    for _ in range(seconds * 20):
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def hand_in(course_folder, student, name):
    path = course_folder / cohort.HANDED_IN / student / "ex" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(new_notebook()), encoding="utf-8")


def test_every_file_has_a_page_though_the_grader_fails(tmp_path, monkeypatch):
    hand_in(tmp_path, "ada", "lines")
    hand_in(tmp_path, "ada", "curves")
    hand_in(tmp_path, "bob", "lines")
    hand_in(tmp_path, "bob", os.fsdecode(b"caf\xe9"))
    hand_in(tmp_path, "bob", "a" * 249)
    hand_in(tmp_path, "bob", os.fsdecode(b"\xe9" * 249))
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    told = {}
    root_without_settings = tmp_path
    cohort.grade_cohort(root_without_settings, tmp_path, "ex", told.__setitem__)
    assert told.keys() == {"ada", "bob"}
    assert all("The grader failed here" in problem for problem in told.values())
    sign = "\N{REPLACEMENT CHARACTER}"
    bob = [f"bob/ex/{name}" for name in ("lines", f"caf{sign}", "a" * 50, sign * 50)]
    for page in ("ada/ex/lines", "ada/ex/curves", *bob):
        text = (tmp_path / "feedback" / f"{page}.html").read_text(encoding="utf-8")
        assert NOT_GRADED in text
        assert "The grader failed here" in text
    assert os.environ["PYTHONWARNINGS"] == "error"


def test_a_grader_that_takes_too_long_is_stopped_and_the_student_told(tmp_path, monkeypatch):
    hand_in(tmp_path, "ada", "lines")
    monkeypatch.setattr(cohort, "TIME_LIMIT", 0)
    monkeypatch.setattr(cohort, "wait", lambda sentinels, timeout: [])
    told = {}
    cohort.grade_cohort(tmp_path, tmp_path, "ex", told.__setitem__)
    assert "so it was stopped" in told["ada"]
    page = tmp_path / "feedback" / "ada" / "ex" / "lines.html"
    assert "so it was stopped" in page.read_text(encoding="utf-8")


def test_a_gradebook_opens_in_an_environment_that_is_not_activated(tmp_path, monkeypatch):
    (tmp_path / CONFIG_FILE).write_text("c = get_config()\n", encoding="utf-8")
    monkeypatch.setenv("PATH", os.defpath)
    settings = nbgrader_settings(tmp_path, tmp_path).CourseDirectory
    with Gradebook(settings.db_url, "course") as gradebook:
        assert gradebook.students == []


def test_a_student_is_in_the_gradebook_before_their_files_are_read(tmp_path, monkeypatch):
    steps = []
    monkeypatch.setattr(one_student, "_record_zeros", lambda *_: steps.append("zeros"))

    def fail(*_):
        steps.append("files")
        raise PermissionError

    monkeypatch.setattr(one_student, "take_in", fail)
    with pytest.raises(PermissionError):
        one_student.grade_student(tmp_path, tmp_path, "ex", "ada")
    assert steps == ["zeros", "files"]
