"""Japanese prose for benchmarks: Electron's documentation, from the package `electron-i18n`."""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from html.parser import HTMLParser
from pathlib import Path

from course_lib.data.fetch import cache_folder

PACKAGE, ARCHIVE = "electron-i18n@1.3136.0", "electron-i18n-1.3136.0.tgz"
SHA256 = "4deb99ca165f8dea82f50543cd11b43b1bdeb90f7c17f12a12747a68342eac65"
MEMBER = "package/dist/docs.json"


def japanese_docs(folder: Path | None = None) -> str:
    """The text of all of Electron's documentation in Japanese, about 1 MB, without its HTML.

    Args:
        folder: where the package's archive is kept, the user's cache folder if None. Unless it
            is there, npm fetches it.

    Raises OSError if it is not there and npm cannot fetch it, or if it is another archive.

    Source: the Electron project's translators; MIT licence.
    """
    path = (cache_folder() if folder is None else Path(folder)) / ARCHIVE
    if not path.exists():
        _fetch(path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise OSError(
            f"{path} must have the SHA-256 {SHA256}, got {found}; delete it and try again"
        )
    with tarfile.open(path) as archive:
        pages = json.load(archive.extractfile(MEMBER))["ja-JP"]
    return "\n".join(_text(page["html"]) for page in pages.values())


def _fetch(path: Path) -> None:
    """Let npm fetch the package's archive; it gets its name only when it is whole."""
    by_hand = (
        f"On a machine with npm, run `npm pack {PACKAGE}` and put {ARCHIVE} into {path.parent}."
    )
    npm = shutil.which("npm")
    if npm is None:
        raise OSError(
            f"{path} is not there, and npm, which would fetch it, is not installed. {by_hand}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as unfinished:
        command = [npm, "pack", "--silent", PACKAGE]
        ended = subprocess.run(command, cwd=unfinished, capture_output=True, text=True)
        if ended.returncode or not (Path(unfinished) / ARCHIVE).exists():
            raise OSError(f"npm could not fetch {PACKAGE}: {ended.stderr.strip()}\n{by_hand}")
        (Path(unfinished) / ARCHIVE).replace(path)


class _Text(HTMLParser):
    """Collects what stands between the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep a piece of text."""
        self.parts.append(data)


def _text(html: str) -> str:
    """The text of a page."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)
