"""The mistakes people make in encode, with the words that help."""

from __future__ import annotations

from typing import Any

import regex

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._encode_ways import (
    by_joined_bytes,
    by_order,
    byte_as_id,
    each_merge_once,
    first_from_the_left,
    from_the_right,
    in_one_pattern,
    last_learned,
    longest_from_the_left,
    of_lowest_id,
    one_round,
    one_token_after_the_other,
    overlapping,
    special_dropped,
    splitting,
    sweep,
    sweeps,
    without_the_last,
)
from course_lib.checks.ex3_bpe._tokenizer_oracle import GPT2
from course_lib.checks.ex3_bpe._tokenizer_parts import variation


def _bug(name: str, sentence: str, hint: str, everywhere: bool = False, **parts: Any) -> Bug:
    return Bug(name, sentence, hint, variation(**parts), everywhere)


BUGS = (
    _bug(
        "greedy-longest-match",
        "At each place the longest token of the vocabulary is taken, left to right; the merges "
        "may not lead there.",
        "Start from single bytes and merge pairs, the one with the lowest rank first.",
        merged=longest_from_the_left,
    ),
    _bug(
        "position-before-rank",
        "The first pair from the left that can be merged is merged, whatever its rank.",
        "Look at all neighbouring pairs, and take the one that was learned first: the lowest rank.",
        chosen=first_from_the_left,
    ),
    _bug(
        "sweeps-from-the-left",
        "Each pass goes from left to right and merges every pair that it can, whatever its rank.",
        "Merge one kind of pair at a time: the one of the lowest rank among those that are there.",
        merged=sweeps,
    ),
    _bug(
        "one-sweep",
        "The pre-token is gone through once, from left to right; what was merged is never merged "
        "further.",
        "Repeat until no neighbouring pair is in `self.ranks`, each time with the lowest rank.",
        merged=sweep,
    ),
    _bug(
        "one-round",
        "Only the first of all merges is applied, and then the work stops.",
        "Put it in a loop that ends when no neighbouring pair is in `self.ranks`.",
        merged=one_round,
    ),
    _bug(
        "each-merge-once",
        "Each merge is applied at one place only; a pre-token may hold its pair several times.",
        "Apply a merge again until its pair is gone, before you go on to the next.",
        merged=each_merge_once,
    ),
    _bug(
        "last-learned-first",
        "The pair of the highest rank is merged first. Rank 0 is the merge that was learned first, "
        "and the later ones build on it.",
        "Take the lowest rank: `min`, not `max`.",
        chosen=last_learned,
    ),
    _bug(
        "lowest-id-first",
        "Pairs are merged by the id of the token that they make. The order of merges is that of "
        "`self.ranks`; ids may be in any order.",
        "Compare `self.ranks[left, right]`, and look up ids only at the end.",
        everywhere=True,
        chosen=of_lowest_id,
    ),
    _bug(
        "ranked-by-joined-bytes",
        "Any two tokens are merged whose joined bytes some merge makes, of other parts perhaps.",
        "Look up the pair, `self.ranks[left, right]`, not `left + right`.",
        chosen=by_joined_bytes,
    ),
    _bug(
        "overlapping-merge",
        "In a run such as `aaa` a token takes part in two merges, so the result spells more than "
        "the text.",
        "After a merge go on behind both tokens: `place += 2`.",
        joined=overlapping,
    ),
    _bug(
        "from-the-right",
        "Where the places of a pair overlap, as in `aaa`, the last one is merged.",
        "Take the leftmost: `<`, not `<=`, when you compare ranks from left to right.",
        joined=from_the_right,
    ),
    _bug(
        "last-token-dropped",
        "A last token that takes part in no merge is lost.",
        "When you rebuild the list, let the loop reach its last place: `while place < len(parts)`.",
        joined=without_the_last,
    ),
    _bug(
        "ids-counted",
        "Ids are computed: the byte itself, or 256 + rank. That is so in a vocabulary that you "
        "trained yourself; in others, as GPT-2's, ids have another order.",
        "Look every token up in `self.ids`.",
        id_of=by_order,
    ),
    _bug(
        "bytes-as-ids",
        "A single byte is taken for its own id. In GPT-2's vocabulary the byte 32 has the id 220.",
        "Look single bytes up in `self.ids` too.",
        id_of=byte_as_id,
    ),
    _bug(
        "tokens-not-ids",
        "The tokens come back as byte strings; a model wants their ids.",
        "`self.ids[token]` for each.",
        id_of=lambda self, token: token,
    ),
    _bug(
        "tokens-as-text",
        "The tokens come back as text; a model wants their ids, and not every token is text.",
        "`self.ids[token]` for each, with the token as bytes.",
        id_of=lambda self, token: token.decode("utf-8", errors="replace"),
    ),
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
)
