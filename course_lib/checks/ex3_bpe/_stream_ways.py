"""Wrong ways to write encode_iterable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import regex

from course_lib.checks.ex3_bpe._tokenizer_parts import Parts

Texts = Iterable[str]


def reads_everything(self: Parts, texts: Texts) -> Iterator[int]:
    """All text is joined before anything is encoded."""
    yield from self.encode("".join(texts))


def piece_by_piece(self: Parts, texts: Texts) -> Iterator[int]:
    """Each piece by itself."""
    for text in texts:
        yield from self.encode(text)


def without_line_breaks(self: Parts, texts: Texts) -> Iterator[int]:
    """Each piece by itself, as a line without its end."""
    for text in texts:
        yield from self.encode(text.rstrip("\n"))


def yields_lists(self: Parts, texts: Texts) -> Iterator[list[int]]:
    """The ids of each part as a list."""
    held = ""
    for text in texts:
        sure, held = self.settled(held + text)
        yield [token_id for part in sure for token_id in self.ids_of(part)]
    yield self.encode(held)


def loses_the_rest(self: Parts, texts: Texts) -> Iterator[int]:
    """What is held at the end is forgotten."""
    held = ""
    for text in texts:
        sure, held = self.settled(held + text)
        for part in sure:
            yield from self.ids_of(part)


def repeats_the_rest(self: Parts, texts: Texts) -> Iterator[int]:
    """What is held is given as well."""
    held = ""
    for text in texts:
        yield from self.encode(held + text)
        held = self.settled(held + text)[1]
    yield from self.encode(held)


def stops_at_nothing(self: Parts, texts: Texts) -> Iterator[int]:
    """An empty piece is taken for the end."""
    pieces, held = iter(texts), ""
    while text := next(pieces, ""):
        sure, held = self.settled(held + text)
        for part in sure:
            yield from self.ids_of(part)
    yield from self.encode(held)


def holds_one_id(self: Parts, texts: Texts) -> Iterator[int]:
    """The text of the last id is held back."""
    held = ""
    for text in texts:
        token_ids = self.encode(held + text)
        yield from token_ids[:-1]
        held = self.decode(token_ids[-1:])
    yield from self.encode(held)


def keeps_a_history(self: Parts, texts: Texts) -> Iterator[int]:
    """All pieces stay in a list."""
    seen = []

    def noted() -> Iterator[str]:
        for text in texts:
            seen.append(text)
            yield text

    yield from Parts.encode_iterable(self, noted())


def cutting(find: Callable[[str], int]) -> Callable[[Parts, Texts], Iterator[int]]:
    """What stands before some place is given; no special token is cut."""

    def encode_iterable(self: Parts, texts: Texts) -> Iterator[int]:
        held = ""
        for text in texts:
            held += text
            place = find(held[: self.unfinished(held)])
            yield from self.encode(held[:place])
            held = held[place:]
        yield from self.encode(held)

    return encode_iterable


def before_the_last_word(text: str) -> int:
    """Before the last space that follows something else; 0 where there is none."""
    places = [match.end() for match in regex.finditer(r"\S(?= )", text)]
    return places[-1] if places else 0


def before_the_last_two(text: str) -> int:
    """Where the last two pre-tokens begin."""
    parts = Parts({}, []).pretokens(text)
    return sum(map(len, parts[:-2]))


def behind_special_tokens(self: Parts, texts: Texts) -> Iterator[int]:
    """Text is held until a special token ends it."""
    held = ""
    for text in texts:
        held += text
        done = self.unfinished(held)
        places = [held.rfind(token, 0, done) + len(token) for token in self.special_tokens]
        found = [token in held[:done] for token in self.special_tokens]
        place = max((p for p, is_there in zip(places, found, strict=True) if is_there), default=0)
        yield from self.encode(held[:place])
        held = held[place:]
    yield from self.encode(held)


def only_incomplete(self: Parts, text: str) -> int:
    """A special token that is there is not waited for, though a longer one may come."""
    place = Parts.unfinished(self, text)
    return len(text) if text[place:] in self.special_tokens else place
