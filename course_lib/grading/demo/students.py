"""The demo cohort: who hands in what to chapter 1's assignment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import nbformat

from course_lib.grading.demo import other_styles, wrong_answers
from course_lib.grading.demo.hand_in import (
    Course,
    as_json,
    delete,
    duplicate,
    insert_code,
    move_before,
    rewrite,
)

ASSIGNMENT = "ex1_overfitting"
FITTING, REGULARIZATION, GRADIENTS = 24, 29, 37  # points of the notebooks

REPAIRED, NOT_GRADED = "file repaired", "not graded"


@dataclass(frozen=True)
class Student:
    """One submission; the id says what it shows."""

    id: str
    about: str  # for the final table
    hand_in: Callable[[Course], dict[str, str]]  # file name to content
    points: dict[str, float]  # expected, for each notebook that gets a page of feedback
    says: tuple[str, ...] = ()  # expected of the feedback: notes and names of bugs


def _files(make: Callable[[Course], nbformat.NotebookNode], name: str) -> Callable:
    return lambda course: {f"{name}.ipynb": as_json(make(course))}


def _edited(edit: Callable[[nbformat.NotebookNode], nbformat.NotebookNode]) -> Callable:
    """A right `fitting` notebook after an edit of its cells."""
    return _files(lambda course: edit(course.answered("fitting")), "fitting")


def _wrong(name: str, answers: type) -> Callable:
    """A right notebook but for the answers of a class."""
    return _files(lambda course: course.answered(name, answers), name)


def _perfect(course: Course) -> dict[str, str]:
    return {f"{name}.ipynb": as_json(course.answered(name)) for name in course.released}


def _empty(course: Course) -> dict[str, str]:
    return {"fitting.ipynb": as_json(nbformat.v4.new_notebook())}


def _renamed(course: Course) -> dict[str, str]:
    return {"fitting (1).ipynb": as_json(course.answered("fitting"))}


def _not_json(course: Course) -> dict[str, str]:
    whole = as_json(course.answered("fitting"))
    return {"fitting.ipynb": whole[: len(whole) // 2]}


def _broken_and_good_copy(course: Course) -> dict[str, str]:
    return _not_json(course) | _renamed(course)


STUDENTS = (
    Student(
        "perfect",
        "everything right, all notebooks",
        _perfect,
        {"fitting": FITTING, "regularization": REGULARIZATION, "gradients": GRADIENTS},
    ),
    Student(
        "half_done",
        "the first two exercises only",
        _files(lambda course: course.answered("fitting", exercises=2), "fitting"),
        {"fitting": 10},
    ),
    Student(
        "untouched",
        "as released",
        _files(lambda course: course.released["fitting"], "fitting"),
        {"fitting": 0},
    ),
    Student(
        "loops",
        "right, in Python loops",
        _wrong("fitting", other_styles.Loops),
        {"fitting": FITTING},
    ),
    Student(
        "einsum",
        "right, in Einstein sums",
        _wrong("fitting", other_styles.Einsum),
        {"fitting": FITTING},
    ),
    Student(
        "no_root",
        "RMSE without its root",
        _wrong("fitting", wrong_answers.NoRoot),
        {"fitting": FITTING - 3},
        ("no-root",),
    ),
    Student(
        "shuffled_apart",
        "x and y shuffled separately",
        _wrong("fitting", wrong_answers.ShuffledApart),
        {"fitting": FITTING - 2},
        ("shuffled-separately",),
    ),
    Student(
        "decreasing_powers",
        "powers in the wrong order",
        _wrong("fitting", wrong_answers.DecreasingPowers),
        {"fitting": FITTING - 3},
        ("decreasing-order",),
    ),
    Student(
        "normal_equations",
        "normal matrix inverted",
        _wrong("fitting", wrong_answers.NormalEquations),
        {"fitting": FITTING - 4},
        ("normal-equations-inverted",),
    ),
    Student(
        "wrong_axis",
        "variance across the points",
        _wrong("fitting", wrong_answers.WrongAxis),
        {"fitting": FITTING - 3},
        ("variance-over-points",),
    ),
    Student(
        "constant_penalised",
        "ridge holds the constant back",
        _wrong("regularization", wrong_answers.ConstantPenalised),
        {"regularization": REGULARIZATION - 5},
        ("constant-penalised",),
    ),
    Student(
        "no_rescaling",
        "dropout without 1/(1−p)",
        _wrong("regularization", wrong_answers.NoRescaling),
        {"regularization": REGULARIZATION - 2},
        ("not-scaled",),
    ),
    Student(
        "no_bias_correction",
        "Adam without bias correction",
        _wrong("gradients", wrong_answers.NoBiasCorrection),
        {"gradients": GRADIENTS - 4},
        ("no-bias-correction",),
    ),
    Student(
        "crash",
        "an index past the end",
        _wrong("fitting", wrong_answers.Crash),
        {"fitting": FITTING - 4},
    ),
    Student(
        "syntax_error",
        "a cell that does not parse",
        _edited(lambda nb: rewrite(nb, "rmse-answer", "return ", "return (")),
        {"fitting": FITTING - 4},
    ),
    Student(
        "endless_loop",
        "an answer that never returns",
        _wrong("fitting", wrong_answers.EndlessLoop),
        {"fitting": FITTING - 4},
    ),
    Student(
        "endless_cell",
        "a cell of their own that never ends",
        _edited(lambda nb: insert_code(nb, "rmse-answer", "while True:\n    pass")),
        {"fitting": FITTING},
    ),
    Student(
        "exit",
        "ends Python halfway",
        _edited(lambda nb: insert_code(nb, "rmse-answer", "import os\n\nos._exit(0)")),
        {"fitting": FITTING},
    ),
    Student("empty", "a notebook without cells", _empty, {"fitting": 0}, (NOT_GRADED,)),
    Student(
        "cells_deleted",
        "one answer and one test deleted",
        _edited(lambda nb: delete(nb, "rmse-answer", "least-squares")),
        {"fitting": FITTING - 4},
        (REPAIRED,),
    ),
    Student(
        "cells_duplicated",
        "an answer and a test copied",
        _edited(lambda nb: duplicate(nb, "rmse-answer", "least-squares")),
        {"fitting": FITTING},
        (REPAIRED,),
    ),
    Student(
        "cells_moved",
        "a test before its answer",
        _edited(lambda nb: move_before(nb, "rmse", "rmse-answer")),
        {"fitting": FITTING},
        (REPAIRED,),
    ),
    Student(
        "test_edited",
        "a test that gives itself 100 points",
        _edited(lambda nb: rewrite(nb, "rmse", 'check("ex1_overfitting/rmse", rmse)', "100")),
        {"fitting": FITTING},
        (REPAIRED,),
    ),
    Student(
        "renamed_file",
        "the browser's “fitting (1).ipynb”",
        _renamed,
        {"fitting": FITTING},
        (REPAIRED,),
    ),
    Student("not_json", "half a file", _not_json, {"fitting": 0}, (NOT_GRADED,)),
    Student(
        "broken_and_good_copy",
        "half a file, and “fitting (1).ipynb”",
        _broken_and_good_copy,
        {"fitting": FITTING},
        (REPAIRED,),
    ),
)
