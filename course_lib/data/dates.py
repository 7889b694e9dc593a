"""A small translation task whose right answers are known: dates as people write them, to ISO."""

from collections.abc import Sequence
from datetime import date, timedelta

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from course_lib.data.bytes import to_text, to_token_ids
from course_lib.data.date_forms import FORMS

LANGUAGES = tuple(FORMS)

PADDING, START, END = 0, 2, 3
"""Bytes that no date holds: in ASCII, NUL, "start of text" and "end of text"."""


def all_days() -> list[date]:
    """The 47,482 days from 1900 to 2029."""
    first, end = date(1900, 1, 1), date(2030, 1, 1)
    return [first + timedelta(days=n) for n in range((end - first).days)]


def date_pairs(
    n: int,
    generator: torch.Generator,
    days: Sequence[date] | None = None,
    languages: Sequence[str] = LANGUAGES,
) -> list[tuple[str, str]]:
    """Dates as people write them and in ISO 8601: ("昭和62年3月5日", "1987-03-05").

    A pair takes a language, one of its ways of writing (see `date_forms`) and a day, each as likely
    as any other, except that a day from before a way of writing is drawn anew.

    To hold pairs out, hold out days: `split_documents(all_days(), 0.1, generator)` gives two lists,
    and no day of one can occur, in any language, among pairs drawn from the other.

    Args:
        days: where days are drawn from, `all_days()` if None.
        languages: some of `LANGUAGES`.

    Raises:
        ValueError: if n is negative, days or languages are empty, a language is not known or it
            had no way yet to write any of the days.
    """
    days = all_days() if days is None else days
    if n < 0 or not days or not languages:
        raise ValueError(
            "n must be at least 0 and days and languages not empty, "
            f"got n = {n}, {len(days)} days, {len(languages)} languages"
        )
    for language in languages:
        if language not in FORMS:
            raise ValueError(f"languages must be some of {LANGUAGES}, got {language!r}")
        if all(form(max(days)) is None for form in FORMS[language]):
            raise ValueError(f"days must reach a time when {language} wrote them, got {max(days)}")

    def one_of(choices: Sequence) -> object:
        drawn = torch.randint(len(choices), (), generator=generator, device=generator.device)
        return choices[int(drawn)]

    def pair() -> tuple[str, str]:
        human, forms = None, FORMS[one_of(languages)]
        while human is None:
            day = one_of(days)
            human = one_of(forms)(day)
        return human, day.isoformat()

    return [pair() for _ in range(n)]


def date_batch(
    pairs: Sequence[tuple[str, str]],
) -> tuple[
    Int[Tensor, "batch source"],
    Int[Tensor, "batch target"],
    Int[Tensor, "batch target"],
    Bool[Tensor, "batch source"],
]:
    """Pairs as bytes, for `EncoderDecoder.loss`: (source_ids, target_ids, targets, source_mask).

    source_ids   the human's date, with PADDING after the shorter ones
    target_ids   START and the ISO date      what the decoder is given
    targets      the ISO date and END        what it should say next at each place
    source_mask  True where source_ids are not PADDING
    """
    sources = [to_token_ids(human) for human, _ in pairs]
    source_ids = pad_sequence(sources, batch_first=True, padding_value=PADDING)
    isos = torch.stack([to_token_ids(iso) for _, iso in pairs])
    start, end = (isos.new_full((len(isos), 1), token) for token in (START, END))
    target_ids, targets = torch.cat([start, isos], dim=1), torch.cat([isos, end], dim=1)
    return source_ids, target_ids, targets, source_ids != PADDING


def date_of(token_ids: Int[Tensor, "n"]) -> str:
    """The text of what a decoder has written, up to END."""
    ends = (token_ids == END).nonzero()
    return to_text(token_ids[: int(ends[0])] if len(ends) else token_ids)
