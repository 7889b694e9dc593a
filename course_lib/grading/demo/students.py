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


@dataclass(frozen=True)
class Student:
    """One submission; the id says what it shows."""

    id: str
    about: str  # for the final table
    hand_in: Callable[[Course], dict[str, str]]  # file name to content


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


STUDENTS = (
    Student("perfect", "everything right, all notebooks", _perfect),
    Student(
        "half_done",
        "the first two exercises only",
        _files(lambda course: course.answered("fitting", exercises=2), "fitting"),
    ),
    Student("untouched", "as released", _files(lambda c: c.released["fitting"], "fitting")),
    Student("loops", "right, in Python loops", _wrong("fitting", other_styles.Loops)),
    Student("einsum", "right, in Einstein sums", _wrong("fitting", other_styles.Einsum)),
    Student("no_root", "RMSE without its root", _wrong("fitting", wrong_answers.NoRoot)),
    Student(
        "shuffled_apart",
        "x and y shuffled separately",
        _wrong("fitting", wrong_answers.ShuffledApart),
    ),
    Student(
        "decreasing_powers",
        "powers in the wrong order",
        _wrong("fitting", wrong_answers.DecreasingPowers),
    ),
    Student(
        "normal_equations",
        "normal matrix inverted",
        _wrong("fitting", wrong_answers.NormalEquations),
    ),
    Student("wrong_axis", "variance across the points", _wrong("fitting", wrong_answers.WrongAxis)),
    Student(
        "constant_penalised",
        "ridge holds the constant back",
        _wrong("regularization", wrong_answers.ConstantPenalised),
    ),
    Student(
        "no_rescaling",
        "dropout without 1/(1−p)",
        _wrong("regularization", wrong_answers.NoRescaling),
    ),
    Student(
        "no_bias_correction",
        "Adam without bias correction",
        _wrong("gradients", wrong_answers.NoBiasCorrection),
    ),
    Student("crash", "an index past the end", _wrong("fitting", wrong_answers.Crash)),
    Student(
        "syntax_error",
        "a cell that does not parse",
        _edited(lambda nb: rewrite(nb, "rmse-answer", "return ", "return (")),
    ),
    Student(
        "endless_loop", "an answer that never returns", _wrong("fitting", wrong_answers.EndlessLoop)
    ),
    Student(
        "endless_cell",
        "a cell of their own that never ends",
        _edited(lambda nb: insert_code(nb, "rmse-answer", "while True:\n    pass")),
    ),
    Student(
        "exit",
        "ends Python halfway",
        _edited(lambda nb: insert_code(nb, "rmse-answer", "import os\n\nos._exit(0)")),
    ),
    Student("empty", "a notebook without cells", _empty),
    Student(
        "cells_deleted",
        "one answer and one test deleted",
        _edited(lambda nb: delete(nb, "rmse-answer", "least-squares")),
    ),
    Student(
        "cells_duplicated",
        "an answer and a test copied",
        _edited(lambda nb: duplicate(nb, "rmse-answer", "least-squares")),
    ),
    Student(
        "cells_moved",
        "a test before its answer",
        _edited(lambda nb: move_before(nb, "rmse", "rmse-answer")),
    ),
    Student(
        "test_edited",
        "a test that gives itself 100 points",
        _edited(lambda nb: rewrite(nb, "rmse", 'check("ex1_overfitting/rmse", rmse)', "100")),
    ),
    Student("renamed_file", "the browser's “fitting (1).ipynb”", _renamed),
    Student("not_json", "half a file", _not_json),
)
