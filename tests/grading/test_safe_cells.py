import copy
import html
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from pages import ROOT, acting, feedback_exporter, formgrade_exporter, page
from payloads import PAYLOADS, PNG

from course_lib.grading import safe_cells as module
from course_lib.grading.safe_cells import safe_cells

PYTHON = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
RELEASED = sorted(ROOT.glob("exercises/*/*.ipynb"))


def notebook(*cells, **metadata):
    made = new_notebook(cells=list(cells), metadata=metadata)
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
    return nbformat.from_dict(made)


def cleaned(*cells, **options):
    made = notebook(*cells)
    safe_cells(made, **options)
    nbformat.validate(made)
    return made


def graded(**more):
    facts = {
        "grade_id": "a",
        "grade": True,
        "solution": True,
        "locked": False,
        "points": 2,
        "score": 1,
    }
    return {"schema_version": 3, "cell_type": "code", "task": False, **facts, **more}


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_released_notebook_stays_as_it_is(path):
    made = nbformat.read(path, as_version=4)
    before = copy.deepcopy(made)
    safe_cells(made)
    assert [cell.source for cell in made.cells] == [cell.source for cell in before.cells]
    for cell, was in zip(made.cells, before.cells, strict=True):
        assert cell == {**was, "metadata": cell.metadata}
        for name in ("nbgrader", "tags", "deletable", "editable"):
            assert cell.metadata.get(name) == was.metadata.get(name)


def test_an_honest_notebook_stays_as_it_is():
    answer = new_code_cell("def f(x):\n\treturn '<b>'  # ü \f", metadata={"nbgrader": graded()})
    answer.outputs = [new_output("stream", text="<b>")]
    written = new_markdown_cell("I *think* that $a < b$: ![p](attachment:p.png)")
    written.attachments = {"p.png": {"image/png": PNG}}
    cells = [answer, written, new_raw_cell("plain words"), new_code_cell("", execution_count=7)]
    before = notebook(*copy.deepcopy(cells))
    assert cleaned(*cells).cells == before.cells


def test_what_acts_becomes_text():
    made = cleaned(new_markdown_cell("# Title\n\n<script>alert(1)</script> costs $5"))
    (cell,) = made.cells
    assert cell.cell_type == "markdown"
    assert "<script" not in cell.source
    shown = re.search("<pre>\n(.*)\n</pre>", cell.source, re.DOTALL)[1]
    assert html.unescape(shown) == "# Title\n\n<script>alert(1)</script> costs $5"


def test_a_raw_cell_with_html_becomes_text():
    made = cleaned(new_raw_cell("<b>x</b>", metadata={"raw_mimetype": "text/html"}))
    assert made.cells[0].cell_type == "markdown"
    assert "&lt;b&gt;" in made.cells[0].source


def test_a_released_cell_is_never_changed():
    source = '<iframe src="https://example.org/film"></iframe>'
    made = cleaned(new_markdown_cell(source), new_markdown_cell(f"{source} "), released={source})
    assert made.cells[0].source == source
    assert "<iframe" not in made.cells[1].source


def test_metadata_are_reduced_to_what_is_needed():
    nbgrader = graded(checksum="0" * 32)
    metadata = {
        **{"nbgrader": nbgrader, "deletable": False, "editable": "no"},
        **{"transient": {"remove_source": True}, "magics_language": "html", "alt": "<script>"},
        "tags": ["hide-cell", "<script>", "x" * 100],
    }
    made = notebook(new_code_cell("1", metadata=metadata), widgets={"x": 1}, title="<script>")
    safe_cells(made)
    assert made.metadata == PYTHON
    expected = {"nbgrader": nbgrader, "deletable": False, "tags": ["hide-cell"]}
    assert made.cells[0].metadata == expected


def test_attachments_other_than_pictures_are_dropped():
    cell = new_markdown_cell("![a](attachment:a.png)")
    cell.attachments = {
        "a.png": {"image/svg+xml": "PHN2Zz4=", "image/png": PNG},
        "b.svg": {"image/svg+xml": "PHN2Zz4="},
        "c.png": {"image/png": "PHNjcmlwdD4="},
    }
    (kept,) = cleaned(cell).cells
    assert kept.source == "![a](attachment:a.png)"
    assert kept.attachments == {"a.png": {"image/png": PNG}}


def test_a_picture_that_is_not_there_does_not_stop_the_page():
    made = cleaned(new_markdown_cell("![a](attachment:a.png)"), new_markdown_cell("after"))
    assert "after" in page(feedback_exporter(), made)
    made = cleaned(new_markdown_cell("![a](attachment:a.png)"), released={"![a](attachment:a.png)"})
    assert page(feedback_exporter(), made)


def test_signs_that_no_file_can_hold_are_replaced():
    made = cleaned(new_code_cell("a\ud800\x00\x1bb\t\n\f\r"), new_markdown_cell("a\x00"))
    assert [cell.source for cell in made.cells] == ["a\ufffd\ufffd\ufffdb\t\n\f\r", "a\ufffd"]


def test_huge_cells_are_cut(monkeypatch):
    long = "x" * (module.MAX_CELL + 1)
    made = cleaned(new_code_cell(long), new_markdown_cell(long), new_raw_cell(long))
    for cell in made.cells:
        assert len(cell.source) < module.MAX_CELL + 300
        assert "too long" in cell.source


def test_long_lines_of_code_are_cut():
    source = "first\n" + "a." * module.MAX_LINE + "\nlast"
    (cell,) = cleaned(new_code_cell(source)).cells
    first, long, last = cell.source.split("\n")
    assert (first, last) == ("first", "last")
    assert long.startswith("a." * (module.MAX_LINE // 2) + "  # [")
    longest = "x" * module.MAX_LINE + "\ny"
    assert cleaned(new_code_cell(longest)).cells[0].source == longest


def test_all_cells_together_are_bounded():
    lines = "x = 1\n" * (module.MAX_CELL // 6)
    made = cleaned(*(new_code_cell(lines) for _ in range(20)))
    assert sum(len(cell.source) for cell in made.cells) < module.MAX_SHOWN + 20 * 100
    assert [cell.source == lines for cell in made.cells] == [True] * 6 + [False] * 14


def test_only_some_markdown_is_rendered():
    cells = [new_markdown_cell("x" * 15_000) for _ in range(20)]
    shown = [cell.source.startswith("x") for cell in cleaned(*cells).cells]
    assert shown == [True] * (module.MAX_RENDERED // 15_000) + [False] * 7


def test_many_cells_are_cut_but_none_of_nbgraders():
    own = [new_code_cell("1") for _ in range(module.MAX_CELLS + 5)]
    answer = new_code_cell("2", metadata={"nbgrader": graded()})
    made = cleaned(*own, answer)
    assert len(made.cells) == module.MAX_CELLS + 2
    assert made.cells[-2].source == "2"
    assert f"first {module.MAX_CELLS:,} cells" in made.cells[-1].source


def hostile_cells():
    for payload in PAYLOADS:
        line = " ".join(payload.split()).replace(",", "")  # what nbformat asks of these two
        tags = {"tags": [line], "name": line, "alt": payload, "magics_language": payload}
        attached = new_markdown_cell("![a](attachment:a)", metadata=tags)
        kinds = ("text/html", "image/svg+xml", "image/png", payload)
        attached.attachments = {"a": dict.fromkeys(kinds, payload), payload: {}}
        yield attached
        yield new_markdown_cell(payload, metadata=tags)
        yield new_markdown_cell(f"- x\n\n  {payload}\n\n{payload}")
        yield new_raw_cell(payload, metadata={"raw_mimetype": "text/html"})
        yield new_code_cell(f"%%html\n{payload}", metadata=tags)
    for payload in PAYLOADS[:10]:
        yield new_markdown_cell(payload, metadata={"nbgrader": graded(cell_type="markdown")})
        yield new_code_cell(f'"""{payload}', metadata={"nbgrader": graded()})


def test_a_page_would_act_without_it():
    """So that the tests below can fail."""
    made = notebook(*map(new_markdown_cell, PAYLOADS[:30]))
    for found, usual in zip(
        acting(page(feedback_exporter(), made)),
        acting(page(feedback_exporter(), notebook())),
        strict=True,
    ):
        assert (found - usual).total() > 15


@pytest.mark.parametrize("exporter", [feedback_exporter, formgrade_exporter])
def test_no_cell_acts_in_a_page(exporter):
    made = notebook(*hostile_cells(), title=PAYLOADS[0], language_info={"name": PAYLOADS[0]})
    assert len(made.cells) == 5 * len(PAYLOADS) + 20
    safe_cells(made)
    harmless = copy.deepcopy(made)
    for cell in harmless.cells:
        cell.source = "x"
    shown = page(exporter(), made)
    assert acting(shown) == acting(page(exporter(), harmless))
    assert shown.count("alert(1)") > 2 * len(PAYLOADS)  # as text
