"""The course's own tokenizer does no student's work, in the notebook or where it is graded."""

import pytest

from course_lib.checks import catalogue, check
from course_lib.checks.ex3_bpe._tokenizer_parts import Parts
from course_lib.checks.execution import execute
from course_lib.tokenizer import base


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
    assert "not to be called here" in report.findings[0].message


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
