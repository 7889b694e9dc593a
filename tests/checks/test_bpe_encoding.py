"""The course's own tokenizer does no student's work, in the notebook or where it is graded."""

import re
from itertools import pairwise

import pytest

from course_lib.checks import catalogue, check
from course_lib.checks.ex3_bpe._tokenizer_parts import Parts
from course_lib.checks.execution import execute
from course_lib.tokenizer import base
from course_lib.tokenizer.pretokenize import split_special


def swallowing(tokenizer, name, argument):
    try:
        return getattr(tokenizer, name)(argument)
    except Exception:
        return []


class Tokenizer:
    """Named as the reference, and leaves all work to it."""

    def __init__(self, *described):
        self.described = described
        self.ids = {}

    def encode(self, text):
        return base.Tokenizer(*self.described).encode(text)

    def encode_iterable(self, texts):
        yield from base.Tokenizer(*self.described).encode_iterable(texts)

    def decode(self, token_ids):
        return base.Tokenizer(*self.described).decode(token_ids)


class Borrowing:
    """Methods taken over from the class."""

    __init__ = base.Tokenizer.__init__
    encode_pretoken = base.Tokenizer.encode_pretoken
    encode_iterable = base.Tokenizer.encode_iterable
    decode = base.Tokenizer.decode

    def encode(self, text):
        return [i for word in self.pattern.findall(text) for i in self.cached(word)]


class Inheriting(base.Tokenizer):
    """Nothing of its own."""


class Swallowing(Tokenizer):
    """Goes on when it is refused."""

    def encode(self, text):
        return swallowing(base.Tokenizer(*self.described), "encode", text)

    def encode_iterable(self, texts):
        return swallowing(base.Tokenizer(*self.described), "encode_iterable", texts)

    def decode(self, token_ids):
        return swallowing(base.Tokenizer(*self.described), "decode", token_ids)


EXERCISES = ("ex3_bpe/encode", "ex3_bpe/decode", "ex3_bpe/encode-stream")


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("borrower", [Tokenizer, Borrowing, Inheriting, Swallowing])
def test_the_courses_own_tokenizer_earns_nothing(exercise, borrower):
    report = check(exercise, borrower)
    assert report.points == 0, str(report)
    words = re.fullmatch(
        r"Your code calls `course_lib\.tokenizer\.base\.Tokenizer\.\w+`, which does the work that "
        r"this exercise asks you to do\. Compute it yourself\.",
        report.findings[0].message,
    )
    assert words, str(report)


class InPlace:
    """Encode as the exercise's last hint has it: one place after the other, in a list."""

    __init__ = base.Tokenizer.__init__

    def rank(self, *pair):
        return self.ranks.get(pair, len(self.ranks))

    def place(self, ranks):
        return ranks.index(min(ranks)) if min(ranks) < len(self.ranks) else None

    def is_done(self, parts, n_bytes):
        return len(parts) == 1

    def encode_pretoken(self, pretoken):
        parts = [bytes([byte]) for byte in pretoken.encode()]
        n_bytes = len(parts)
        while not self.is_done(parts, n_bytes):
            first = self.place([self.rank(*pair) for pair in pairwise(parts)])
            if first is None:
                break
            parts[first : first + 2] = [parts[first] + parts[first + 1]]
        return tuple(self.ids[part] for part in parts)

    def encode(self, text):
        token_ids = []
        for part in split_special(text, self.special_tokens):
            if part in self.special_tokens:
                token_ids.append(self.special_tokens[part])
            else:
                for pretoken in self.pattern.findall(part):
                    self.add(token_ids, self.encode_pretoken(pretoken))
        return token_ids

    add = staticmethod(list.extend)


def of_the_first(self, ranks):
    return next((place for place, rank in enumerate(ranks) if rank < len(self.ranks)), None)


def of_the_highest(self, ranks):
    return ranks.index(max(ranks)) if max(ranks) >= 0 else None


def of_the_highest_or_none(self, ranks):
    return ranks.index(max(ranks)) if max(ranks) < len(self.ranks) else None


def special_or_not(self, text):
    return [i for pretoken in self.pattern.findall(text) for i in self.encode_pretoken(pretoken)]


IN_PLACE = {
    "position-before-rank-one-place-at-a-time": {"place": of_the_first},
    "last-learned-first-one-place-at-a-time": {
        "place": of_the_highest,
        "rank": lambda self, *pair: self.ranks.get(pair, -1),
    },
    "highest-rank-or-none": {"place": of_the_highest_or_none},
    "one-round-one-place-at-a-time": {"is_done": lambda self, parts, n: len(parts) < max(n, 2)},
    "rank-0-taken-for-none": {"rank": lambda self, *pair: self.ranks.get(pair) or len(self.ranks)},
    "special-never-looked-for": {"encode": special_or_not},
    "appended-not-extended": {"add": staticmethod(list.append)},
}


@pytest.mark.parametrize("bug", IN_PLACE)
def test_a_mistake_is_known_where_one_place_is_merged_at_a_time(bug):
    report = check("ex3_bpe/encode", type("Tokenizer", (InPlace,), IN_PLACE[bug]))
    assert report.bugs == [bug], str(report)


def test_one_place_at_a_time_is_right():
    assert check("ex3_bpe/encode", InPlace).passed


class EncodesThePiecesJoined(Parts):
    """All but the last two pieces, special tokens among them, are joined and cut once more."""

    def encode_iterable(self, texts):
        held = ""
        for text in texts:
            held += text
            end = self.unfinished(held)
            pieces = self.parts(held[:end])
            yield from self.encode("".join(pieces[:-2]))
            held = "".join(pieces[-2:]) + held[end:]
        yield from self.encode(held)


def test_pieces_joined_and_encoded_are_known_for_being_cut_twice():
    report = check("ex3_bpe/encode-stream", EncodesThePiecesJoined)
    assert report.bugs == ["white-space-cut-twice"], str(report)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_grader_refuses_the_reference_and_not_the_students_class_of_its_name(exercise):
    found = catalogue()[exercise]
    case = found.drawn_cases(0)[0]
    outcome = execute(found, Tokenizer, case, forbidden=found.references)
    assert outcome.forbidden == found.references
    own = found.bugs[0].implementation
    assert own.__name__ == "Tokenizer"
    assert execute(found, own, case, forbidden=found.references).forbidden == ()
