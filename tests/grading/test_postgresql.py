"""PostgreSQL as nbgrader's gradebook: the same rows, the same patience, the same all or nothing."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from unittest.mock import patch

import psycopg2
import pytest
import small_course
from nbgrader.api import Gradebook
from small_course import ASSIGNMENT, tables
from sqlalchemy import event

from course_lib.grading.gradebook import GradebookWriter, sync_assignment, writer
from course_lib.grading.gradebook.rows import Rows

INITDB = shutil.which("initdb") or next(
    (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None
)

pytestmark = [
    pytest.mark.xdist_group("gradebook"),
    pytest.mark.skipif(
        INITDB is None, reason="needs PostgreSQL's initdb: install Debian's package postgresql"
    ),
]


@pytest.fixture(scope="module")
def server():
    """A server of its own on a socket in a folder of its own, for a user who may not do more."""
    with tempfile.TemporaryDirectory(prefix="course-pg-") as folder:  # sockets' paths are short
        identity = {}
        if os.geteuid() == 0:  # it refuses to run as root
            account = pwd.getpwnam("nobody")
            os.chown(folder, account.pw_uid, account.pw_gid)
            identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        options = {"cwd": folder, "env": {"LC_ALL": "C", "PATH": os.defpath}, **identity}
        subprocess.run(
            [INITDB, "--auth=trust", "--username=course", "--no-sync", f"{folder}/data"],
            **options,
            check=True,
            capture_output=True,
        )
        command = [Path(INITDB).with_name("postgres"), "-D", f"{folder}/data", "-k", folder]
        command += ["-c", "listen_addresses=", "-c", "fsync=off"]
        with open(f"{folder}/log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        try:
            wait_for(f"host={folder} user=course dbname=postgres", process)
            yield folder
        finally:
            process.send_signal(signal.SIGINT)  # ends every session
            process.wait(timeout=30)


def wait_for(address, process, seconds=30):
    for _ in range(seconds * 20):
        assert process.poll() is None
        try:
            return psycopg2.connect(address).close()
        except psycopg2.OperationalError:
            time.sleep(0.05)
    raise TimeoutError("PostgreSQL does not start")


def address(server, database):
    return f"postgresql+psycopg2://course@/{database}?host={server}"


def connect(url):
    return closing(psycopg2.connect(url.replace("+psycopg2", "")))


def create_database(server, name, template):
    with connect(address(server, "postgres")) as opened:
        opened.autocommit = True
        opened.cursor().execute(f"create database {name} template {template}")
    return address(server, name)


@pytest.fixture(scope="module")
def template(server, stock):
    """A gradebook that holds the assignment alone."""
    folder, _, _ = stock
    url = create_database(server, "alone", "template1")
    settings = small_course.settings(folder, url)
    with (
        small_course.quick_nbgrader(),
        patch("course_lib.grading.gradebook.sync.nbgrader_settings", return_value=settings),
    ):
        sync_assignment(folder, folder, ASSIGNMENT)
    with Gradebook(url, "a_course") as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=small_course.DUE)
    return "alone"


NUMBER = count()


@pytest.fixture
def config(stock, server, template):
    """The settings with a fresh copy of that gradebook."""
    folder, _, _ = stock
    url = create_database(server, f"course_{next(NUMBER)}", template)
    return small_course.settings(folder, url)


@pytest.fixture
def url(config):
    return config.CourseDirectory.db_url


def write(config, *batches, patience=60.0):
    with GradebookWriter(config, ASSIGNMENT, patience) as gradebook:
        for batch in batches:
            gradebook.write(batch)


def test_every_row_is_as_stock_nbgrader_leaves_it_in_sqlite(stock, config, url, monkeypatch):
    _, alone, (first, second) = stock
    assert tables(url) == alone
    monkeypatch.setattr(writer, "_AT_ONCE", 3)
    write(config, first.batch, first.batch)
    assert tables(url) == first.tables
    small_course.grade_by_hand(url)
    write(config, second.batch)
    assert tables(url) == second.tables


def test_a_batch_takes_few_statements(stock, config, monkeypatch):
    """Also below SQLAlchemy, which may send a list of rows one by one."""
    _, _, (first, second) = stock
    sent = []

    class Counting(psycopg2.extensions.cursor):
        def execute(self, *statement):
            sent.append(statement)
            super().execute(*statement)

        def executemany(self, statement, rows):
            sent.extend(rows)
            super().executemany(statement, rows)

    with GradebookWriter(config, ASSIGNMENT) as gradebook:

        @event.listens_for(gradebook._engine, "connect")
        def count_statements(connection, _):
            connection.cursor_factory = Counting

        gradebook.write(first.batch)
        new = len(sent)
        gradebook.write(second.batch)
    assert 10 < new < 25
    assert 10 < len(sent) - new < 25


def test_a_failure_in_the_middle_leaves_nothing(stock, config, url, monkeypatch):
    _, alone, (first, _) = stock
    monkeypatch.setattr(writer, "_AT_ONCE", 1)
    with connect(url) as opened:
        opened.cursor().execute(
            "alter table comment add constraint small check (auto_comment is null)"
        )
        opened.commit()
    with pytest.raises(OSError, match="violates check constraint"):
        write(config, first.batch)
    assert tables(url) == alone


def test_a_locked_gradebook_is_waited_for(stock, config, url):
    _, _, (first, _) = stock
    with connect(url) as other:
        other.cursor().execute("lock table grade in access exclusive mode")
        release = threading.Timer(1.5, other.commit)
        release.start()
        start = time.monotonic()
        write(config, first.batch)
        assert time.monotonic() - start >= 1.4
        release.join()
    assert tables(url) == first.tables


def test_a_gradebook_that_stays_locked_is_told_and_nothing_is_lost(stock, config, url):
    _, alone, (first, _) = stock
    with connect(url) as other:
        other.cursor().execute("lock table comment in access exclusive mode")
        with pytest.raises(TimeoutError, match="nothing of this batch was written"):
            write(config, first.batch, patience=0.1)
        other.rollback()
    assert tables(url) == alone
    write(config, first.batch)
    assert tables(url) == first.tables


def before_grades_are_saved(monkeypatch, act):
    """Do something once, from another session, when a writer has read the grades."""
    save, done = Rows.save, []

    def interfered(rows, *columns):
        if rows._table.name == "grade" and not done:
            done.append(True)
            act()
        save(rows, *columns)

    monkeypatch.setattr(Rows, "save", interfered)
    return done


def test_a_score_given_by_hand_meanwhile_counts(stock, config, url, monkeypatch):
    _, _, (first, second) = stock
    write(config, first.batch)

    def grade():
        with connect(url) as other:
            other.cursor().execute("update grade set manual_score = 1, needs_manual_grade = false")
            other.commit()

    done = before_grades_are_saved(monkeypatch, grade)
    write(config, second.batch)
    assert done
    expected = {
        (submission.student, result.notebook, cell): (score, 1.0, True)
        for submission, results in second.batch
        for result in results
        for cell, score in result.scores.items()
    }
    found = {
        (row["id"][1][1][1][0], row["id"][0][1][0], row["id"][0][0]): (
            row["auto_score"],
            row["manual_score"],
            row["needs_manual_grade"],
        )
        for row in tables(url)["grade"]
    }
    assert {key: found[key] for key in expected} == expected


def test_a_session_that_the_server_ends_is_begun_again(stock, config, url, monkeypatch):
    _, _, (first, _) = stock

    def end():
        with connect(url) as other:
            other.cursor().execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )

    done = before_grades_are_saved(monkeypatch, end)
    write(config, first.batch)
    assert done
    assert tables(url) == first.tables


def test_two_writers_at_once_leave_what_one_does(stock, config, url):
    _, _, (first, _) = stock
    with ThreadPoolExecutor(2) as pool:
        for written in [
            pool.submit(write, config, *batches)
            for batches in ([first.batch], [[one] for one in first.batch])
        ]:
            written.result()
    assert tables(url) == first.tables


def test_a_server_that_does_not_answer_is_told(server, config):
    config.CourseDirectory.db_url = f"postgresql+psycopg2://course:secret@/nowhere?host={server}"
    with pytest.raises(OSError, match="nowhere") as told, GradebookWriter(config, ASSIGNMENT):
        pass
    assert "secret" not in str(told.value)
