"""Where published models are kept, and how their files are read."""

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from course_lib import hub

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
WANTED = [CONFIG, WEIGHTS, INDEX, "model-*-of-*.safetensors"]
PICKLES = ("*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack")


def find_folder(name_or_folder: str | Path, revision: str | None = None) -> Path:
    """The folder itself, or where the hub's client has put configuration and weights.

    Raises what `course_lib.hub.find_folder` does.
    """
    return hub.find_folder(name_or_folder, WANTED, (CONFIG, WEIGHTS), revision)


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
