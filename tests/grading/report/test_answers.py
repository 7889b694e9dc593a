"""The answers are found before their test cells, in released and in graded notebooks."""

import json

import pytest
from cohorts import course_code, notebook

from course_lib.grading.report.answers import answers


def test_answers_stand_before_their_test():
    cells = json.loads(notebook({"one": "a = 1", "two": "b = 2"}))["cells"]
    cells.insert(1, {"cell_type": "code", "metadata": {}, "source": "mine = 0"})
    cells.insert(1, {**cells[2], "source": ["z = 0\n", "y = 0"]})
    assert answers(json.dumps({"cells": cells})) == {"one": "z = 0\ny = 0\n\na = 1", "two": "b = 2"}


def test_the_course_has_an_answer_for_each_check():
    for folder in ("exercises", "solutions"):
        assert len(course_code(folder)) == 18
    assert "NotImplementedError" not in course_code("solutions")["ex1_overfitting/rmse"]


def test_no_content_no_answers():
    assert answers("") == {}


@pytest.mark.parametrize("content", ["[]", "{}", '{"cells": [1]}', "{", "[" * 5_000])
def test_what_is_not_a_notebook_is_refused(content):
    with pytest.raises(ValueError, match=r"not a notebook|Expecting"):
        answers(content)
