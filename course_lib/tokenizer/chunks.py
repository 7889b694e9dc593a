"""Read texts of any size in chunks, cut only where no pre-token and no special token is cut.

Why a cut is safe: the pattern reads a text from left to right and looks at nothing that it has
passed. So a cut changes nothing if, uncut, a pre-token ends there, and if every pre-token before
it stays the same when the text ends there.

GPT-2's pattern: no pre-token goes on from another character to whitespace. Only runs of whitespace
look at what follows them; before such a cut, each of them is followed by what followed it.

cl100k's: a pre-token may go on from punctuation to line ends, and to no other whitespace. At the
end of a line, a run of whitespace up to its last line end is one pre-token (less the line ends
that punctuation has taken), by `\\s*[\\r\\n]` if text follows and by `\\s++$` if none does.

At both ends of a special token a cut is safe under every pattern.
"""

import codecs
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import regex

from course_lib.tokenizer.pretokenize import CL100K_PATTERN, GPT2_PATTERN, split_special

CHUNK_SIZE = 2**23
CUTS = {
    GPT2_PATTERN: r"(?<=\S)(?=\s)",
    CL100K_PATTERN: r"(?<=\S)(?=[^\S\r\n])|(?<=[\r\n])(?=\S)",
}


def read_chunks(
    path: Path,
    special_tokens: Sequence[str] = (),
    pattern: str = GPT2_PATTERN,
    chunk_size: int = CHUNK_SIZE,
) -> Iterator[tuple[str, int]]:
    """A file's text in chunks, each with the number of bytes read for it.

    The pre-tokens of all chunks are those of the whole text. Bytes that are no UTF-8 become U+FFFD,
    as if the file were decoded in one piece. A chunk holds about chunk_size bytes; where none of
    its places is safe to cut, it grows until there is one, so a file without any takes the memory
    that all its text needs. So does a pattern that is not in CUTS, unless special tokens part the
    text.

    Raises OSError if the file cannot be read or changes while it is being read.
    """
    with open(path, "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        text, n_bytes, n_total = "", 0, 0
        while data := file.read(max(chunk_size, n_bytes)):
            n_bytes, n_total = n_bytes + len(data), n_total + len(data)
            text += decoder.decode(data)
            if cut := last_cut(text, special_tokens, pattern):
                yield text[:cut], n_bytes
                text, n_bytes = text[cut:], 0
        text += decoder.decode(b"", final=True)
        if text or n_bytes:
            yield text, n_bytes
        after = os.fstat(file.fileno())
    if (n_total, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError(
            f"{path} changed while it was read: it had {before.st_size:,} bytes at first, "
            f"{n_total:,} were read, and it has {after.st_size:,} now"
        )


def last_cut(
    text: str, special_tokens: Sequence[str] = (), pattern: str = GPT2_PATTERN
) -> int | None:
    """The last place where a text that goes on may be cut, whatever follows; None without one.

    The text must begin where one may be cut.
    """
    # A special token that begins before the limit has its end, and a longer one's, in the text.
    limit = len(text) - max(map(len, special_tokens), default=1)
    start, part = 0, text
    if special_tokens:
        end = 0
        for following in split_special(text, special_tokens):
            if end > limit:
                break
            start, part = end, following
            end += len(following)
        if part in special_tokens:
            return start or None
    if pattern in CUTS and limit >= start:
        # (?r) searches from the end. The lookahead needs the character after the limit.
        backwards = regex.compile("(?r)" + CUTS[pattern])
        if found := backwards.search(part, 1, limit - start + 1):
            return start + found.start()
    return start or None
