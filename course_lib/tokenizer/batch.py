"""Encode many texts, on all cores where it is worth it."""

import os
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tqdm import tqdm

from course_lib.tokenizer.base import Tokenizer
from course_lib.tokenizer.processes import explained
from course_lib.tokenizer.validation import check_text

WORTH_A_PROCESS = 2_000_000  # characters: below, a process takes longer to start than to encode
CHUNK = 200_000  # characters that travel to a process at a time

_tokenizer: Tokenizer | None = None  # a worker's own, with its own cache


def encode_batch(
    tokenizer: Tokenizer, texts: Iterable[str], n_processes: int | None = None
) -> list[list[int]]:
    """The ids of each text, as `tokenizer.encode` gives them, in the order of the texts.

    Args:
        n_processes: how many processes share the work; None means one a core, and no more than are
            worth their start: texts of less than two million characters stay in this one. Scripts
            that ask for several need the usual `if __name__ == "__main__":`.

    Raises:
        TypeError, ValueError: for what `encode` refuses, naming the text.
        RuntimeError: if a process ends early, as in a script that lacks that line.
    """
    if isinstance(texts, str):
        raise TypeError(f"texts must be several texts, got one of {len(texts)} characters")
    if n_processes is not None and n_processes < 1:
        raise ValueError(f"n_processes must be at least 1, got {n_processes}")
    texts = list(texts)
    for place, text in enumerate(texts):
        check_text(text, f"texts[{place}]")
    size = sum(map(len, texts))
    if n_processes is None:
        n_processes = min(os.cpu_count() or 1, size // WORTH_A_PROCESS + 1)
    n_processes = min(n_processes, len(texts))
    with tqdm(
        total=size, unit=" characters", unit_scale=True, file=sys.stdout, disable=size < CHUNK
    ) as bar:
        encoded: list[list[int]] = []
        if n_processes <= 1:
            for text in texts:
                encoded.append(tokenizer.encode(text))
                bar.update(len(text))
            return encoded
        # Spawned, as on every system: a fork would copy the locks of threads that it does not have.
        spawn = get_context("spawn")
        with explained(), ProcessPoolExecutor(n_processes, spawn, _start, (tokenizer,)) as pool:
            chunks = list(_chunks(texts))
            for chunk, arrays in zip(chunks, pool.map(_encode, chunks), strict=True):
                encoded += [ids.tolist() for ids in arrays]
                bar.update(sum(map(len, chunk)))
    return encoded


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, in lists of about CHUNK characters."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        chunk.append(text)
        size += len(text)
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _start(tokenizer: Tokenizer) -> None:
    """Keep the tokenizer in a new process."""
    global _tokenizer
    _tokenizer = tokenizer


def _encode(texts: list[str]) -> list[array]:
    """The ids of some texts as arrays, which travel fast."""
    return [array("Q", _tokenizer.encode(text)) for text in texts]
