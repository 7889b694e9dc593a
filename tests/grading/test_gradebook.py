"""The gradebook that is written in bulk equals, row for row, the one that stock nbgrader leaves."""

import pickle
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
import small_course
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from small_course import ASSIGNMENT, tables

from course_lib.grading.gradebook import GradebookWriter, Submission, writer

pytestmark = pytest.mark.xdist_group("gradebook")


@pytest.fixture
def config(stock, tmp_path):
    """The settings with a gradebook that holds the assignment alone."""
    folder, _, _ = stock
    shutil.copy(folder / "assignment_alone.db", tmp_path / "gradebook.db")
    return small_course.settings(folder, f"sqlite:///{tmp_path}/gradebook.db")


def write(config, *batches, patience=60.0):
    with GradebookWriter(config, ASSIGNMENT, patience) as gradebook:
        for batch in batches:
            gradebook.write(batch)


def url(config):
    return config.CourseDirectory.db_url


def file(config):
    return url(config).removeprefix("sqlite:///")


def test_the_rounds_hold_what_can_differ(stock):
    _, _, (first, second) = stock
    scores = {(row["auto_score"], row["manual_score"]) for row in second.tables["grade"]}
    assert {(None, 1.5), (2.0, 4.0), (0.0, 1.5), (0.5, None), (None, None)} <= scores
    notebooks = first.tables["submitted_notebook"]
    assert {row["late_submission_penalty"] for row in notebooks} == {None, 0.0, 0.5, 1.25, 2.0}
    assert {row["auto_comment"] for row in first.tables["comment"]} == {None, "No response."}


def test_every_row_is_as_stock_nbgrader_leaves_it(stock, config):
    _, alone, (first, second) = stock
    assert tables(url(config)) == alone
    write(config, first.batch)
    assert tables(url(config)) == first.tables
    small_course.grade_by_hand(url(config))
    write(config, second.batch)
    assert tables(url(config)) == second.tables


def test_batches_may_have_any_size_and_writing_again_changes_nothing(stock, config, monkeypatch):
    _, _, (first, _) = stock
    monkeypatch.setattr(writer, "_AT_ONCE", 3)
    write(config, [], first.batch[:1], first.batch[1:], first.batch)
    with sqlite3.connect(file(config)) as before:
        dump = list(before.iterdump())
    assert tables(url(config)) == first.tables
    write(config, first.batch)
    with sqlite3.connect(file(config)) as after:
        assert list(after.iterdump()) == dump  # ids as well
    before.close(), after.close()


def test_results_may_come_one_notebook_at_a_time(stock, config):
    _, _, (first, _) = stock
    for number in (0, 1):
        write(
            config,
            [(submission, results[number : number + 1]) for submission, results in first.batch],
        )
    assert tables(url(config)) == first.tables


def test_a_penalty_of_all_points_is_nbgraders_own_rule(stock, config):
    _, _, (first, _) = stock
    del config["AssignLatePenalties"]
    config.LateSubmissionPlugin.penalty_method = "zero"
    write(config, first.batch)
    with Gradebook(url(config)) as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            late = submission.total_seconds_late > 0
            handed_in = small_course.FIRST[submission.student.id][0]
            for notebook in submission.notebooks:
                expected = notebook.score if late and notebook.name in handed_in else None
                assert notebook.late_submission_penalty == expected


def test_penalties_that_are_switched_off_stay_as_they_are(stock, config):
    _, _, (first, second) = stock
    write(config, first.batch)
    config.AssignLatePenalties.enabled = False
    write(config, second.batch)
    after = tables(url(config))["submitted_notebook"]
    assert after == first.tables["submitted_notebook"]


def test_a_time_with_a_zone_is_stored_in_utc(stock, config):
    _, _, (first, _) = stock
    submission, results = first.batch[0]
    here = timezone(timedelta(hours=5))
    local = submission.timestamp.replace(tzinfo=UTC).astimezone(here)
    write(config, [(replace(submission, timestamp=local), results)])
    (row,) = tables(url(config))["submitted_assignment"]
    assert row["timestamp"] == submission.timestamp


def test_formgrader_and_export_read_the_same(stock, config, tmp_path):
    folder, _, (first, second) = stock
    write(config, first.batch)
    small_course.grade_by_hand(url(config))
    write(config, second.batch)
    stock_config = small_course.settings(folder)
    assert formgrader(config) == formgrader(stock_config)
    for name, settings in (("ours.csv", config), ("stock.csv", stock_config)):
        with Gradebook(url(settings), "a_course") as gradebook:
            CsvExportPlugin(to=str(tmp_path / name)).export(gradebook)
    exported = (tmp_path / "ours.csv").read_text(encoding="utf-8")
    assert exported == (tmp_path / "stock.csv").read_text(encoding="utf-8")
    assert len(exported.splitlines()) == 1 + len(small_course.FIRST)


def formgrader(config):
    """What formgrader's pages show, without the random ids."""
    with_api = NbGraderAPI(CourseDirectory(config=config), config=config)
    with with_api.gradebook:
        assert len(with_api.get_submissions(ASSIGNMENT)) == len(small_course.FIRST)
        return without_ids(
            [
                with_api.get_assignment(ASSIGNMENT),
                with_api.get_submissions(ASSIGNMENT),
                with_api.get_students(),
                *(with_api.get_student_submissions(one) for one in sorted(small_course.FIRST)),
                *(
                    sorted(
                        with_api.get_notebook_submissions(ASSIGNMENT, one),
                        key=lambda found: found["student"],
                    )
                    for one in ("code", "words")
                ),
            ]
        )


def without_ids(found):
    if isinstance(found, dict):
        return {
            key: without_ids(value)
            for key, value in found.items()
            if not (key == "id" and len(str(value)) == 32) and key != "index"
        }
    return [without_ids(one) for one in found] if isinstance(found, list) else found


FAILING = """
    create trigger failing before insert on comment
    when (select count(*) from comment) >= {after} begin select raise(abort, 'no more room'); end
"""


def test_a_failure_in_the_middle_leaves_nothing(stock, config, monkeypatch):
    _, alone, (first, _) = stock
    monkeypatch.setattr(writer, "_AT_ONCE", 1)
    with sqlite3.connect(file(config)) as opened:
        opened.execute(FAILING.format(after=20))
    opened.close()
    with pytest.raises(OSError, match="no more room"):
        write(config, first.batch)
    assert tables(url(config)) == alone
    with sqlite3.connect(file(config)) as opened:
        opened.execute("drop trigger failing")
    opened.close()
    write(config, first.batch)
    assert tables(url(config)) == first.tables


KILLED = """
import os, pickle, signal, sys
from course_lib.grading.gradebook import GradebookWriter
from course_lib.grading.gradebook.entries import Entries

def die(entries):
    entries._connection.exec_driver_sql("pragma cache_spill = 1")
    os.kill(os.getpid(), signal.SIGKILL)

Entries._write_comments = die
from traitlets.config import Config
config = Config()
config.CourseDirectory.db_url = sys.argv[1]
with GradebookWriter(config, sys.argv[2]) as gradebook:
    gradebook.write(pickle.load(sys.stdin.buffer))
"""


def test_a_writer_that_is_killed_leaves_nothing(stock, config):
    _, alone, (first, _) = stock
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url(config), ASSIGNMENT],
        input=pickle.dumps(first.batch),
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert tables(url(config)) == alone
    write(config, first.batch)
    assert tables(url(config)) == first.tables


LOCKER = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as opened:
    opened.execute("begin exclusive")
    print("locked", flush=True)
    sys.stdin.read()
opened.close()
"""


@pytest.fixture
def locker(config):
    """Another process that holds the gradebook until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, file(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"locked\n"
        yield process


def test_a_locked_gradebook_is_waited_for(stock, config, locker):
    _, _, (first, _) = stock
    release = threading.Timer(1.5, locker.stdin.close)
    release.start()
    start = time.monotonic()
    write(config, first.batch)
    assert time.monotonic() - start >= 1.4
    release.join()
    assert tables(url(config)) == first.tables


def test_a_gradebook_that_stays_locked_is_told_and_nothing_is_lost(stock, config, locker):
    _, alone, (first, _) = stock
    with pytest.raises(TimeoutError, match=r"locked for 0\.5 seconds.*nothing of this batch"):
        write(config, first.batch, patience=0.5)
    locker.stdin.close()
    locker.wait()
    assert tables(url(config)) == alone
    write(config, first.batch)
    assert tables(url(config)) == first.tables


def test_an_assignment_that_is_not_there_is_told(config, tmp_path):
    with (
        pytest.raises(LookupError, match="no assignment 'other'"),
        GradebookWriter(config, "other"),
    ):
        pass
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/new.db"
    with pytest.raises(LookupError, match="no assignment"), GradebookWriter(config, ASSIGNMENT):
        pass


def test_a_file_that_is_no_gradebook_is_told(config, tmp_path):
    (tmp_path / "gradebook.db").write_text("no database " * 100, encoding="utf-8")
    with pytest.raises(OSError, match="not a database"), GradebookWriter(config, ASSIGNMENT):
        pass
    for other in ("mysql", "postgresql+pg8000"):
        config.CourseDirectory.db_url = f"{other}://course/grades"
        with pytest.raises(ValueError, match=f"{re.escape(other)}.*psycopg2"):
            GradebookWriter(config, ASSIGNMENT)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"student": "late"}, ValueError, "a result of late"),
        ({"assignment": "other"}, ValueError, "for other stands"),
        ({"notebook": "words"}, ValueError, "has results for"),
        ({"notebook": "third"}, ValueError, "has results for"),
        ({"scores": {"text": 1.0}}, LookupError, "no cell 'text'"),
        ({"comments": {"test": None}}, LookupError, "no cell 'test'"),
        ({"scores": {"test": 4.5}}, ValueError, "4.5 points for 'test'"),
        ({"scores": {"test": -0.5}}, ValueError, "-0.5 points"),
        ({"scores": {"test": float("nan")}}, ValueError, "nan points"),
    ],
)
def test_a_result_that_cannot_be_is_refused(stock, config, changes, kind, words):
    _, alone, (first, _) = stock
    (submission, (code, other)), *rest = first.batch
    with pytest.raises(kind, match=words):
        write(config, [*rest, (submission, [replace(code, **changes), other])])
    assert tables(url(config)) == alone


def test_a_submission_that_cannot_be_is_refused(stock, config):
    _, alone, (first, _) = stock
    submission, _ = first.batch[0]
    with pytest.raises(ValueError, match="twice"):
        write(config, [(submission, []), (submission, [])])
    with pytest.raises(LookupError, match="no notebook 'third'"):
        write(config, [(replace(submission, handed_in=frozenset({"third"})), [])])
    assert tables(url(config)) == alone
    for name in ("", "a" * 129, "a\0b", "caf\udce9"):
        with pytest.raises(ValueError, match="name"):
            Submission(name, None, frozenset())
