"""Byte-pair encoding once more, by brute force on lists of byte strings; shared by the tests."""

import re
from collections import Counter

import regex

# As it was first published, in another form than the library's; tiktoken's comment quotes it.
PUBLISHED = r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def words_of(text: str, special_tokens: list[str]) -> list[list[bytes]]:
    """All pre-tokens, one by one and uncounted, each as its bytes."""
    if special_tokens:
        longest_first = sorted(special_tokens, key=len, reverse=True)
        parts = re.split("|".join(map(re.escape, longest_first)), text)
    else:
        parts = [text]
    found = [word for part in parts for word in regex.findall(PUBLISHED, part)]
    return [[bytes([byte]) for byte in word.encode()] for word in found]


def reference_merges(
    text: str, n_merges: int, special_tokens: list[str] = ()
) -> list[tuple[bytes, bytes]]:
    """The merges: tokens are known by their bytes and have no ids; everything is recounted."""
    words = words_of(text, list(special_tokens))
    merges = []
    for _ in range(n_merges):
        counts = Counter()
        for word in words:
            for i in range(len(word) - 1):
                counts[word[i], word[i + 1]] += 1
        if not counts:
            break
        most = max(counts.values())
        best = sorted(pair for pair, count in counts.items() if count == most)[-1]
        merges.append(best)
        for word in words:
            i = 0
            while i < len(word) - 1:
                if (word[i], word[i + 1]) == best:
                    word[i : i + 2] = [best[0] + best[1]]
                i += 1
    return merges
