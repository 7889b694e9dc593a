"""Every check, against its reference, its bugs, and correct answers written another way.

A table of what was caught ends the run; `conftest.py` draws it from the properties recorded here.
"""

import importlib
import importlib.util
from pathlib import Path

import pytest

from course_lib.checks import catalogue, check

VARIANTS = Path(__file__).parent / "variants"
CHECKS = catalogue()
SEEDS = (0, 20_261_122)


def resolve(dotted):
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def reference_of(found):
    return tuple(resolve(dotted) for dotted in found.references)


def variants_of(exercise):
    path = VARIANTS / f"{exercise.replace('-', '_')}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.VARIANTS


def run(exercise, implementation, seed=0):
    objects = implementation if isinstance(implementation, tuple) else (implementation,)
    return check(exercise, *objects, seed=seed)


def pairs(items):
    return [pytest.param(e, item, id=f"{e}:{name}") for e, name, item in items]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("exercise", CHECKS)
def test_the_reference_scores_full(exercise, seed):
    report = run(exercise, reference_of(CHECKS[exercise]), seed)
    assert report.passed, str(report)


@pytest.mark.parametrize(
    ("exercise", "bug"), pairs((e, b.name, b) for e, c in CHECKS.items() for b in c.bugs)
)
def test_a_bug_loses_the_same_points_at_every_seed_and_is_named(exercise, bug, record_property):
    failed = []
    for seed in SEEDS:
        report = run(exercise, bug.implementation, seed)
        assert report.points < report.max_points, "the bug is not caught"
        assert report.bugs == [bug.name], str(report)
        failed.append([finding.name for finding in report.findings if not finding.passed])
    assert failed[0] == failed[1], "which properties it fails depends on what is drawn"
    record_property("bug caught", (exercise, bug.name))


@pytest.mark.parametrize("exercise", CHECKS)
def test_three_correct_variants_score_full(exercise, record_property):
    variants = variants_of(exercise)
    assert len(variants) >= 3
    for variant in variants:
        for seed in SEEDS:
            report = run(exercise, variant, seed)
            assert report.passed, f"{variant}: {report!s}"
    record_property("variants accepted", (exercise, len(variants)))


@pytest.mark.parametrize("exercise", CHECKS)
def test_nothing_and_a_stub_score_zero(exercise):
    def stub(*args, **kwargs):
        raise NotImplementedError

    n_objects = len(CHECKS[exercise].names)
    for nothing in (None, stub, lambda *args, **kwargs: None, type("Empty", (), {}), 3.0):
        report = run(exercise, (nothing,) * n_objects)
        assert report.points == 0, str(report)
        assert report.bugs == []


@pytest.mark.parametrize("exercise", CHECKS)
def test_the_check_lies_where_its_id_says(exercise):
    module = importlib.import_module(
        "course_lib.checks." + exercise.replace("-", "_").replace("/", ".")
    )
    assert module.CHECK is CHECKS[exercise]


@pytest.mark.parametrize(("chapter", "n_bugs"), [("ex1_", 60), ("ex2_", 80), ("ex3_", 45)])
def test_a_chapter_names_enough_bugs(chapter, n_bugs):
    assert sum(len(c.bugs) for e, c in CHECKS.items() if e.startswith(chapter)) >= n_bugs
