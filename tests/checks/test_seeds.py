"""Equal submissions get equal points: a bug fails the same properties whatever the seed."""

import pytest

from course_lib.checks import catalogue
from course_lib.checks.execution import execute_all
from course_lib.checks.judging import problems
from course_lib.grading.verdict import hidden_cases, public_cases

SEEDS = (0, *range(100, 107))
BUGS = {
    "ex1_overfitting/adam": ("epsilon-inside", "epsilon-before-correction", "no-epsilon"),
    "ex1_overfitting/early-stopping": (
        "compared-with-the-previous",
        "counter-never-reset",
        "one-step-too-impatient",
        "margin-asked-for",
        "last-step-if-never-stopped",
    ),
    "ex2_attention/attention": (
        "not-scaled",
        "root-forgotten",
        "root-of-d-model",
        "root-of-the-number-of-keys",
        "multiplied-by-the-root",
        "softmax-over-queries",
        "causal-by-default",
    ),
    "ex2_attention/find-the-leak": (
        "only-the-prediction",
        "beyond-the-vocabulary",
        "reordered-only",
    ),
    "ex2_attention/norms": (
        "no-epsilon",
        "epsilon-outside-the-root",
        "epsilon-fixed",
        "one-default-for-both",
        "squares-minus-square",
    ),
}


def failed(check, bug, cases):
    found = problems(check, cases, execute_all(check, bug.implementation, cases))
    return {case.property for case, problem in zip(cases, found, strict=True) if problem}


@pytest.mark.parametrize(("exercise", "name"), [(e, name) for e in BUGS for name in BUGS[e]])
def test_a_bug_fails_the_same_properties_at_every_seed(exercise, name):
    check = catalogue()[exercise]
    bug = next(bug for bug in check.bugs if bug.name == name)
    always = failed(check, bug, public_cases(check).first)
    by_seed = {seed: always | failed(check, bug, hidden_cases(check, seed)) for seed in SEEDS}
    assert by_seed[0]
    assert by_seed == dict.fromkeys(SEEDS, by_seed[0])
