"""Cut a text into pre-tokens, roughly words with the space before them; no merge crosses them."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex

# Each is a list of kinds of pre-token; at every place the first kind that fits is taken.
GPT2_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
CL100K_PATTERN = (  # GPT-3.5 and GPT-4
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)


def pretokens(
    text: str, special_tokens: Iterable[str] = (), pattern: str = GPT2_PATTERN
) -> Iterator[str]:
    """The pre-tokens of a text in order, without the special tokens that stand between them.

    Source: Radford et al., Language Models are Unsupervised Multitask Learners (2019), section 2.2,
    and the pattern in its published code.
    """
    special_tokens = frozenset(special_tokens)
    compiled = regex.compile(pattern)
    for part in split_special(text, special_tokens):
        if part not in special_tokens:
            yield from compiled.findall(part)


def split_special(text: str, special_tokens: Iterable[str]) -> list[str]:
    """The text cut so that every special token in it is a part of its own, the longest first.

    Of two special tokens that begin at the same place, as "<|end|>" and "<|end|><|end|>", the
    longer one is meant. No part is empty.
    """
    special_tokens = tuple(special_tokens)
    cut = _special_pattern(special_tokens).split(text) if special_tokens else [text]
    return [part for part in cut if part]


@lru_cache
def _special_pattern(special_tokens: tuple[str, ...]) -> regex.Pattern:
    """The regular expression of any of the special tokens, the longest first."""
    longest_first = sorted(special_tokens, key=len, reverse=True)
    return regex.compile("(" + "|".join(map(regex.escape, longest_first)) + ")")
