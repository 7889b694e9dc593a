"""The mistakes people make in decode, with the words that help."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._tokenizer_parts import Parts, variation


def one_by_one(errors: str) -> Callable[[Parts, Iterable[int]], str]:
    """Each token is read as UTF-8 by itself."""

    def decode(self: Parts, token_ids: Iterable[int]) -> str:
        return "".join(self.token_of(i).decode("utf-8", errors=errors) for i in token_ids)

    return decode


def reading(**how: Any) -> Callable[[Parts, bytes], Any]:
    """All bytes are read at once, in some way."""
    return lambda self, content: content.decode(**how)


def with_spaces(self: Parts, token_ids: Iterable[int]) -> str:
    """A space between tokens."""
    return self.read(b" ".join(map(self.token_of, token_ids)))


def without_special(self: Parts, token_ids: Iterable[int]) -> str:
    """Special tokens are left out."""
    special = set(self.special_tokens.values())
    return Parts.decode(self, [i for i in token_ids if i not in special])


def looked_at_twice(self: Parts, token_ids: Iterable[int]) -> str:
    """First all ids are looked at, then they are read."""
    for token_id in token_ids:
        self.token_of(token_id)
    return Parts.decode(self, token_ids)


def by_position(self: Parts, token_id: int) -> bytes:
    """The vocabulary as a list."""
    tokens = list(self.vocab.values())
    if not 0 <= token_id < len(tokens):
        raise ValueError(token_id)
    return tokens[token_id]


def between_the_ends(self: Parts, token_id: int) -> bytes:
    """Only what is too low or too high is refused."""
    if not 0 <= token_id <= max(self.vocab):
        raise ValueError(token_id)
    return self.vocab[token_id]


def as_code_points(self: Parts, token_ids: Iterable[int]) -> str:
    """An id is taken for a character."""
    return "".join(map(chr, token_ids))


def _bug(name: str, sentence: str, hint: str, **parts: Any) -> Bug:
    return Bug(name, sentence, hint, variation(**parts))


BUGS = (
    _bug(
        "token-by-token",
        "Each token is turned into text by itself, so a character that lies in several tokens "
        "becomes several �.",
        "Join the bytes of all tokens first, then decode once.",
        decode=one_by_one("replace"),
    ),
    _bug(
        "token-by-token-ignored",
        "Each token is turned into text by itself, with errors ignored: a character that lies in "
        "several tokens is lost.",
        "Join the bytes of all tokens first, then decode once, with `errors='replace'`.",
        decode=one_by_one("ignore"),
    ),
    _bug(
        "token-by-token-strict",
        "Each token is turned into text by itself, and part of a character is no text.",
        "Join the bytes of all tokens first, then decode once, with `errors='replace'`.",
        decode=one_by_one("strict"),
    ),
    _bug(
        "errors-ignored",
        "Bytes that are no UTF-8 vanish without a trace.",
        "`.decode('utf-8', errors='replace')` shows each as U+FFFD (�).",
        read=reading(errors="ignore"),
    ),
    _bug(
        "errors-strict",
        "Bytes that are no UTF-8 raise an error. A model writes token by token, so it can stop in "
        "the middle of a character.",
        "`.decode('utf-8', errors='replace')` shows them as U+FFFD (�).",
        read=reading(),
    ),
    _bug(
        "errors-spelled-out",
        r"Bytes that are no UTF-8 are spelled out, as in `\xe6`.",
        "`errors='replace'` shows them as U+FFFD (�).",
        read=reading(errors="backslashreplace"),
    ),
    _bug(
        "latin-1",
        "Each byte becomes a character, as in Latin-1, so 日 comes out as three.",
        "The bytes are UTF-8: `.decode('utf-8', errors='replace')`.",
        read=reading(encoding="latin-1"),
    ),
    _bug(
        "bytes-returned",
        "The bytes come back as they are; the result should be text.",
        "`.decode('utf-8', errors='replace')` makes a str of them.",
        read=lambda self, content: content,
    ),
    _bug(
        "printed-form",
        "`str(…)` of a byte string is how Python prints it, with b and quotes.",
        "`.decode('utf-8', errors='replace')` reads the bytes.",
        read=lambda self, content: str(content),
    ),
    _bug(
        "spaces-between",
        "There is a space between the tokens; tokens bring their own spaces.",
        "Join with nothing between: `b''.join(…)`.",
        decode=with_spaces,
    ),
    _bug(
        "stripped",
        "White space at the ends of the text is lost.",
        "Leave out `.strip()`: what encode was given must come back.",
        read=lambda self, content: Parts.read(self, content).strip(),
    ),
    _bug(
        "special-dropped",
        "Special tokens are left out of the text.",
        "Treat them as any other token: `self.vocab` has their bytes.",
        decode=without_special,
    ),
    _bug(
        "read-twice",
        "The ids are gone through twice, and an iterator gives them only once.",
        "Join in the same pass that looks for unknown ids, or make a list first.",
        decode=looked_at_twice,
    ),
    _bug(
        "by-position",
        "An id is taken for a position in the vocabulary; ids may come in any order, with gaps.",
        "Look the id up: `self.vocab[token_id]`.",
        token_of=by_position,
    ),
    _bug(
        "ids-as-characters",
        "An id is taken for the number of a character.",
        "Look up the bytes of each token: `self.vocab[token_id]`.",
        decode=as_code_points,
    ),
    _bug(
        "unknown-skipped",
        "An id that the vocabulary lacks is skipped in silence, and so the mistake that made it "
        "stays hidden.",
        "Raise a ValueError that names the id.",
        token_of=lambda self, token_id: self.vocab.get(token_id, b""),
    ),
    _bug(
        "unknown-replaced",
        "An id that the vocabulary lacks becomes �, as if its bytes were no UTF-8.",
        "Raise a ValueError that names the id: something is wrong before decode was called.",
        token_of=lambda self, token_id: self.vocab.get(token_id, b"\xff"),
    ),
    _bug(
        "only-the-ends-checked",
        "An id is refused when it is below 0 or above the highest; ids may have gaps, and one in a "
        "gap raises something else than ValueError.",
        "Ask the vocabulary itself: `if token_id not in self.vocab`.",
        token_of=between_the_ends,
    ),
    _bug(
        "key-error",
        "An id that the vocabulary lacks raises KeyError, which says only the number.",
        "`if token_id not in self.vocab: raise ValueError(…)`, with a sentence that names the id.",
        token_of=lambda self, token_id: self.vocab[token_id],
    ),
)
