"""Outputs that no run of an answer makes, as a student's process could send, earn nothing."""

import dataclasses

import pytest

from course_lib.checks import catalogue
from course_lib.checks.execution import Outcome
from course_lib.checks.judging import report_on

CHECKS = catalogue()
FORGED = {
    "nothing": None,
    "no items": [],
    "an empty tuple": (),
    "an empty dict": {},
    "true": True,
    "no text": "",
    "nested emptiness": [[], [], []],
    "an optimizer that took no step": {"path": [], "edited": [], "again": {}},
    "no calls": {"calls": [], "again": None},
    "no data": {"data": {}, "grad": {}},
}


@pytest.mark.parametrize("outputs", FORGED.values(), ids=FORGED.keys())
@pytest.mark.parametrize("exercise", CHECKS)
def test_forged_outputs_earn_nothing(exercise, outputs):
    check = dataclasses.replace(CHECKS[exercise], bugs=())  # the verdict alone: no diagnosis
    cases = check.drawn_cases(0)
    report = report_on(check, cases, [Outcome(outputs)] * len(cases))
    assert {finding.name: finding.points for finding in report.findings} == dict.fromkeys(
        (prop.name for prop in check.properties), 0
    )
