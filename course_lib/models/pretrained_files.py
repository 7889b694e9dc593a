"""Where published models are kept, and how their files are read."""

import json
import re
from pathlib import Path
from typing import Any

from torch import Tensor

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
WANTED = [CONFIG, WEIGHTS, INDEX, "model-*-of-*.safetensors"]
PICKLES = ("*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack")
REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)?")


def find_folder(name_or_folder: str | Path, revision: str | None = None) -> Path:
    """The folder itself, or where the hub's client has put the files of a repository.

    Raises:
        FileNotFoundError: if it is neither a folder nor a repository.
        ConnectionError: if the hub cannot be reached, and the files are not in its cache.
    """
    folder = Path(name_or_folder).expanduser()
    if folder.is_dir():
        return folder
    name = str(name_or_folder)
    looks_like_a_path = isinstance(name_or_folder, Path) or name.startswith((".", "/", "~"))
    if looks_like_a_path or folder.exists() or not REPOSITORY.fullmatch(name):
        raise FileNotFoundError(f"name_or_folder must be a folder, and {folder} is none")
    return download(name, revision)


def download(name: str, revision: str | None) -> Path:
    """Fetch configuration and weights through the hub's own client, or find them in its cache."""
    try:
        from huggingface_hub import constants, errors, snapshot_download
    except ImportError as error:
        raise ImportError(
            f"there is no folder {Path(name).absolute()}, and to ask the hub for {name!r} needs "
            "its client: pip install huggingface_hub"
        ) from error
    folder, url = Path(name).absolute(), f"{constants.ENDPOINT}/{name}"
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=WANTED))
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
            "bring that cache along from a machine that has once loaded this model, or give a "
            f"folder that holds its {CONFIG} and {WEIGHTS}"
        ) from error


def read_config(folder: Path) -> dict[str, Any]:
    """What config.json says.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is not a JSON object.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise FileNotFoundError(f"there is no {CONFIG} in {folder}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path} must hold a JSON object, got {type(config).__name__}")
    return config


def read_weights(folder: Path) -> dict[str, Tensor]:
    """All weights of a folder, by their names, from one file or several.

    Raises:
        FileNotFoundError: if there is neither file nor index, or a file that it names is missing.
        ValueError: if a file is cut short or no safetensors file, or a weight is in none.
    """
    if (folder / WEIGHTS).is_file():
        return read_file(folder / WEIGHTS)
    if (folder / INDEX).is_file():
        return read_files(folder)
    pickles = sorted(path.name for kind in PICKLES for path in folder.glob(kind))
    found = f", only {', '.join(pickles)}, which may run code when read" if pickles else ""
    raise FileNotFoundError(
        f"there is neither {WEIGHTS} nor {INDEX} in {folder}{found}. Only safetensors files are "
        "read; `save_pretrained` of transformers writes them"
    )


def read_files(folder: Path) -> dict[str, Tensor]:
    """The weights of a folder whose index says which file holds which."""
    file_of = read_index(folder / INDEX)
    weights = {}
    for name in sorted(set(file_of.values())):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{INDEX} names {name}, and there is none in {folder}")
        weights |= read_file(folder / name)
    lost = sorted(file_of.keys() - weights.keys())
    if lost:
        raise ValueError(f"{INDEX} says that {file_of[lost[0]]} holds {lost[0]}, but it does not")
    return weights


def read_index(path: Path) -> dict[str, str]:
    """Which file beside it holds which weight."""
    try:
        file_of = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        outside = sorted(name for name in file_of.values() if Path(name).name != name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} must be JSON with a weight_map from names to files") from error
    if outside:
        raise ValueError(f"{path} must name files beside it, got {outside[0]!r}")
    return file_of


def read_file(path: Path) -> dict[str, Tensor]:
    """The weights of one file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(
            f"{path} is cut short or no safetensors file ({path.stat().st_size} bytes): {error}"
        ) from error
