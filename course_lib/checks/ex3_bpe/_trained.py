"""Say what is wrong with what a trainer returned: vocab, a dict of id to bytes, and merges."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.checks.base import Case, Plain
from course_lib.checks.compare import kind_of, show
from course_lib.checks.ex3_bpe._merges import merges_differ
from course_lib.checks.plain import Opaque


def shape_differs(outputs: Plain) -> str | None:
    """Whether there are two results, the second a list of pairs of bytes; in words where not."""
    if not isinstance(outputs, list | tuple) or len(outputs) != 2:
        return f"expected two results, `vocab` and `merges`, got {kind_of(outputs)}"
    merges = outputs[1]
    if not isinstance(merges, list | tuple):
        return f"expected `merges`, the second result, to be a list, got {_kind(merges)}"
    for place, pair in enumerate(merges):
        is_pair = isinstance(pair, list | tuple) and len(pair) == 2
        if not is_pair or not all(isinstance(token, bytes) for token in pair):
            return (
                f"merge {place} should be a pair of byte strings, such as (b'a', b'b'); "
                f"got {_what(pair)}"
            )
    return None


def result_differs(case: Case, outputs: Plain, ties: bool) -> str | None:
    """What is wrong with the merges of a case; with `ties`, the stated tie-break is asked for."""
    if problem := shape_differs(outputs):
        return problem
    text, vocab_size, *rest = case.inputs.values()
    special_tokens = rest[0] if rest else ()
    n_merges = vocab_size - 256 - len(special_tokens)
    merges = [tuple(pair) for pair in outputs[1]]
    return merges_differ(text, n_merges, special_tokens, merges, ties)


def vocab_differs(outputs: Plain, special_tokens: Sequence[str]) -> str | None:
    """What is wrong with the vocabulary, taking the merges as they are."""
    if problem := shape_differs(outputs):
        return problem
    vocab, merges = outputs
    if not isinstance(vocab, dict):
        return (
            f"expected `vocab`, the first result, to be a dict of id to bytes, got {_kind(vocab)}"
        )
    expected = [
        *((bytes([byte]), "a single byte") for byte in range(256)),
        *((b"".join(pair), f"made by merge {place}") for place, pair in enumerate(merges)),
        *((token.encode(), "a special token") for token in special_tokens),
    ]
    for token_id, (token, why) in enumerate(expected):
        if token_id not in vocab:
            return f"`vocab` has no token {token_id}; expected {token!r} there, {why}"
        got = vocab[token_id]
        if type(got) is not bytes or got != token:
            return f"expected token {token_id} to be {token!r}, {why}; got {_what(got)}"
    if len(vocab) != len(expected):
        more = [token_id for token_id in vocab if token_id not in range(len(expected))]
        return f"expected `vocab` to have {len(expected)} tokens, got {len(vocab)}; too many: " + (
            ", ".join(map(repr, more[:5])) + (", …" if len(more) > 5 else "")
        )
    return None


def _kind(value: Plain) -> str:
    """As `kind_of`, for a dict too, which would be shown whole."""
    return f"a dict of {len(value)} items" if isinstance(value, dict) else kind_of(value)


def _what(value: Plain) -> str:
    """A value that is no bytes where bytes were expected."""
    if isinstance(value, bytes | list | tuple):
        return show(value)
    if isinstance(value, Opaque):
        return value.description
    return _kind(value) if value is None else f"{show(value)}, of type {type(value).__name__}"
