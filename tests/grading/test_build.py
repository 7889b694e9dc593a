import json
import re

import pytest

from course_lib.checks import catalogue
from course_lib.grading.build import solved_notebook
from course_lib.grading.source import AuthorError, sources_of

HEAD = """\
---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A title

```{code-cell} ipython3
import math

import torch

from course_lib.checks import check

epsilon = 1e-9
```
"""
ANSWER = """
```{code-cell} ipython3
:tags: [answer]
# answer: course_lib.overfitting.polynomial.rmse
# Why it is written so.
```
"""
TEST = """
```{code-cell} ipython3
:tags: [test]
check("ex1_overfitting/rmse", rmse)
```
"""


@pytest.fixture
def build(tmp_path):
    def build(text):
        path = tmp_path / "ex1_overfitting.fitting.md"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return solved_notebook(path, "ex1_overfitting", catalogue(), "https://example.org/course")

    return build


def cells(text):
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(text)["cells"]}


def test_an_answer_cell_is_the_reference_with_its_body_as_the_solution(build):
    answer = cells(build(HEAD + ANSWER + TEST))["rmse-answer"]
    stub, _, solution = answer.partition("    ### BEGIN SOLUTION\n")
    assert stub.startswith("def rmse(")
    assert stub.endswith('"""\n')
    assert solution.endswith("\n\n    # Why it is written so.\n    ### END SOLUTION")
    compile(answer, "answer", "exec")


def test_every_method_of_a_class_has_a_region_of_its_own_unless_it_is_given(build):
    answer = ANSWER.replace("overfitting.polynomial.rmse", "gradients.value.Value")
    answer = answer.replace("# Why", "# given: __init__, __repr__\n# Why")
    test = TEST.replace("rmse", "backpropagation", 1).replace("rmse", "Value")
    answer = cells(build(HEAD + answer + test))["backpropagation-answer"]
    compile(answer, "answer", "exec")
    methods = re.findall(r"    def (\w+)\(.*?(?=\n    def |\Z)", answer, re.DOTALL)
    regions = answer.count("### BEGIN SOLUTION")
    assert regions == answer.count("### END SOLUTION") == len(methods) - 2
    assert answer.count("# Why it is written so.") == 1
    given = answer.partition("def __init__")[2].partition("def __add__")[0]
    assert "SOLUTION" not in given


def test_the_first_code_cell_imports_what_the_references_need(build):
    found = list(cells(build(HEAD + ANSWER + TEST)).values())
    assert found[0] == "# A title"
    assert "pip install --quiet git+https://example.org/course" in found[1]
    assert found[2] == (
        "import math\n\nimport torch\nfrom jaxtyping import Float\nfrom torch import Tensor\n\n"
        "from course_lib.checks import check\n\nepsilon = 1e-9"
    )


def test_a_later_answer_stands_on_the_courses_own_and_not_on_an_earlier_one(tmp_path):
    answers = [
        ("feed-forward", "nn.feed_forward.FeedForward"),
        ("block", "nn.block.TransformerBlock"),
    ]
    text = HEAD
    for exercise, reference in answers:
        text += ANSWER.replace("overfitting.polynomial.rmse", reference)
        test = f'check("ex2_attention/{exercise}", {reference.rpartition(".")[2]})'
        text += TEST.replace('check("ex1_overfitting/rmse", rmse)', test)
    path = tmp_path / "ex2_attention.block.md"
    path.write_text(text)
    built = cells(solved_notebook(path, "ex2_attention", catalogue(), "https://example.org/course"))
    borrowed = "from course_lib.nn.feed_forward import FeedForward"
    (place,) = [place for place, source in enumerate(built.values()) if borrowed in source]
    assert list(built)[place - 1] == "feed-forward"
    assert list(built)[place + 1] == "block-answer"
    assert borrowed in built[list(built)[place]].splitlines()


@pytest.fixture
def build_encoding(tmp_path):
    """Build a notebook with one answer, the class Tokenizer, and these tests of it."""

    def build(*exercises):
        text = HEAD + ANSWER.replace("overfitting.polynomial.rmse", "tokenizer.base.Tokenizer")
        for exercise in exercises:
            test = f'check("ex3_bpe/{exercise}", Tokenizer)'
            text += "\nText.\n" + TEST.replace('check("ex1_overfitting/rmse", rmse)', test)
        path = tmp_path / "ex3_bpe.encoding.md"
        path.write_text(text)
        return solved_notebook(path, "ex3_bpe", catalogue(), "https://example.org/course")

    return build


def test_one_answer_may_be_tested_by_several_exercises(build_encoding):
    built = json.loads(build_encoding("encode", "decode", "encode-stream"))["cells"]
    graded = {cell["id"]: cell["metadata"].get("nbgrader", {}) for cell in built}
    named = {id: data["points"] for id, data in graded.items() if data.get("grade")}
    assert named == {"encode": 9, "decode": 5, "encode-stream": 9}
    assert [id for id, data in graded.items() if data.get("solution")] == ["encode-answer"]


@pytest.mark.parametrize(
    ("exercises", "message"),
    [
        (("encode", "decode", "encode"), "'ex3_bpe/encode' is there twice"),
        (("encode", "utf8"), "since the last test there are none"),
    ],
)
def test_a_further_test_is_of_the_same_answer_and_new(build_encoding, exercises, message):
    with pytest.raises(AuthorError, match=message):
        build_encoding(*exercises)


def test_points_are_those_of_the_check(build):
    (test,) = [
        cell for cell in json.loads(build(HEAD + ANSWER + TEST))["cells"] if cell["id"] == "rmse"
    ]
    assert test["metadata"]["nbgrader"]["points"] == catalogue()["ex1_overfitting/rmse"].max_points
    assert test["metadata"]["nbgrader"]["locked"]


def test_building_twice_gives_the_same_bytes(build):
    text = HEAD + "\nText.\n\n+++\n\nText.\n" + ANSWER + TEST
    assert build(text) == build(text)
    assert len(cells(build(text))) == 7, "two equal cells have two ids"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ANSWER.replace("rmse", "rmsd") + TEST, "defines no function or class 'rmsd'"),
        (
            ANSWER.replace("polynomial", "polygonal") + TEST,
            "no module 'course_lib.overfitting.poly",
        ),
        (ANSWER.replace("# answer: ", "# ") + TEST, "begin an answer cell with '# answer:"),
        (ANSWER.replace("# Why", "x = 1  # Why") + TEST, "only comment lines may follow"),
        (ANSWER.replace("# Why", "# given: forward\n#") + TEST, "rmse has no method 'forward'"),
        (ANSWER + TEST.replace("/rmse", "/rmsd"), "has no exercise 'ex1_overfitting/rmsd'"),
        (ANSWER + TEST.replace("/rmse", "/sgd"), "must stand the answers to course_lib.gradients"),
        (ANSWER + TEST.replace(", rmse", ", mse"), "write check\\('ex1_overfitting/rmse', rmse"),
        (ANSWER + TEST.replace('")', '", x=1)').replace(")\n", ") + 1\n"), "is the one line check"),
        (ANSWER + TEST.replace('"ex1_overfitting/rmse", rmse', "*a"), "is the one line check"),
        (ANSWER + TEST.replace('"ex1_overfitting/rmse"', "5"), "is the one line check"),
        (ANSWER + TEST.replace(", rmse", ", *a"), "is the one line check"),
        (ANSWER, "an answer without a test; add its test cell"),
        (TEST, "since the last test there are none"),
        (ANSWER + TEST + ANSWER + TEST, "is there twice"),
        (ANSWER.replace("[answer]", "[anwser]") + TEST, "unknown tag 'anwser'; use 'answer' or"),
        ("", "no exercise; add an answer cell"),
    ],
)
def test_an_author_is_told_the_file_the_cell_and_what_to_do(build, text, message):
    with pytest.raises(AuthorError, match=message) as raised:
        build(HEAD + text)
    assert str(raised.value).startswith("ex1_overfitting.fitting.md")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.replace("python3}\n---", "python3}"), "line 1: the front matter does not end"),
        (HEAD.replace("python3}", "python3"), "the front matter or a cell's options: while pars"),
        (HEAD.replace("kernelspec: {display_name", "kernelspec {display_name"), "front matter"),
        (
            HEAD.partition("# A")[0].replace("kernelspec: ", "- "),
            "the front matter as 'name: value'",
        ),
        (HEAD + "\0", r"line 16: a NUL character; delete it"),
        (HEAD + ANSWER.replace("[answer]", "[answer"), "Code cell 2 at line 17 could not be read"),
        (HEAD + ANSWER.replace("[answer]", "answer"), r"line 18 \(':tags: answer'\): 'answer' is"),
        (HEAD + ANSWER.replace("[answer]", "5"), r"line 18 \(':tags: 5'\): 5 is not of type"),
        (HEAD + ANSWER.replace("[answer]", ""), r"line 18 \(':tags: '\): None is not of type"),
        (HEAD + ANSWER.replace("[answer]", "[{a: 1}]"), r"line 18 \(':tags: \[{a: 1}\]'\): {'a'"),
        ((HEAD + ANSWER).encode() + b"\xff", "line 22: not UTF-8; save the file as UTF-8"),
    ],
)
def test_an_author_is_told_where_a_file_cannot_be_read(build, text, message):
    with pytest.raises(AuthorError, match=message) as raised:
        build(text)
    assert str(raised.value).startswith("ex1_overfitting.fitting.md")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.replace("\n```\n", "\n") + ANSWER + TEST, "cell 2 .* goes on into the next ```"),
        (HEAD + ANSWER.replace("\n```\n", "\n") + TEST, "cell 3 .* goes on into the next ```"),
        (HEAD + ANSWER + TEST.removesuffix("```\n"), "cell 4: the cell does not end; add its last"),
        (HEAD + ANSWER + TEST.replace("\n```\n", "\n\nText.\n"), "cell 4: the cell does not end"),
    ],
)
def test_a_missing_fence_is_told(build, text, message):
    with pytest.raises(AuthorError, match=message):
        build(text)


def test_a_byte_order_mark_changes_nothing(build):
    text = HEAD + ANSWER + TEST
    assert build(b"\xef\xbb\xbf" + text.encode()) == build(text)


@pytest.mark.parametrize("end", ["", "\n\n", "+++\n", "\n+++ {}\n\n", "\nText.\n"])
def test_a_source_may_end_in_several_ways(build, end):
    assert "rmse" in cells(build(HEAD + ANSWER + TEST + end))


@pytest.mark.parametrize("line", ["%matplotlib inline", "import", "!pip install this"])
def test_the_first_code_cell_must_be_plain_python(build, line):
    where = r"fitting\.md, cell 2, line 4 of the cell: .*; the cell with the imports must be plain"
    with pytest.raises(AuthorError, match=where):
        build(HEAD.replace("torch\n", f"torch\n{line}\n", 1) + ANSWER + TEST)


@pytest.mark.parametrize("reference", ["sys.exit", "torch._C.Generator", "broken.f", "latin.f"])
def test_a_reference_has_python_source(build, tmp_path, monkeypatch, reference):
    (tmp_path / "broken.py").write_text("def f(:\n", encoding="utf-8")
    (tmp_path / "latin.py").write_bytes(b"# \xe9\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AuthorError, match=r"compiled|not valid Python|cannot be read") as raised:
        build(HEAD + ANSWER.replace("course_lib.overfitting.polynomial.rmse", reference) + TEST)
    assert str(raised.value).startswith("ex1_overfitting.fitting.md, cell 3")


def test_a_source_needs_a_title_and_an_import_cell(build):
    with pytest.raises(AuthorError, match="begin with a title, then a code cell"):
        build(ANSWER + TEST)


def test_a_source_has_the_name_of_its_notebook(tmp_path):
    (tmp_path / "notes.md").touch()
    with pytest.raises(AuthorError, match=r"call it <assignment>\.<notebook>\.md"):
        sources_of(tmp_path)
