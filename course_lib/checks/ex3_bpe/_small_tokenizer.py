"""A tokenizer small enough to follow by hand, for checks that hand one to the student."""

from __future__ import annotations

from collections.abc import Iterable


class SmallTokenizer:
    """The 256 bytes and some longer tokens; at each place the longest that fits is taken.

    Args:
        tokens: texts that are one token each; they get the ids from 256 on.
    """

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        longer = [token.encode() for token in tokens]
        self.vocab = dict(enumerate([bytes([byte]) for byte in range(256)] + longer))
        self.ids = {token: token_id for token_id, token in self.vocab.items()}

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""
        if not isinstance(text, str):
            raise TypeError(f"encode takes a str, got an object of type {type(text).__name__}")
        rest, token_ids = text.encode(), []
        while rest:
            found = max(filter(rest.startswith, self.vocab.values()), key=len)
            token_ids.append(self.ids[found])
            rest = rest[len(found) :]
        return token_ids

    def decode(self, token_ids: Iterable[int]) -> str:
        """The text that tokens spell."""
        return b"".join(self.vocab[token_id] for token_id in token_ids).decode(errors="replace")
