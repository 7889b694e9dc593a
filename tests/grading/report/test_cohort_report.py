"""The page says what was counted by hand, asks no other host, and nothing in it is a student's."""

import csv
import io
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser

import chromium
import pytest
from cohorts import ASSIGNMENT, check, notebook, result

from course_lib.grading.report.cohort_report import duration, write_report
from course_lib.grading.tasks import Incident, IncidentKind

STUB, OWN = "def f(x):\n    raise NotImplementedError()", "def f(x):\n    return x + 1"
CHECKS = {
    f"{ASSIGNMENT}/one": check(
        "First exercise",
        4,
        {"value": "the right value", "shape": "the right shape"},
        {"off": "It is off by one."},
    ),
    f"{ASSIGNMENT}/two": check(
        "Second exercise",
        6,
        {"sum": "sums to `1`"},
        {"sign": "The sign is wrong.", "neg": "Negative."},
    ),
}
RELEASED = {"first": notebook({"one": STUB}), "second": notebook({"two": STUB})}
SOLUTIONS = {name: content.replace("raise Not", "return Not") for name, content in RELEASED.items()}
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>"
    "`<b>`</td></table><a href='javascript:alert(1)'>{{ 7*7 }}{% raw %}\x1b[2J\u202e\0"
)


class Elements(HTMLParser):
    """Counts every element with its attributes; keeps the text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text, self.urls = Counter(), "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found[tag, tuple(sorted(name for name, _ in attributes))] += 1
        self.urls += [value for name, value in attributes if name in ("href", "src", "style")]

    def handle_data(self, data):
        self.text += data


def written(folder, results, failures=(), checks=CHECKS, seconds=75.0):
    path = folder / "report.html"
    notebooks = {"released": RELEASED, "solutions": SOLUTIONS}
    write_report(path, ASSIGNMENT, iter(results), failures, checks, seconds=seconds, **notebooks)
    return path.read_text(encoding="utf-8")


def rows_of(folder, name):
    text = (folder / f"report_{name}.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def small_cohort():
    """Three students by hand: 4 + 6, 1 + nothing handed in, refused + 0."""
    refused = Incident(IncidentKind.REFUSED, "first.ipynb is not a notebook.")
    stopped = Incident(IncidentKind.STOPPED, "Cell 3 ran too long.")
    tried = Incident(IncidentKind.TRIED, "It opened a socket.")
    return [
        result("ada", "first", {"one": OWN}, [("one", 4, 4, (), ())]),
        result("ada", "second", {"two": OWN}, [("two", 6, 6, (), ())], [tried, tried]),
        result("bob", "first", {"one": OWN}, [("one", 1, 4, ("off",), ("value", "shape"))]),
        result("eve", "first", {}, incidents=[refused], content=""),
        result("eve", "second", {"two": STUB}, [("two", 0, 6, ("sign",), ("sum",))], [stopped]),
    ]


def test_the_numbers_are_those_counted_by_hand(tmp_path):
    page = Elements(written(tmp_path, small_cohort(), [("bob", "second", "No worker.")]))
    text = re.sub(r"\s+", " ", page.text)
    assert "3 submissions with 6 notebooks have 3.7 of 10 points on average" in text
    assert "half have 1 or more" in text  # of 10, 1 and 0
    assert "The last run took 1 min 15 s; all these results took 2.5 s of processor time" in text
    assert ", 0.42 s a notebook" in text
    assert "notebooks graded4 of 6" in text
    facts = {"stopped": 1, "refused": 1, "tried something": 1, "without a result": 1}
    for name, number in facts.items():
        assert f"{name}{number} " in text
    # means 5/3 and 6/3; full 1/3 each; zero 1/3 (eve) and 2/3; no answer eve; bob and eve
    first, second = (
        "First exercise 1.7 of 4 33 % 33 % 33 % ",
        "Second exercise 2.0 of 6 33 % 67 % 67 %",
    )
    assert first + "the right value (1); the right shape (1)" in text
    assert second + " nothing" in text  # eve left the stub: that is no answer
    assert "1First exerciseIt is off by one." in text
    assert "1Second exerciseThe sign is wrong." in text


def test_the_pictures_are_told_in_words(tmp_path):
    page = written(tmp_path, small_cohort())
    told = re.findall(r'alt="([^"]*)"', page)
    assert told == [
        "Students by points of 10: 1 with 0, 1 with 1, 1 with 10.",
        "Students by points of 4: 1 with 0, 1 with 1, 1 with 4.",
        "Students by points of 6: 2 with 0, 1 with 6.",
    ]


def test_the_lists_are_written_in_full_and_the_page_is_bounded(tmp_path):
    notice = [Incident(IncidentKind.REPAIRED, "Put back.")]
    results = [result(f"s{n:04}", "first", {"one": OWN}, (), notice) for n in range(100)]
    page = written(tmp_path, results)
    assert page.count("Put back.") == 30
    assert "and 70 more" in page
    rows = rows_of(tmp_path, "notices")
    assert rows[0] == ["kind", "student", "notebook", "text"]
    assert rows[1:] == [["repaired", f"s{n:04}", "first", "Put back."] for n in range(100)]


def long_code(number, extra=""):
    return "def f(x):\n" + "".join(
        f"    x = x {'+-*/'[(number * i) % 4]} {number}.{i} # {extra}\n" for i in range(40)
    )


def test_similar_answers_are_shown_side_by_side(tmp_path):
    codes = {f"s{n}": long_code(n) for n in range(8)}
    codes["copy"] = codes["s3"].replace("x", "other").replace(" 3.7 ", " 5.7 ")
    page = written(tmp_path, [result(s, "first", {"one": code}) for s, code in codes.items()])
    parsed = Elements(page)
    assert "copy and s3: First exercise" in parsed.text
    assert parsed.found["tr", ("class",)] == 41
    assert page.count('<tr class="renamed">') == 40
    assert page.count('<tr class="different">') == 1
    ((group, one, other, cosine, _, exercises),) = rows_of(tmp_path, "similar")[1:]
    assert (group, one, other, exercises) == ("1", "copy", "s3", f"{ASSIGNMENT}/one")
    assert 0.8 < float(cosine) < 1


def hostile_cohort(text, many=""):
    """Every field that a student can reach holds the text."""
    codes = {f"{n}{text}": long_code(n % 8, text.replace("\0", "")) + many for n in range(9)}
    incidents = [Incident(kind, text + many) for kind in IncidentKind]
    return [
        result(student, "first", {"one": code}, [("one", 0, 4, (text,), (text,))], incidents)
        for student, code in codes.items()
    ], [(text, text, text + many)]


@pytest.mark.parametrize("many", ["", "(" * 10_000, "A" * 1_000_000], ids=["", "nested", "large"])
def test_no_element_and_no_attribute_comes_from_a_student(tmp_path, many):
    harmless = Elements(written(tmp_path, *hostile_cohort("harmless `b` words", many)))
    page = written(tmp_path, *hostile_cohort(HOSTILE, many))
    hostile = Elements(page)
    assert hostile.found == harmless.found
    assert hostile.urls == harmless.urls
    assert "<script" not in page
    assert not re.search("[\0\x1b\u202e\u2066]", page)
    assert "{{ 7*7 }}" in hostile.text
    assert len(page) < 500_000


def test_no_cell_of_a_list_is_a_formula(tmp_path):
    for start in "=+-@\t":
        written(tmp_path, *hostile_cohort(f"{start}HYPERLINK()"))
        cells = [
            cell
            for name in ("notices", "similar")
            for row in rows_of(tmp_path, name)
            for cell in row
        ]
        assert any("HYPERLINK" in cell for cell in cells)
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_the_page_asks_for_nothing_else(tmp_path):
    page = written(tmp_path, small_cohort())
    for url in Elements(page).urls:
        assert url.startswith(("#", "data:image/svg+xml;base64,", "report_", "width: ")), url
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_a_cohort_of_none_has_a_report(tmp_path):
    assert "0 submissions with 0 notebooks" in written(tmp_path, [])


def test_what_was_not_released_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"ada, first: 'ex1_overfitting/three' was not released"):
        written(tmp_path, [result("ada", "first", {}, [("three", 1, 1, (), ())])])
    with pytest.raises(ValueError, match="no check for 'ex1_overfitting/two'"):
        written(tmp_path, [], checks={f"{ASSIGNMENT}/one": CHECKS[f"{ASSIGNMENT}/one"]})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (9.9, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (192, "3 min 12 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds, said):
    assert duration(seconds) == said


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everyone_can_read_the_page(browser, tmp_path, width, scheme):
    results, failures = hostile_cohort(HOSTILE)
    written(tmp_path, [*small_cohort(), *results], failures)
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto((tmp_path / "report.html").as_uri())
    assert chromium.violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert dialogs == []
    page.close()


def test_the_report_needs_no_torch():
    code = "import sys, course_lib.grading.report.cohort_report; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
