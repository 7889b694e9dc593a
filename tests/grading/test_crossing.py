import dataclasses
import math
from pydoc import locate

import pytest
import torch
from identical import identical

from course_lib.checks import catalogue
from course_lib.checks.base import Case
from course_lib.checks.execution import Outcome, execute_all
from course_lib.checks.plain import Opaque
from course_lib.grading.codec import CodecError, pack, unpack
from course_lib.grading.crossing import case_from, outcome_from, plain_case, plain_outcome

CHECKS = catalogue()
OUTCOME = Outcome([1.0], "ValueError", "text", "line 1: `x`", ("a",), True, ("f",), "printed")


def through(value):
    return unpack(pack(value))


def fields_agree(a, b):
    return type(a) is type(b) and identical(
        *({field.name: getattr(x, field.name) for field in dataclasses.fields(x)} for x in (a, b))
    )


@pytest.mark.parametrize("exercise", CHECKS)
def test_every_case_and_every_outcome_of_its_reference_survive(exercise):
    check = CHECKS[exercise]
    objects = [locate(dotted) for dotted in check.references]
    implementation = objects[0] if len(objects) == 1 else objects
    for seed in range(3):
        cases = check.drawn_cases(seed)
        arrived = [case_from(value) for value in through([plain_case(case) for case in cases])]
        assert len(arrived) == len(cases)
        assert all(map(fields_agree, arrived, cases))
        for case, outcome in zip(arrived, execute_all(check, implementation, cases), strict=True):
            back = outcome_from(through(plain_outcome(outcome)))
            assert fields_agree(back, outcome)
            assert check.judge(case, back.outputs) is None


def test_an_outcome_comes_back_as_it_was():
    for outcome in (Outcome(), OUTCOME, Outcome(outputs={"a": (math.nan, torch.ones(2))})):
        assert fields_agree(outcome_from(through(plain_outcome(outcome))), outcome)


@pytest.mark.parametrize(
    "outputs",
    [2**5000, torch.empty(0, 10**12), {torch.ones(1): 1}, torch.zeros(1_000)],
    ids=["a long number", "an absurd shape", "a tensor for a key", "too many bytes"],
)
def test_outputs_that_cannot_cross_become_opaque(outputs):
    outcome = outcome_from(plain_outcome(Outcome(outputs, printed="x"), max_bytes=2_000))
    assert type(outcome.outputs) is Opaque
    assert outcome.outputs.description.startswith("something that cannot be checked (")
    assert outcome.printed == "x"


def test_long_texts_are_cut():
    long = Outcome(error="E" * 10**6, error_message="m" * 10**6, error_place="p" * 10**6)
    back = outcome_from(plain_outcome(long))
    assert (len(back.error), len(back.error_message), len(back.error_place)) == (200, 12_000, 2_000)


class Text(str):
    pass


@pytest.mark.parametrize(
    "changed",
    [
        *({"error": value} for value in (None, 3, b"x", Text("x"), "x" * 201, "\ud800")),
        *({"error_message": value} for value in ([], "x" * 12_001, "a\udfff")),
        *({"error_place": value} for value in (0.0, "x" * 2_001)),
        *({"printed": value} for value in (None, "x" * 60_001)),
        *({"edited": value} for value in (["a"], "a", ("a", 1), ("\ud800",), ("a",) * 101, None)),
        *({name: ("x" * 201,)} for name in ("edited", "forbidden")),
        *({"used_global_rng": value} for value in (1, None, "True")),
        *({"outputs": value} for value in (None, [1], "x", b"", b"x", pack(1) + b"x")),
        {"more": 1},
        {1: 1},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_a_forged_outcome_is_refused(changed):
    with pytest.raises(CodecError):
        outcome_from({**plain_outcome(OUTCOME), **changed})


@pytest.mark.parametrize("value", [None, [], (), "x", {}, {"outputs": b""}])
def test_what_is_no_outcome_is_refused(value):
    with pytest.raises(CodecError, match="not the fields of Outcome"):
        outcome_from(value)


@pytest.mark.parametrize(
    "changed", [{"inputs": [1]}, {"inputs": {1: 2}}, {"note": 3}, {"property": None}, {"x": 1}]
)
def test_what_is_no_case_is_refused(changed):
    case = Case("shape", {"x": 1}, "note")
    assert case_from(plain_case(case)) == case
    with pytest.raises(CodecError):
        case_from({**plain_case(case), **changed})
