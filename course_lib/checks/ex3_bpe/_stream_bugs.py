"""The mistakes people make in encode_iterable, with the words that help."""

from __future__ import annotations

from typing import Any

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._stream_ways import (
    before_the_last_two,
    before_the_last_word,
    behind_special_tokens,
    cutting,
    holds_one_id,
    keeps_a_history,
    loses_the_rest,
    only_incomplete,
    piece_by_piece,
    reads_everything,
    repeats_the_rest,
    stops_at_nothing,
    without_line_breaks,
    yields_lists,
)
from course_lib.checks.ex3_bpe._tokenizer_parts import Parts, variation


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
