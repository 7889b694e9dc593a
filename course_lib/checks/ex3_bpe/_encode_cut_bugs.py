"""The mistakes people make where encode cuts a text, with the words that help."""

from __future__ import annotations

from typing import Any

import regex

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._encode_ways import (
    appended,
    in_one_pattern,
    one_token_after_the_other,
    special_dropped,
    splitting,
    without_special,
)
from course_lib.checks.ex3_bpe._tokenizer_oracle import GPT2
from course_lib.checks.ex3_bpe._tokenizer_parts import variation


def _bug(name: str, sentence: str, hint: str, **parts: Any) -> Bug:
    return Bug(name, sentence, hint, variation(**parts))


CUTTING = (
    _bug(
        "across-pre-tokens",
        "Merges cross from one pre-token into the next.",
        "Cut the text with `self.pattern.findall(text)` and merge within each piece alone.",
        pretokens=lambda self, text: [text] if text else [],
    ),
    _bug(
        "spaces-lost",
        "The white space between words is lost.",
        "Cut with `self.pattern.findall(text)`: each pre-token keeps its space.",
        pretokens=lambda self, text: text.split(),
    ),
    _bug(
        "cut-at-spaces",
        "The text is cut into words and white space, not by the tokenizer's pattern.",
        "`self.pattern.findall(text)` keeps the space with the word behind it.",
        pretokens=lambda self, text: regex.findall(r"\s+|\S+", text),
    ),
    _bug(
        "always-gpt2s-pattern",
        "The text is cut by GPT-2's pattern, whatever pattern the tokenizer was made with.",
        "Use `self.pattern`, which `__init__` has compiled.",
        pretokens=lambda self, text: GPT2.findall(text),
    ),
    _bug(
        "special-cut-up",
        "A special token in the text is cut up and encoded like any other text.",
        "Split the text at `self.special_tokens` before you use the pattern.",
        split=lambda self, text: [text],
    ),
    _bug(
        "special-never-looked-for",
        "Special tokens are not looked for: one in the text is cut up and encoded like any other "
        "text.",
        "Split the text at `self.special_tokens` before you use the pattern.",
        encode=without_special,
    ),
    _bug(
        "special-in-the-given-order",
        "Of two special tokens that begin at one place, the one that was named first is taken.",
        "Sort them by length, the longest first, before you join them to an expression.",
        split=splitting(lambda tokens: tokens),
    ),
    _bug(
        "special-shortest-first",
        "Of two special tokens that begin at one place, the shorter one is taken.",
        "Sort the other way: `sorted(self.special_tokens, key=len, reverse=True)`.",
        split=splitting(lambda tokens: sorted(tokens, key=len)),
    ),
    _bug(
        "special-not-escaped",
        "The characters of a special token act as a regular expression: the `|` in `<|end|>` "
        "means “or”.",
        "`regex.escape(token)` for each before you join them.",
        split=splitting(lambda tokens: sorted(tokens, key=len, reverse=True), escape=str),
    ),
    _bug(
        "special-in-the-pattern",
        "The special tokens are alternatives in the pattern. A pre-token that begins before one "
        "then swallows its beginning: in `hi!<|end|>` the pattern finds `!<|`.",
        "Split the text at the special tokens first, and use the pattern between them.",
        parts=in_one_pattern,
    ),
    _bug(
        "special-longest-anywhere",
        "The text is split at one special token after the other, the longest first, so a longer "
        "one wins though another begins before it.",
        "Look for all of them at once, in one expression: it finds what comes first.",
        split=one_token_after_the_other,
    ),
    _bug(
        "special-dropped",
        "The text is split at the special tokens, and they themselves are missing in the result.",
        "`regex.split` keeps what it splits at if the expression stands in parentheses.",
        split=special_dropped,
    ),
    _bug(
        "characters-not-bytes",
        "A pre-token is cut into characters; outside ASCII one character is several bytes.",
        "Start from `[bytes([byte]) for byte in pretoken.encode()]`.",
        first_tokens=lambda self, pretoken: [sign.encode() for sign in pretoken],
    ),
    _bug(
        "latin-1",
        "Each character becomes one byte, as in Latin-1; the vocabulary was learned on UTF-8.",
        "`pretoken.encode()` means UTF-8.",
        first_tokens=lambda self, pretoken: [bytes([b]) for b in pretoken.encode("latin-1")],
    ),
    _bug(
        "appended-not-extended",
        "The result holds a tuple or list for each pre-token; a model wants one flat list of ids.",
        "`extend` the list, or use `+=`: `append` is for a single id, as that of a special token.",
        encode=appended,
    ),
)
