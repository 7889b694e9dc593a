"""Nothing that a submission does raises a score, harms another, tells a secret, or stays behind."""

import json
import os
import re

import pytest
from bs4 import BeautifulSoup
from hostile.cohort import KINDS, OF_THE_SANDBOX
from hostile.graded import ASSIGNMENT, HONEST, LIMITS, ROOT, grade_all
from hostile.kind import NOTEBOOK, REFUSED
from nbconvert import HTMLExporter
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from course_lib.checks import catalogue
from course_lib.grading.course import nbgrader_settings, run_nbgrader
from course_lib.grading.sandbox.isolation import Isolation, available
from course_lib.grading.sandbox.landlock import landlock_abi
from course_lib.grading.submissions import NOT_GRADED, read_assignment, read_submission
from course_lib.grading.verdict import hidden_cases

FULL = 24.0
# What attacks print when they get what they want.
WON = re.compile(
    r"OPENED|READ |REACHED|GRANTED|LIFTED|EDITED|HARMED|ESCAPED|LISTED|RAN IT|42RAN|TYPED INTO"
    r"|\bSEED\b|MADE A DEVICE|TOO MUCH|MORE THAN ALLOWED|RETURNED"
    r"|(?m:^wrote (?!/scratch\b|\S*/course-scratch-))"  # which are the student's own, and swept
)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LEAKING = ("print_the_cases", "return_the_cases", "write_the_cases", "outputs_after_the_cells")
SHOWN = [kind.id for kind in KINDS if kind.id.endswith(("html", "escapes", "report", "names"))]
SHOWN += ["markup_in_the_file", "template_in_text", "strange_outputs", "type_without_a_name"]

COHORTS = {Isolation.NAMESPACES: KINDS, Isolation.LANDLOCK: OF_THE_SANDBOX}


def marked(isolation, *more):
    """Parameters of a test that looks at the cohort which was graded under an isolation."""
    group = pytest.mark.xdist_group(f"hostile {isolation}")
    return pytest.param(isolation, *more, marks=group, id="-".join([isolation, *map(str, more)]))


def each(names="", of=lambda kinds: [()]):
    """A test for each cohort, and in each for every item that `of` makes of its kinds."""
    return pytest.mark.parametrize(
        f"graded {names}".split(),
        [marked(isolation, *item) for isolation, kinds in COHORTS.items() for item in of(kinds)],
        indirect=["graded"],
    )


each_isolation = each()
each_kind = each("id", lambda kinds: [(kind.id,) for kind in kinds])
in_namespaces = pytest.mark.parametrize("graded", [marked(Isolation.NAMESPACES)], indirect=True)


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory):
    """A function that grades the cohort of an isolation, once: the tests are parametrized."""
    found = {}

    def graded_under(isolation):
        if isolation not in found:
            found[isolation] = None
            folder = tmp_path_factory.mktemp("hostile")
            found[isolation] = grade_all(folder, COHORTS[isolation], isolation)
        assert found[isolation], "the run over the cohort failed: see the first test"
        return found[isolation]

    return graded_under


@pytest.fixture
def graded(request, cohorts):
    """The cohort as it was graded under the test's isolation."""
    isolation, found = request.param, available()
    if isolation is Isolation.NAMESPACES and found.isolation is not isolation:
        pytest.skip(found.in_words())
    if isolation is Isolation.LANDLOCK and landlock_abi() == 0:
        pytest.skip("this kernel has no Landlock")
    return cohorts(isolation)


@pytest.fixture
def kind(id):
    """The kind that a test is about."""
    return next(kind for kind in KINDS if kind.id == id)


def is_unbound(graded, kind):
    """Landlock does not bound root's threads, as `course doctor` says."""
    return (kind.id, graded.isolation, os.getuid()) == ("thread_storm", Isolation.LANDLOCK, 0)


def outputs(graded, student):
    """All that the graded notebook shows beside its cells, a text after another."""
    cells = json.loads(graded.notebook(student))["cells"]
    return "\n".join(_texts([cell.get("outputs", []) for cell in cells]))


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


@each_kind
def test_the_points_are_those_that_the_honest_part_deserves(graded, kind):
    points = graded.points[kind.id]
    assert points == kind.points or (kind.may_lose and points < kind.points)


@each_kind
def test_the_instructor_hears_of_what_happened(graded, kind):
    if kind.id in graded.results:
        incidents = {incident.kind for incident in graded.results[kind.id].incidents}
    else:
        assert NOT_GRADED in graded.notebook(kind.id)
        incidents = {REFUSED}
    if not is_unbound(graded, kind):
        assert kind.reported is None or incidents == kind.reported


@each_kind
def test_nothing_was_got_that_is_not_given(graded, kind):
    shown = outputs(graded, kind.id)
    assert [canary for canary in graded.canaries if canary in shown] == []
    if not is_unbound(graded, kind):
        assert not WON.search(shown)
        assert kind.shows in shown


@each_kind
def test_what_is_written_is_bounded_and_legible(graded, kind):
    shown = outputs(graded, kind.id)
    assert len(shown) < 6 * LIMITS.output_bytes
    assert not CONTROLS.search(shown)


@each("student", lambda kinds: [(student,) for student in HONEST])
def test_nobody_else_is_harmed(graded, student):
    assert graded.points[student] == FULL
    assert graded.results[student].incidents == ()


@in_namespaces
def test_every_submission_has_a_result(graded):
    assert graded.summary.failures == []
    assert graded.points.keys() == {*HONEST, *(kind.id for kind in KINDS)}
    assert graded.max_points == sum(
        check.max_points for check in catalogue().values() if check.id.startswith(ASSIGNMENT)
    )


@each_isolation
def test_nothing_stays_behind(graded):
    assert graded.processes == []
    assert graded.files == []


@each_isolation
def test_nobody_has_called(graded):
    assert graded.heard == []


@each_isolation
def test_the_run_ends_in_time(graded):
    """Far below what so many submissions would take if each were let to use up its limits."""
    assert graded.seconds < 600


@each_isolation
def test_the_terminal_shows_no_text_of_a_student(graded):
    assert "alert" not in graded.console
    assert "\x1b]" not in graded.console


@in_namespaces
@pytest.mark.parametrize("student", LEAKING)
def test_no_hidden_case_is_told(graded, student):
    seed, _ = _seed_and_task(graded, student)
    shown = outputs(graded, student)
    checks = [
        catalogue()[f"{ASSIGNMENT}/{name}"] for name in ("polynomial-features", "bias-variance")
    ]
    hidden = {
        number for check in checks for case in hidden_cases(check, seed) for number in _odd(case)
    }
    assert len(hidden) > 10
    assert _told(hidden, shown, 12) == []
    # A few of a thousand random numbers share six digits with one of ten thousand that are shown.
    assert len(_told(hidden, shown)) < 3


@in_namespaces
def test_public_cases_are_told(graded):
    """So that the test above could have found hidden ones."""
    first = catalogue()[f"{ASSIGNMENT}/bias-variance"].drawn_cases(0)[0]
    assert str(first.inputs["predictions"].tolist()) in outputs(graded, "print_the_cases")


def test_numbers_that_are_told_would_be_found():
    numbers = [2.695590455486932, -0.0123456789, 7.25]
    shown = "got [2.695590455486932, -0.0123457], not 12.695590455486932, 7.25"
    assert _told(numbers, shown) == numbers[:2]
    assert _told(numbers, shown, 12) == numbers[:1]


@in_namespaces
def test_no_seed_is_told(graded):
    for kind in KINDS:
        seed, _ = _seed_and_task(graded, kind.id)
        assert seed is None or str(seed) not in graded.notebook(kind.id)


def _seed_and_task(graded, student):
    """The seed of a submission's cases, None for one that was refused."""
    directory = CourseDirectory(config=nbgrader_settings(ROOT, graded.course))
    secret = (graded.course / ".grading" / "grading_secret").read_bytes()
    assignment = read_assignment(directory, ASSIGNMENT, secret, LIMITS)
    folder = graded.course / "submitted" / student / ASSIGNMENT
    tasks = read_submission(student, folder, assignment).tasks
    return (tasks[0].seed, tasks[0]) if tasks else (None, None)


def _odd(case):
    """The numbers of a case that nobody would write by chance."""
    for value in case.inputs.values():
        for number in (
            getattr(value, "flatten", list)().tolist() if hasattr(value, "tolist") else []
        ):
            if len(f"{number:.6g}") > 6:
                yield number


def _told(numbers, shown, least=6):
    """Those of the numbers that a text gives whole, to so many digits or more."""
    tokens = {
        (len(token.replace(".", "").lstrip("0")), float(token))
        for token in re.findall(r"(?<![\d.])\d+\.\d+", shown)
    }
    written = {f"{value:.{min(digits, 15)}g}" for digits, value in tokens if digits >= least}
    return [n for n in numbers if written & {f"{abs(n):.{digits}g}" for digits in range(least, 16)}]


def _feedback(graded, student):
    run_nbgrader(GenerateFeedback, ROOT, graded.course, ASSIGNMENT, re.escape(student), NOTEBOOK)
    path = graded.course / "feedback" / student / ASSIGNMENT / f"{NOTEBOOK}.html"
    return path.read_text(encoding="utf-8")


def _plain_page(graded, student):
    """As Jupyter's own pages and nbgrader's formgrader turn a notebook into HTML."""
    path = graded.course / "autograded" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    return HTMLExporter(template_name="basic").from_filename(str(path))[0]


PAGES = {"feedback": _feedback, "plain": _plain_page}


def _active(page):
    """Everything in a page that could run, load, or send something."""
    found = []
    for tag in BeautifulSoup(page, "html.parser").find_all(True):
        if tag.name in (
            "script",
            "iframe",
            "object",
            "embed",
            "form",
            "base",
            "link",
            "meta",
            "style",
        ):
            found.append(tag.name)
        for name, value in tag.attrs.items():
            if name.startswith("on") or name in ("srcdoc", "formaction"):
                found.append(f"{tag.name} {name}")
            if name in ("href", "src", "action") and re.match(
                r"\s*(java|vb|data:text)", str(value)
            ):
                found.append(f"{tag.name} {value}")
    return sorted(found)


@in_namespaces
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("student", SHOWN)
def test_no_page_runs_what_a_student_wrote(graded, student, page):
    """The page holds what an honest student's holds, and nothing else that acts."""
    assert _active(PAGES[page](graded, student)) == _active(PAGES[page](graded, "ada"))
