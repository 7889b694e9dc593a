"""Cut a text into pre-tokens, roughly words with the space before them; no merge crosses them."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex

from course_lib.tokenizer.validation import several_texts

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
    special_tokens = frozenset(several_texts(special_tokens, "special_tokens"))
    compiled = compile_pattern(pattern)
    for part in split_special(text, special_tokens):
        if part not in special_tokens:
            yield from compiled.findall(part)


def split_special(text: str, special_tokens: Iterable[str]) -> list[str]:
    """The text cut so that every special token in it is a part of its own, the longest first.

    Of two special tokens that begin at the same place, as "<|end|>" and "<|end|><|end|>", the
    longer one is meant. No part is empty.
    """
    special_tokens = tuple(several_texts(special_tokens, "special_tokens"))
    cut = _special_pattern(special_tokens).split(text) if special_tokens else [text]
    return [part for part in cut if part]


def compile_pattern(pattern: str) -> regex.Pattern:
    """A pattern that finds pre-tokens and loses no text to groups.

    Raises ValueError if it cannot be compiled, has groups, or is content with the empty string.
    """
    try:
        compiled = regex.compile(pattern)
    except (regex.error, TypeError) as error:
        raise ValueError(f"the pattern {pattern!r} cannot be used: {error}") from None
    if compiled.groups:  # findall would give what is in the groups, and leave out the rest
        raise ValueError(f"pattern must have no groups but (?:...), got {pattern!r}")
    if compiled.match(""):
        raise ValueError(f"pattern must match at least one character, got {pattern!r}")
    return compiled


@lru_cache
def _special_pattern(special_tokens: tuple[str, ...]) -> regex.Pattern:
    """The regular expression of any of the special tokens, the longest first."""
    longest_first = sorted(special_tokens, key=len, reverse=True)
    return regex.compile("(" + "|".join(map(regex.escape, longest_first)) + ")")
