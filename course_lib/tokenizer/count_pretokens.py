"""Count the pre-tokens of texts and of files of any size, on all cores."""

import os
import re
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from stat import S_ISREG

from tqdm import tqdm

from course_lib.tokenizer.chunks import CHUNK_SIZE, read_chunks
from course_lib.tokenizer.pretokenize import (
    CL100K_PATTERN,
    GPT2_PATTERN,
    compile_pattern,
    split_special,
)
from course_lib.tokenizer.processes import explained
from course_lib.tokenizer.validation import several_texts

# Unicode's White_Space, which is `\s` in the package regex. Python's re, which is faster, adds four
# characters to its own `\s`.
SPACE = r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
PIECE = rf"{SPACE}*{SPACE.replace('[', '[^')}+"
# Between two pieces a text may be cut (chunks.py says why): each begins with whitespace, under
# cl100k's pattern not with the end of a line. Only the first and the last can be otherwise.
PIECES = {
    GPT2_PATTERN: rf"{PIECE}|{SPACE}+",
    CL100K_PATTERN: rf"{PIECE}(?:(?=[\r\n]){PIECE})*|{SPACE}+",
}


def count_pretokens(
    text: str, special_tokens: Iterable[str] = (), pattern: str = GPT2_PATTERN
) -> Counter[str]:
    """How often each pre-token occurs in a text: `Counter(pretokens(…))`, sooner.

    Most pieces of a text, as a space and a word, occur again and again. So the pieces are counted
    first, and the pattern, which takes longest, reads each of them once. Pieces that are equally
    common are joined and read together.
    """
    special_tokens = frozenset(several_texts(special_tokens, "special_tokens"))
    find_pretokens = compile_pattern(pattern).findall
    find_pieces = re.compile(PIECES.get(pattern, r"(?s:.+)")).findall
    pretokens: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    for part in split_special(text, special_tokens):
        if part in special_tokens:
            continue
        first, *middle = find_pieces(part)
        last = [middle.pop() for _ in middle[-2:]]  # the very last may be whitespace alone
        if middle:
            pieces.update(middle)
            pretokens.update(find_pretokens(first))
            pretokens.update(find_pretokens("".join(reversed(last))))
        else:
            pretokens.update(find_pretokens(part))
    equally_common = defaultdict(list)
    for piece, count in pieces.items():
        equally_common[count].append(piece)
    for count, joined in equally_common.items():
        for pretoken, n in Counter(find_pretokens("".join(joined))).items():
            pretokens[pretoken] += n * count
    return pretokens


def count_pretokens_in_files(
    paths: Iterable[str | Path],
    special_tokens: Sequence[str] = (),
    pattern: str = GPT2_PATTERN,
    n_processes: int | None = None,
    chunk_size: int = CHUNK_SIZE,
) -> Counter[str]:
    """How often each pre-token occurs in files, which may be far larger than memory.

    Every file is a text of its own. This process cuts them into chunks, which others count; no
    more than two chunks for each of them wait at a time.

    Args:
        paths: files in UTF-8; other bytes in them are read as U+FFFD.
        special_tokens: texts that are cut out and not counted.
        pattern: the regular expression that cuts text into pre-tokens.
        n_processes: how many count, as many as there are cores if None; with 1, this one does.
            Scripts that ask for several need the usual `if __name__ == "__main__":`.
        chunk_size: how many bytes are counted at a time.

    Raises:
        TypeError: if paths is one path.
        ValueError: if there is no path, or n_processes or chunk_size is below 1.
        OSError: if a file cannot be read or changes meanwhile, or is a folder or a pipe; all are
            opened before one is read.
        RuntimeError: if a process ends early, as in a script that lacks that line.
    """
    if isinstance(paths, str | Path):
        raise TypeError(f"paths must be a list of paths, got {paths!r}")
    paths = [Path(path) for path in paths]
    if not paths:
        raise ValueError("paths must name at least one file, got none")
    n_processes = (os.cpu_count() or 1) if n_processes is None else n_processes
    if n_processes < 1 or chunk_size < 1:
        raise ValueError(
            f"n_processes and chunk_size must be at least 1, got {n_processes} and {chunk_size}"
        )
    n_bytes = 0
    for path in paths:
        if not S_ISREG(path.stat().st_mode):  # looked at first: opening a pipe may wait for ever
            raise OSError(f"{path} is no regular file: save the text in it to a file first")
        with open(path, "rb") as file:
            n_bytes += os.fstat(file.fileno()).st_size
    n_processes = min(n_processes, -(-n_bytes // chunk_size) or 1)
    counts: Counter[str] = Counter()
    count = partial(count_pretokens, special_tokens=special_tokens, pattern=pattern)
    with tqdm(total=n_bytes, desc="counting", unit="B", unit_scale=True, file=sys.stdout) as bar:
        chunks = (
            chunk
            for path in paths
            for chunk in read_chunks(path, special_tokens, pattern, chunk_size)
        )
        for counted, n in _map_some_ahead(count, chunks, n_processes):
            counts.update(counted)
            bar.update(n)
    return counts


def _map_some_ahead(
    count: Callable[[str], Counter[str]], chunks: Iterator[tuple[str, int]], n_processes: int
) -> Iterator[tuple[Counter[str], int]]:
    """The counts of each chunk and its number of bytes, in order; few chunks are read ahead."""
    if n_processes == 1:
        yield from ((count(text), n_bytes) for text, n_bytes in chunks)
        return
    # Forking a process that runs threads, as torch does, can leave the child waiting for ever.
    safe = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    with explained(), ProcessPoolExecutor(n_processes, mp_context=get_context(safe)) as pool:
        waiting = deque()
        for text, n_bytes in chunks:
            waiting.append((pool.submit(count, text), n_bytes))
            if len(waiting) > 2 * n_processes:
                future, n_bytes = waiting.popleft()
                yield future.result(), n_bytes
        for future, n_bytes in waiting:
            yield future.result(), n_bytes
