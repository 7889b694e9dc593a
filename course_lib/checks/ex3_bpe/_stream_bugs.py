"""The mistakes people make in encode_iterable, with the words that help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import regex

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._tokenizer_parts import Parts, variation

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


def _bug(name: str, sentence: str, hint: str, **parts: Any) -> Bug:
    return Bug(name, sentence, hint, variation(**parts))


BUGS = (
    _bug(
        "reads-everything",
        "All pieces are read before the first id is given. A stream may be larger than memory, or "
        "have no end.",
        "Loop over the pieces, `yield from` the ids that are certain, hold back the rest.",
        encode_iterable=reads_everything,
    ),
    _bug(
        "piece-by-piece",
        "Each piece is encoded by itself, so a pre-token that lies across the edge of two is cut.",
        "Hold back the end of the piece, and put it before the next.",
        encode_iterable=piece_by_piece,
    ),
    _bug(
        "line-breaks-lost",
        "Each piece is encoded by itself and without the line break at its end.",
        "Line breaks are text like any other, and so are the edges of pieces: join first.",
        encode_iterable=without_line_breaks,
    ),
    _bug(
        "yields-lists",
        "Lists of ids are given; the stream should be one of ids.",
        "`yield from` gives the items of a list one by one.",
        encode_iterable=yields_lists,
    ),
    _bug(
        "rest-lost",
        "What is held back when the pieces end is never encoded.",
        "After the loop: `yield from self.encode(held)`.",
        encode_iterable=loses_the_rest,
    ),
    _bug(
        "rest-repeated",
        "What is held back is given at once as well, so it comes twice.",
        "Encode the certain part alone, and keep only what you have not given.",
        encode_iterable=repeats_the_rest,
    ),
    _bug(
        "stops-at-an-empty-piece",
        "An empty piece is taken for the end of the stream.",
        "`for text in texts` ends where the pieces end, and at no empty one.",
        encode_iterable=stops_at_nothing,
    ),
    _bug(
        "one-id-held",
        "The last id is held back; but all tokens of its pre-token may change with what follows.",
        "Hold back pre-tokens, as text.",
        encode_iterable=holds_one_id,
    ),
    _bug(
        "one-pre-token-held",
        "Only the last pre-token is held back. In `we'r` they are `we`, `'` and `r`; an `e` makes "
        "the last two into one, `'re`.",
        "Hold back the last two.",
        settled=lambda self, text: Parts.settled(self, text, n_held=1),
    ),
    _bug(
        "white-space-cut-twice",
        "The certain text is cut into pre-tokens once more, by itself, and white space at its end "
        "comes out otherwise: in `a\\n\\nb` the line breaks are two pre-tokens, in `a\\n\\n` one.",
        "Encode the certain pre-tokens one by one, or cut only before a space that follows a "
        "letter or sign.",
        encode_iterable=cutting(before_the_last_two),
    ),
    _bug(
        "cut-behind-a-space",
        "The text is cut behind a space, which belongs to the word that follows.",
        "Cut before the space, and only where something else than white space stands before it.",
        encode_iterable=cutting(lambda text: text.rfind(" ") + 1),
    ),
    _bug(
        "cut-behind-a-line-break",
        "The text is cut behind a line break; with white space after it they are one pre-token.",
        "Cut before a space that follows a letter or sign, or between certain pre-tokens.",
        encode_iterable=cutting(lambda text: text.rfind("\n") + 1),
    ),
    _bug(
        "waits-for-a-space",
        "Text is held back until a space comes, and in Japanese none may come for pages.",
        "Any pre-token that nothing can change any more is certain: all but the last two.",
        encode_iterable=cutting(before_the_last_word),
    ),
    _bug(
        "waits-for-a-special-token",
        "Text is held back until a special token comes, and none may come.",
        "Between special tokens, give all pre-tokens but the last two.",
        encode_iterable=behind_special_tokens,
    ),
    _bug(
        "special-cut-up",
        "A special token that lies across the edge of two pieces is encoded as other text.",
        "Hold back the end of the text from where a special token may have begun.",
        unfinished=lambda self, text: len(text),
    ),
    _bug(
        "shorter-special-given",
        "A special token at the end of a piece is given at once, though it may be the beginning of "
        "a longer one.",
        "Hold it back while a longer special token starts with it.",
        unfinished=only_incomplete,
    ),
    _bug(
        "keeps-a-history",
        "The ids come in time, but what was read is kept, so memory grows with the stream.",
        "Keep only the text that has not been given as ids.",
        encode_iterable=keeps_a_history,
    ),
)
