"""Copies stand out; honest answers, however short or common, do not."""

import functools
import random
import re

import numpy as np
import pytest
from cohorts import ASSIGNMENT, course_code, honest_variants

from course_lib.grading.report.shingles import shingles, tokens_of
from course_lib.grading.report.similarity import ENOUGH, compare

VARIANTS = honest_variants()
RELEASED, SOLVED = course_code("exercises"), course_code("solutions")
LASSO, BACKPROPAGATION = f"{ASSIGNMENT}/lasso", f"{ASSIGNMENT}/backpropagation"


@functools.cache
def shingled(code):
    return shingles(tokens_of(code))


def compared(submissions):
    """The cohort's similarity, from each student's code by exercise."""
    documents = {
        exercise: {
            student: shingled(codes[exercise])
            for student, codes in submissions.items()
            if exercise in codes
        }
        for exercise in VARIANTS
    }
    given, solved = (
        {exercise: shingled(code) for exercise, code in codes.items()}
        for codes in (RELEASED, SOLVED)
    )
    return compare(documents, given, solved)


def members(similarity):
    return [
        {name for pair in group for name in (pair.one, pair.other)} for group in similarity.groups
    ]


def independent():
    """Each variant of each exercise once: no two answers are the same."""
    return {
        f"s{number}": {
            exercise: variants[number]
            for exercise, variants in VARIANTS.items()
            if number < len(variants)
        }
        for number in range(5)
    }


def mixed(n, seed=0):
    """Every answer drawn from those that are known: for each, a quarter of the cohort has it."""
    rng = random.Random(seed)
    return {
        f"s{number:03}": {
            exercise: rng.choice([*variants, SOLVED[exercise]])
            for exercise, variants in VARIANTS.items()
        }
        for number in range(n)
    }


def disguised(code):
    """The same program with other names, comments and imports."""
    for name in ("features", "weights", "params", "state", "grads", "total", "rows", "velocity"):
        code = re.sub(rf"(?<!\.)\b{name}\b(?!=)", f"my_{name}", code)
    code = re.sub(r"(?m)(?<=\S)$", "  # as I see it", code)
    return f"import os, math\nfrom torch import nn\nimport torch\n{code}"


def disguised_all(submission):
    return {exercise: disguised(code) for exercise, code in submission.items()}


def test_independent_answers_are_not_reported():
    similarity = compared(independent())
    assert similarity.groups == ()
    assert similarity.near_solution == {}
    assert similarity.whole_is_judged


@pytest.mark.parametrize("seed", range(3))
def test_answers_that_many_give_are_not_reported(seed):
    similarity = compared(mixed(100, seed))
    assert similarity.groups == ()
    assert LASSO in similarity.not_judged


def test_a_disguised_copy_is_found_among_independent_answers():
    submissions = independent()
    submissions["copy"] = disguised_all(submissions["s0"])
    similarity = compared(submissions)
    assert members(similarity) == [{"s0", "copy"}]
    (pair,) = similarity.groups[0]
    assert pair.cosine == pytest.approx(1.0, abs=1e-6)
    assert set(pair.exercises) == set(VARIANTS)
    assert pair.shared >= ENOUGH


def test_copies_are_found_where_every_answer_alone_is_common():
    submissions = mixed(100)
    submissions["copy1"] = disguised_all(submissions["s003"])
    for number in (2, 3):
        submissions[f"copy{number}"] = dict(submissions["s009"])
    similarity = compared(submissions)
    assert sorted(map(sorted, members(similarity))) == [
        ["copy1", "s003"],
        ["copy2", "copy3", "s009"],
    ]


def test_one_long_answer_is_enough_if_others_wrote_their_own():
    submissions = {f"s{number}": {LASSO: own} for number, own in enumerate(_long_answers(12))}
    assert compared(submissions).groups == ()
    submissions["copy"] = {LASSO: disguised(submissions["s4"][LASSO])}
    similarity = compared(submissions)
    assert members(similarity) == [{"s4", "copy"}]
    assert similarity.groups[0][0].exercises == (LASSO,)


def test_a_short_answer_alone_proves_nothing():
    exercise = f"{ASSIGNMENT}/sgd"
    submissions = {f"s{n}": {exercise: f"def f(a):\n    return a * {n}"} for n in range(20)}
    submissions |= {name: {exercise: VARIANTS[exercise][1]} for name in ("one", "other")}
    assert compared(submissions).groups == ()


def _long_answers(n):
    """Programs of some 30 lines that have nothing in common."""
    for number in range(n):
        rng = random.Random(number)
        lines = [
            f"    v{i} = {rng.choice(['sin', 'cos', 'exp'])}(x{rng.choice('+-*/')}{rng.random()})"
            for i in range(30)
        ]
        yield "\n".join(["def f(x):", *lines, "    return x"])


def test_the_published_solution_is_reported_apart():
    submissions = independent()
    for name in ("reader", "other-reader"):
        submissions[name] = disguised_all(SOLVED)
    similarity = compared(submissions)
    assert similarity.groups == ()
    assert similarity.near_solution.keys() == {"reader", "other-reader"}
    near = similarity.near_solution["reader"]
    assert BACKPROPAGATION in near
    assert f"{ASSIGNMENT}/rmse" not in near, "a short answer has few right ways"


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_so_few_that_nothing_stands_out(n):
    submissions = {f"s{number}": {LASSO: VARIANTS[LASSO][0]} for number in range(n)}
    similarity = compared(submissions)
    assert similarity.groups == ()
    assert not similarity.whole_is_judged


def test_cosines_equal_scikit_learns_brute_force():
    from sklearn.feature_extraction.text import TfidfVectorizer

    programs = list(_long_answers(9))
    programs += [programs[0].replace("v1 ", "v1 = 7 + 0 * x\n    v1 "), programs[0]]
    documents = {LASSO: {f"s{i:02}": shingles(tokens_of(p)) for i, p in enumerate(programs)}}
    similarity = compare(documents, {}, {})
    vectors = TfidfVectorizer(analyzer=lambda d: d.tolist(), max_df=0.5).fit_transform(
        documents[LASSO].values()
    )
    expected = (vectors @ vectors.T).toarray()
    (group,) = similarity.groups
    assert len(group) == np.sum(np.triu(expected, 1) > 0.8) == 3
    for pair in group:
        assert pair.cosine == pytest.approx(
            expected[int(pair.one[1:]), int(pair.other[1:])], abs=1e-5
        )
