"""A trainer as most tutorials write it, for comparison: lists of ids, all of it read per merge."""

from collections.abc import Sequence
from itertools import pairwise

import regex

from course_lib.tokenizer.pretokenize import GPT2_PATTERN


def train_textbook(text: str, vocab_size: int) -> list[tuple[bytes, bytes]]:
    """The merges, with the library's tie-break; every pre-token is counted for each."""
    words = [list(word.encode()) for word in regex.findall(GPT2_PATTERN, text)]
    vocab = {byte: bytes([byte]) for byte in range(256)}
    merges = []
    while len(vocab) < vocab_size:
        counts: dict[tuple[int, int], int] = {}
        for word in words:
            for pair in pairwise(word):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], vocab[pair[0]], vocab[pair[1]]))
        new_id = len(vocab)
        vocab[new_id] = vocab[best[0]] + vocab[best[1]]
        merges.append((vocab[best[0]], vocab[best[1]]))
        words = [_merge(word, best, new_id) for word in words]
    return merges


def _merge(ids: Sequence[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """One word with the pair merged."""
    merged, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]:
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged
