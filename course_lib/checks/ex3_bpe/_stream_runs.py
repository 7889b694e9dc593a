"""Runs of a student's encode_iterable: what it gives, how far it reads ahead, what it holds."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from course_lib.checks.base import Case, Plain
from course_lib.checks.cpu_timer import call_now
from course_lib.checks.ex3_bpe import _tokenizer_oracle as oracle
from course_lib.checks.ex3_bpe._tokenizer_parts import Parts
from course_lib.checks.modules import ModuleProblem

MOST_TIMES = 30  # how often a text may be encoded on the average, so that the test comes to an end


class StandIn(Parts):
    """A right `encode` for the student's tokenizer, so that no mistake in theirs counts twice."""

    def __init__(self, *described: Any, n_characters: int) -> None:
        super().__init__(*described)
        self._left, self._all = MOST_TIMES * n_characters, n_characters

    def take_the_place_of(self, tokenizer: Any) -> None:
        """Give a tokenizer this `encode`, and what is beneath it."""
        tokenizer.encode = self.encode
        tokenizer.encode_pretoken = tokenizer.cached = self.encode_pretoken

    def encode_pretoken(self, pretoken: str) -> tuple[int, ...]:
        """The ids of a pre-token."""
        self._left -= len(pretoken)
        if self._left < 0:
            raise ModuleProblem(
                f"Your code was stopped: it had encoded more than {MOST_TIMES} times the "
                f"{self._all:,} characters of the stream. What has been given as ids need not be "
                "encoded again."
            )
        return tuple(super().ids_of(pretoken))

    def ids_of(self, part: str) -> list[int] | tuple[int, ...]:
        """The ids of a pre-token or special token."""
        is_special = part in self.special_tokens
        return super().ids_of(part) if is_special else self.encode_pretoken(part)


def long_stream(case: Case) -> Iterator[str]:
    """Pieces of one length, cut from words that come again and again."""
    words, held = itertools.cycle(case.inputs["words"]), ""
    for _ in range(case.inputs["n_pieces"]):
        while len(held) < case.inputs["n_characters"]:
            held += next(words)
        yield held[: case.inputs["n_characters"]]
        held = held[case.inputs["n_characters"] :]


def tokenizer_for(implementation: Callable[..., Any], case: Case) -> Any:
    """The student's tokenizer, which encodes rightly, with the case's merges."""
    merges, special_tokens = list(case.inputs["merges"]), list(case.inputs["special_tokens"])
    described = oracle.byte_vocab(merges), merges, special_tokens
    tokenizer = implementation(*described)
    pieces = case.inputs["pieces"] if "pieces" in case.inputs else long_stream(case)
    stand_in = StandIn(*described, n_characters=sum(map(len, pieces)) + 100)
    stand_in.take_the_place_of(tokenizer)
    return tokenizer


def ids(tokenizer: Any, case: Case) -> Plain:
    """What comes for a few pieces; more than there are bytes is not waited for."""
    pieces = case.inputs["pieces"]
    given = tokenizer.encode_iterable(iter(pieces))
    if not isinstance(given, Iterable):
        return given
    return list(itertools.islice(given, len("".join(pieces).encode()) + 10))


def ids_at_each_draw(tokenizer: Any, case: Case) -> Plain:
    """How many ids had been given whenever the next piece was asked for, and at the end."""
    n_ids, counts = 0, []

    def pieces() -> Iterator[str]:
        for piece in long_stream(case):
            counts.append(n_ids)
            yield piece
        counts.append(n_ids)

    given = tokenizer.encode_iterable(pieces())
    if not isinstance(given, Iterable):
        return given
    for _ in itertools.islice(given, _most_ids(case)):
        n_ids += 1
    return counts


def memory(tokenizer: Any, case: Case) -> Plain:
    """How many ids came of how many pieces, and how many bytes were held at most on the way."""
    call_now()  # lines are counted from here on: to begin takes memory too
    short = Case(case.property, {**case.inputs, "n_pieces": 3})
    given = tokenizer.encode_iterable(long_stream(short))  # caches fill, patterns are compiled
    if not isinstance(given, Iterable):
        return given
    for _ in itertools.islice(given, _most_ids(short)):
        pass
    was_tracing, n_ids, n_read = tracemalloc.is_tracing(), 0, 0

    def pieces() -> Iterator[str]:
        nonlocal n_read
        for piece in long_stream(case):
            n_read += 1
            yield piece

    most_ids = _most_ids(case)
    if not was_tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in itertools.islice(tokenizer.encode_iterable(pieces()), most_ids):
            n_ids += 1
        held = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not was_tracing:
            tracemalloc.stop()
    return {"n_ids": n_ids, "n_read": n_read, "held": held}


def _most_ids(case: Case) -> int:
    """No stream has more ids than bytes."""
    return 10 + sum(len(piece.encode()) for piece in long_stream(case))
