"""Files from the internet: fetched once, proven by their hash, explained where they fail."""

from dataclasses import dataclass
from pathlib import Path

import pooch


@dataclass(frozen=True)
class RemoteFile:
    """One version of one file."""

    title: str  # what it holds, in words
    name: str  # what it is called on disk
    url: str  # where it is fetched from
    sha256: str  # of its bytes, so that nobody learns from another file by accident


def cache_folder() -> Path:
    """Where fetched files are kept: this course's folder in the user's cache folder."""
    return Path(pooch.os_cache("from-overfitting-to-llms"))


def fetch(file: RemoteFile, folder: Path | None = None) -> Path:
    """The file's path on disk, after fetching it if it is not there yet.

    A file that is there with the right hash is used without asking the network. While it is being
    fetched it has another name, so an interrupted download leaves no half of it behind.

    Args:
        folder: where the file is kept, `cache_folder()` if None.

    Raises:
        OSError: if it cannot be fetched, or what comes is another file. The message says what is
            looked for, where, and how to put it there by hand.
    """
    folder = cache_folder() if folder is None else Path(folder)
    try:
        path = pooch.retrieve(
            file.url,
            known_hash=f"sha256:{file.sha256}",
            fname=file.name,
            path=folder,
            downloader=pooch.HTTPDownloader(progressbar=False, timeout=30),
        )
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong hash is a value
        raise OSError(
            f"{file.title} is not in {folder / file.name} and could not be fetched from "
            f"{file.url}: {error}\n"
            "On a machine with internet, download that address and put the file, under the name "
            f"{file.name}, into {folder}. Its SHA-256 must be {file.sha256}."
        ) from error
    return Path(path)
