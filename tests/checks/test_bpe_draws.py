"""Who makes a mistake loses the same points, whichever cases are drawn for the submission."""

import pytest

from course_lib.checks import catalogue
from course_lib.checks.execution import execute_all
from course_lib.checks.judging import problems

SEEDS = (0, *range(100, 107))


def missed(exercise, bug, cases):
    found = catalogue()[exercise]
    implementation = next(b.implementation for b in found.bugs if b.name == bug)
    told = problems(found, cases, execute_all(found, implementation, cases))
    return {case.property for case, problem in zip(cases, told, strict=True) if problem}


def drawn_for(exercise, seed):
    """The cases of a seed that are not those of every seed."""
    cases, others = (catalogue()[exercise].drawn_cases(s) for s in (seed, seed + 1))
    of_every_seed = [case.inputs for case in others]
    return [case for case in cases if case.inputs not in of_every_seed]


@pytest.mark.parametrize(
    ("exercise", "bug", "properties", "seeds"),
    [
        ("train-bpe", "ties-by-joined-bytes", {"ties"}, SEEDS),
        ("train-bpe", "overlaps-not-counted", {"merges", "ties"}, SEEDS),
        ("train-bpe", "once-a-word", {"merges", "ties"}, SEEDS),
        ("decode", "stripped", {"tokens"}, SEEDS),
        (
            "fast-train-bpe",
            "stale-entries-thrown-away",
            {"merges", "repeats", "ties", "touched", "best"},
            SEEDS[:4],
        ),
    ],
)
def test_a_bug_fails_the_same_properties_for_every_seed(exercise, bug, properties, seeds):
    exercise = f"ex3_bpe/{exercise}"
    found = {s: missed(exercise, bug, catalogue()[exercise].drawn_cases(s)) for s in seeds}
    assert found == dict.fromkeys(seeds, properties)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_tie_break_is_seen_in_the_drawn_cases_alone(seed):
    cases = drawn_for("ex3_bpe/train-bpe", seed)
    assert len(cases) > 5
    assert missed("ex3_bpe/train-bpe", "ties-by-joined-bytes", cases) == {"ties"}


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_a_pair_that_became_rarer_is_needed_among_many_pairs(seed):
    cases = [c for c in drawn_for("ex3_bpe/fast-train-bpe", seed) if c.property == "best"]
    assert len(cases) == 1
    assert missed("ex3_bpe/fast-train-bpe", "stale-entries-thrown-away", cases) == {"best"}


@pytest.mark.parametrize("seed", SEEDS)
def test_white_space_at_the_ends_is_in_fixed_cases_alone(seed):
    cases = drawn_for("ex3_bpe/decode", seed)
    assert [case.property for case in cases] == ["characters", "partial"]
    assert missed("ex3_bpe/decode", "stripped", cases) == set()
    mistake = missed("ex3_bpe/decode", "token-by-token", cases)
    assert mistake == {"characters", "partial"}
