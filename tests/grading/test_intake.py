import copy
import json
import os

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.grading.cells import grade_id
from course_lib.grading.intake import take_in


def graded(id, source, points=None):
    is_test = points is not None
    metadata = {"grade_id": id, "grade": is_test, "solution": not is_test, "locked": is_test}
    metadata |= {"schema_version": 3, "task": False} | ({"points": points} if is_test else {})
    return new_code_cell(source, id=id, metadata={"nbgrader": metadata})


@pytest.fixture
def released():
    return new_notebook(
        cells=[
            new_markdown_cell("# Curves", id="title"),
            graded("line-answer", "def line(x):\n    raise NotImplementedError()"),
            graded("line", 'check("ex/line", line)', 2),
            graded("curve-answer", "def curve(x):\n    raise NotImplementedError()"),
            graded("curve-answer-2", "def bend(x):\n    raise NotImplementedError()"),
            graded("curve", 'check("ex/curve", curve, bend)', 3),
        ]
    )


@pytest.fixture
def hand_in(tmp_path, released):
    """Take in the released notebook after an edit of its list of cells, under some name."""

    def hand_in(edit=lambda cells: cells, name="curves.ipynb"):
        notebook = copy.deepcopy(released)
        notebook.cells = edit(notebook.cells)
        (tmp_path / name).write_text(json.dumps(notebook), encoding="utf-8")
        return take_in(tmp_path, {"curves": released})

    return hand_in


def ids(intake):
    return [grade_id(cell) for cell in intake.notebooks["curves"].cells if grade_id(cell)]


RELEASED = ["line-answer", "line", "curve-answer", "curve-answer-2", "curve"]


def test_a_sound_notebook_passes_without_a_word(hand_in):
    intake = hand_in()
    assert ids(intake) == RELEASED
    assert intake.notes == {"curves": []}
    assert intake.notebooks["curves"].cells[0].source == "# Curves"


def test_a_byte_order_mark_does_no_harm(hand_in, tmp_path, released):
    hand_in()
    path = tmp_path / "curves.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    intake = take_in(tmp_path, {"curves": released})
    assert ids(intake) == RELEASED
    assert intake.notes == {"curves": []}


def edited(cells, number, source):
    cells[number].source = source
    return cells


def graded_otherwise(cells):
    cells[2].metadata.nbgrader.update(grade=False, points=100)
    return cells


@pytest.mark.parametrize(
    ("edit", "note"),
    [
        (
            lambda cells: [cell for cell in cells if cell.id != "line"],
            "`line` was missing; it was put",
        ),
        (lambda cells: cells[:3] + cells[2:], "`line` was there 2 times; it was run once"),
        (lambda cells: [cells[2], *cells[:2], *cells[3:]], "`line` stood before its answer"),
        (lambda cells: edited(cells, 2, "100"), "`line` had been edited; it was put back"),
        (lambda cells: cells[:2] + cells[1:], "`line-answer` is there more than once"),
    ],
)
def test_nbgraders_cells_are_put_in_order_and_the_student_is_told(hand_in, edit, note):
    intake = hand_in(edit)
    assert ids(intake) == RELEASED
    assert note in intake.notes["curves"][0]
    assert len(intake.notes["curves"]) == 1
    cells = intake.notebooks["curves"].cells
    assert note in cells[0].source
    (line,) = [cell for cell in cells if grade_id(cell) == "line"]
    assert line.source == 'check("ex/line", line)'
    assert line.metadata.nbgrader.points == 2


def test_grading_metadata_is_as_released(hand_in):
    intake = hand_in(graded_otherwise)
    (line,) = [cell for cell in intake.notebooks["curves"].cells if grade_id(cell) == "line"]
    assert line.metadata.nbgrader.grade
    assert line.metadata.nbgrader.points == 2


def test_a_deleted_answer_is_named_and_its_test_still_runs(hand_in):
    intake = hand_in(lambda cells: [cell for cell in cells if cell.id != "curve-answer-2"])
    assert ids(intake) == ["line-answer", "line", "curve-answer", "curve"]
    assert "`curve-answer-2` is missing, so `curve`" in intake.notes["curves"][0]


def test_an_answer_in_a_cell_of_their_own_counts(hand_in):
    def own_cell(cells):
        cells[1] = new_code_cell("def line(x):\n    return x", id="own")
        return cells

    intake = hand_in(own_cell)
    assert intake.notes["curves"] == []
    assert ids(intake) == RELEASED[1:]


def test_an_answer_turned_into_text_is_code_again(hand_in):
    def as_text(cells):
        cells[1] = new_markdown_cell(cells[1].source, id="text", metadata=cells[1].metadata)
        return cells

    assert hand_in(as_text).notebooks["curves"].cells[1].cell_type == "code"


def test_what_students_wrote_stays_in_its_order(hand_in):
    own = new_code_cell("print('mine')", id="own")
    intake = hand_in(lambda cells: [own, cells[2], *cells[:2], own, *cells[3:]])
    sources = [cell.source for cell in intake.notebooks["curves"].cells[1:]]
    assert sources[0] == sources[4] == "print('mine')"
    assert "def line" in sources[2]


def test_a_renamed_notebook_is_recognised(hand_in):
    intake = hand_in(name="curves (1).ipynb")
    assert ids(intake) == RELEASED
    assert intake.notes["curves"] == [
        "The file was called curves (1).ipynb; it was graded as curves.ipynb."
    ]


def test_of_two_copies_the_one_with_the_right_name_counts(hand_in):
    hand_in(name="a copy.ipynb")
    intake = hand_in()
    assert intake.notes["curves"] == ["a copy.ipynb was left aside: curves.ipynb was graded."]
    assert intake.notes["curves"][0] in intake.notebooks["curves"].cells[0].source


@pytest.mark.parametrize("broken", ['{"cells": [', json.dumps(new_notebook())])
def test_a_sound_copy_of_a_broken_notebook_is_graded(hand_in, tmp_path, broken):
    (tmp_path / "curves.ipynb").write_text(broken, encoding="utf-8")
    intake = hand_in(name="curves (1).ipynb")
    assert ids(intake) == RELEASED
    assert not intake.refused
    told = intake.notebooks["curves"].cells[0].source
    assert "curves (1).ipynb; it was graded as curves.ipynb" in told
    assert "curves.ipynb is broken or empty; it was not used" in told


def deeply_nested():
    """A notebook with an answer cell whose source is lists in lists."""
    notebook = new_notebook(cells=[graded("line-answer", "HERE")])
    return json.dumps(notebook).replace('"HERE"', "[" * 900 + "]" * 900)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"cells": [', "breaks off or is not JSON (line 1)"),
        ("", "breaks off or is not JSON"),
        ("<html></html>", "breaks off or is not JSON"),
        (b"\xff\xfe\x00", "breaks off or is not JSON"),
        ("9" * 5000, "is JSON but not a notebook"),
        ("[" * 200_000, "is JSON but not a notebook"),
        (deeply_nested(), "is JSON but not a notebook"),
        ("[1, 2]", "is JSON but not a notebook"),
        ('{"cells": "none", "nbformat": 4, "nbformat_minor": 5}', "is JSON but not a notebook"),
        (json.dumps(new_notebook()), "curves.ipynb is empty"),
    ],
)
def test_what_is_no_notebook_is_refused_in_plain_words(tmp_path, released, content, problem):
    path = tmp_path / "curves.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    intake = take_in(tmp_path, {"curves": released})
    assert problem in intake.refused["curves"]
    assert "hand it in" in intake.refused["curves"]
    assert not intake.notebooks


def test_half_characters_in_a_cell_are_replaced(hand_in):
    intake = hand_in(
        lambda cells: edited(cells, 1, "def line(x):\n    return '\ud800' '\U0001f600'")
    )
    source = intake.notebooks["curves"].cells[1].source
    assert source.endswith("return '\N{REPLACEMENT CHARACTER}' '\U0001f600'")


def test_a_file_name_that_is_not_utf8_can_be_told(hand_in, released, tmp_path):
    name = os.fsdecode(b"caf\xe9.ipynb")
    intake = hand_in(name=name)
    assert "was called caf\N{REPLACEMENT CHARACTER}.ipynb" in intake.notes["curves"][0]
    (tmp_path / name).write_text("{", encoding="utf-8")
    intake = take_in(tmp_path, {"curves": released})
    (refused,) = intake.refused.items()
    assert "".join(refused).encode().startswith("caf\N{REPLACEMENT CHARACTER}".encode())


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(),
        os.mkfifo,
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.symlink_to(path.name),
    ],
    ids=["folder", "pipe", "dangling link", "looping link"],
)
def test_what_is_no_file_is_refused_in_plain_words(tmp_path, released, make):
    make(tmp_path / "curves.ipynb")
    intake = take_in(tmp_path, {"curves": released})
    assert "curves.ipynb is a folder or a link, not a file" in intake.refused["curves"]
    assert not intake.notebooks


def test_a_link_to_a_sound_notebook_is_refused_too(hand_in, tmp_path, released):
    hand_in()
    folder = tmp_path / "neighbour"
    folder.mkdir()
    (folder / "curves.ipynb").symlink_to(tmp_path / "curves.ipynb")
    intake = take_in(folder, {"curves": released})
    assert "a folder or a link" in intake.refused["curves"]


def test_metadata_that_nobody_needs_is_dropped_unread(hand_in, tmp_path, released):
    hand_in()
    path = tmp_path / "curves.ipynb"
    content = json.loads(path.read_text())
    content["metadata"]["deep"] = content["cells"][0]["metadata"]["wide"] = "HERE"
    path.write_text(json.dumps(content).replace('"HERE"', "[" * 900 + "]" * 900))
    intake = take_in(tmp_path, {"curves": released})
    assert ids(intake) == RELEASED
    assert intake.notes == {"curves": []}


def test_a_file_that_the_instructor_may_not_read_is_not_the_students_fault(hand_in, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.read_text", refuse)
    with pytest.raises(PermissionError):
        hand_in()


def test_another_courses_notebook_is_refused(hand_in):
    intake = hand_in(lambda cells: cells[:1], name="lecture.ipynb")
    assert "holds no answer of this assignment" in intake.refused["lecture"]
