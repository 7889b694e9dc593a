"""Files that others have published: a folder, or a repository on Hugging Face's hub."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)?")


def find_folder(
    name_or_folder: str | Path,
    wanted: Sequence[str],
    needed: Sequence[str],
    revision: str | None = None,
) -> Path:
    """The folder itself, or where the hub's client has put the files of a repository.

    Args:
        name_or_folder: a folder, or the name of a repository.
        wanted: which files to fetch, as patterns.
        needed: the files without which nothing can be read, for the error's words.
        revision: a branch, tag or commit of the repository.

    Raises:
        FileNotFoundError: if it is neither a folder nor a repository.
        ConnectionError: if the hub cannot be reached, and the files are not in its cache.
    """
    folder = Path(os.path.expanduser(name_or_folder))  # as pathlib, but no error if ~user is none
    if folder.is_dir():
        return folder
    name = str(name_or_folder)
    looks_like_a_path = isinstance(name_or_folder, Path) or name.startswith((".", "/", "~"))
    if looks_like_a_path or folder.exists() or not REPOSITORY.fullmatch(name):
        raise FileNotFoundError(f"name_or_folder must be a folder, and {folder} is none")
    return _download(name, wanted, needed, revision)


def _download(
    name: str, wanted: Sequence[str], needed: Sequence[str], revision: str | None
) -> Path:
    """Fetch the files through the hub's own client, or find them in its cache."""
    try:
        from huggingface_hub import constants, errors, snapshot_download
    except ImportError as error:
        raise ImportError(
            f"there is no folder {Path(name).absolute()}, and to ask the hub for {name!r} needs "
            "its client: pip install huggingface_hub"
        ) from error
    folder, url = Path(name).absolute(), f"{constants.ENDPOINT}/{name}"
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(wanted)))
    except errors.HFValidationError as error:
        raise FileNotFoundError(
            f"there is no folder {folder}, and {name!r} cannot be the name of a repository"
        ) from error
    except errors.GatedRepoError as error:
        raise FileNotFoundError(
            f"{name!r} wants its terms accepted: do so at {url}, then log in with `hf auth login`"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise FileNotFoundError(f"there is no revision {revision!r} at {url}") from error
    except errors.RepositoryNotFoundError as error:
        raise FileNotFoundError(
            f"there is neither a folder {folder} nor a public repository at {url}"
        ) from error
    except OSError as error:  # of the client's own, and of what it connects with
        raise ConnectionError(
            f"{name!r} was not found. Looked for the folder {folder}, then for a copy in "
            f"{constants.HF_HUB_CACHE}, the cache of Hugging Face's hub, then for {url}, which "
            "cannot be reached from here, or is not asked since HF_HUB_OFFLINE is set. Offline, "
            "bring that cache along from a machine that has once loaded it, or give a folder that "
            f"holds its {' and '.join(needed)}"
        ) from error
