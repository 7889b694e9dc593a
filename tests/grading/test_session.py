"""One notebook through the real sandbox: what is judged, what is shown, and what is left."""

import ast
import shutil
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
import torch
from notebooks_of import ASSIGNMENT, answer, graded, the_test

from course_lib.checks import catalogue, check
from course_lib.grading import sandboxed, worker
from course_lib.grading.sandbox.isolation import Isolation, available
from course_lib.grading.sandbox.landlock import landlock_abi
from course_lib.grading.sandbox.start import WarmProcess, _environment
from course_lib.grading.tasks import IncidentKind, Limits
from course_lib.grading.verdict import ONLY_HIDDEN, hidden_cases, public_cases

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can isolate")
QUICK = Limits(cell_seconds=1.5)
SEED = 7
POWERS, POWERS_TEST = answer("polynomial-features"), the_test("polynomial-features")
RMSE, RMSE_TEST = answer("rmse"), the_test("rmse")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(which, marks=pytest.mark.xdist_group(f"session-{which}"))
        for which in ("best", "landlock")
    ],
)
def isolation(request):
    """A way to shut code in, with one warm process; nothing of it is left after these tests."""
    found = available().isolation if request.param == "best" else Isolation.LANDLOCK
    if found is Isolation.NONE or (found is Isolation.LANDLOCK and not landlock_abi()):
        pytest.skip(f"this machine does not have it: {request.param}")
    before = set(psutil.Process().children(recursive=True))
    folder = tempfile.mkdtemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        yield found
    warm = sandboxed._warm(found)
    started = set(psutil.Process().children(recursive=True)) - before
    warm.close()
    sandboxed._warm.cache_clear()
    _, alive = psutil.wait_procs(started, timeout=20)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
    left = [path for path in Path(folder).iterdir() if "torchinductor" not in path.name]
    shutil.rmtree(folder)
    assert left == []
    assert not Path(_environment()["HOME"]).exists()


@pytest.fixture
def grade(isolation):
    """A function that grades a notebook of these cells after one that imports torch."""
    return lambda *cells, **options: graded(*cells, isolation=isolation, seed=SEED, **options)


# What is judged


HELPER = """
def rmse(predicted, observed):
    return root_of_mean((predicted.flatten() - observed.flatten()) ** 2)
"""
SCALED = "def root_of_mean(squares):\n    return squares.mean().sqrt()"
IN_A_CLASS = """
class Root:
    def of(self, squares):
        return squares.mean().sqrt()

def rmse(predicted, observed):
    return Root().of((predicted.flatten() - observed.flatten()) ** 2)
"""
SINGLE = """
def rmse(predicted, observed):
    assert torch.tensor(1.0).dtype == torch.float32 and torch.is_grad_enabled()
    return (predicted.flatten() - observed.flatten()).square().mean().sqrt()
"""


@pytest.mark.parametrize(
    ("before", "source", "later"),
    [
        (SCALED, HELPER, "def root_of_mean(squares):\n    return 0 * squares.sum()"),
        (SCALED, HELPER, "del root_of_mean"),
        ("", None, "def rmse(predicted, observed):\n    return 0"),
        ("", None, "%reset -f"),
        ("", None, "torch = None"),
        ("", SINGLE, "torch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)"),
        ("", None, "import os\nos.chdir('/')\nraise ValueError"),
    ],
    ids=["helper", "deleted", "itself", "reset", "module", "settings", "folder"],
)
def test_a_later_cell_does_not_change_an_earlier_verdict(grade, before, source, later):
    found = grade(before, answer("rmse", source), RMSE_TEST, later)
    assert found.points == {"rmse": 4.0}
    assert found.incidents == ()


@pytest.mark.xfail(strict=True, reason="cases run after all cells, on the objects themselves")
@pytest.mark.parametrize(
    ("source", "later"),
    [
        (IN_A_CLASS, "Root.of = lambda self, squares: 0 * squares.sum()"),
        (
            "scale = [1]\n"
            "def rmse(a, b):\n"
            "    return scale[0] * (a.flatten() - b.flatten()).square().mean().sqrt()",
            "scale[0] = 2",
        ),
        ("", "torch.Tensor.sqrt = lambda self: self"),
    ],
    ids=["class", "list", "library"],
)
def test_a_later_change_of_an_object_does_not_change_an_earlier_verdict(grade, source, later):
    found = grade(answer("rmse", source or None), RMSE_TEST, later)
    assert found.points == {"rmse": 4.0}


def test_a_shared_warm_process_that_is_gone_is_done_without(grade, isolation):
    with WarmProcess(isolation) as shared:
        assert grade(answer("rmse"), RMSE_TEST, forks=shared.forks).points == {"rmse": 4.0}
    assert grade(answer("rmse"), RMSE_TEST, forks=shared.forks).points == {"rmse": 4.0}


def test_the_last_definition_before_the_test_counts(grade):
    found = grade(answer("rmse", HELPER), SCALED, RMSE_TEST)
    assert found.points == {"rmse": 4.0}
    found = grade(answer("rmse", HELPER), RMSE_TEST, SCALED)
    assert found.points == {"rmse": 0.0}
    assert "root_of_mean" in found.report("rmse")


ENDINGS = {
    "exit": ("import os\n    os._exit(0)", "ended its own process (exit code 0)"),
    "segfault": ("import ctypes\n    ctypes.string_at(0)", "crashed (signal 11)"),
    "endless": ("import itertools\n    sum(itertools.count())", "stopped after 1.5 seconds"),
}


@pytest.mark.parametrize("end", ENDINGS)
def test_the_end_of_the_process_costs_one_exercise(grade, end):
    body, words = ENDINGS[end]
    fatal = answer("rmse", f"def rmse(predicted, observed):\n    {body}")
    found = grade(fatal, RMSE_TEST, POWERS, POWERS_TEST, limits=QUICK)
    assert found.points == {"rmse": 0.0, "polynomial-features": 4.0}
    assert found.kinds == [IncidentKind.STOPPED]
    assert words in found.incidents[0].text
    assert words in found.report("rmse")


@pytest.mark.parametrize("end", ["exit", "segfault"])
def test_the_end_of_the_process_in_a_cell_costs_that_cell(grade, end):
    body, words = ENDINGS[end]
    source = f"if True:\n    {body}"
    found = grade("before = 1", source, "before", RMSE, RMSE_TEST, limits=QUICK)
    assert found.points == {"rmse": 4.0}
    assert found.texts(3) == ["1"]
    assert len(found.texts(2)) == 1
    assert words in found.texts(2)[0]


def test_an_endless_loop_in_a_cell_is_stopped_and_the_next_cell_runs(grade):
    found = grade("x = 1\nwhile True:\n    x += 1", "x > 1", RMSE, RMSE_TEST, limits=QUICK)
    assert found.points == {"rmse": 4.0}
    assert found.texts(2) == ["True"]
    (text,) = found.texts(1)
    assert "This cell was stopped: it ran for too long. Probably a loop never ends." in text
    assert "In [2], line " in text


# What is hidden


def odd_numbers(cases):
    """The starts of the numbers in these cases that nobody would write by chance."""
    for case in cases:
        for value in case.inputs.values():
            for number in value.flatten().tolist() if isinstance(value, torch.Tensor) else ():
                if len(str(number)) > 10:
                    yield str(number)[:8]


SEEN = """
import os

seen = []

def look(*values):
    seen.append([str(value.tolist()) for value in values])
"""
TELLING = {
    "prints": "look(predicted, observed); print(seen)",
    "writes": "look(predicted, observed); import sys; sys.__stderr__.write(str(seen))",
    "raises": "look(predicted, observed); raise ValueError(str(seen))",
    "raises a name": "look(predicted, observed); raise type(str(seen)[:150], (Exception,), {})",
    "returns": "look(predicted, observed); return str(seen)",
    "returns a tensor": "return predicted",
    "keeps": "look(predicted, observed); return -1.0",
    "displays": "look(predicted, observed); display(seen); return -1.0",
    "exits": "look(predicted, observed); import atexit; atexit.register(print, seen); exit()",
    "files": "look(predicted, observed); open('seen', 'w').write(str(seen)); os._exit(1)",
}


@pytest.mark.parametrize("way", TELLING)
@pytest.mark.parametrize("right_on", ["public cases", "fixed cases", "no case"])
def test_no_hidden_case_is_shown(grade, way, right_on):
    """Right on the first cases, so that the hidden ones are run at all."""
    check = catalogue()[f"{ASSIGNMENT}/rmse"]
    public, hidden = check.drawn_cases(0), hidden_cases(check, SEED)
    is_right = right_on != "no case"
    cases = public if right_on == "public cases" else public_cases(check).first
    known = [str(case.inputs["predicted"].flatten().tolist()) for case in cases]
    right = "def right(a, b):\n    return (a.flatten() - b.flatten()).square().mean().sqrt()\n\n"
    guard = f"if str(predicted.flatten().tolist()) in {known}:"
    guard = f"    {guard}\n        return right(predicted, observed)\n" if is_right else ""
    source = f"{right}def rmse(predicted, observed):\n{guard}    {TELLING[way]}"
    show = "print(seen, os.path.exists('seen') and open('seen').read())"
    found = grade(SEEN, answer("rmse", source), RMSE_TEST, show, POWERS, POWERS_TEST, show)
    numbers = set(odd_numbers(hidden))
    assert len(numbers) > 20
    assert [number for number in numbers if number in found.content] == []
    assert found.points["rmse"] == 0.0
    assert found.points["polynomial-features"] == 4.0
    if way in ("raises", "returns a tensor") and right_on != "public cases":
        assert any(number in found.content for number in odd_numbers(public))  # it could tell


def test_a_mistake_that_no_fixed_case_shows_is_quoted_from_a_public_one(grade):
    """It fails on hidden cases first, and is then run on the notebook's own in a new process."""
    rmse = catalogue()[f"{ASSIGNMENT}/rmse"]
    known = [str(case.inputs["predicted"].tolist()) for case in public_cases(rmse).first]
    assert 0 < len(known) < len(rmse.drawn_cases(0))
    source = f"""
def rmse(predicted, observed):
    mean = (predicted.flatten() - observed.flatten()).square().mean()
    return mean.sqrt() if str(predicted.tolist()) in {known} else mean
"""
    found = grade(answer("rmse", source), RMSE_TEST)
    namespace = {"torch": torch}
    exec(source, namespace)
    own = check(f"{ASSIGNMENT}/rmse", namespace["rmse"])
    failed = [finding for finding in own.findings if not finding.passed]
    assert own.bugs == ["no-root"]
    assert found.points == {"rmse": own.points}
    assert ONLY_HIDDEN not in found.report("rmse")
    assert failed
    for finding in failed:
        assert finding.message in found.report("rmse")


def test_what_was_not_run_on_hidden_cases_earns_nothing(grade):
    """An answer that knows the public cases, in a notebook that spends all of its time."""
    rmse = catalogue()[f"{ASSIGNMENT}/rmse"]
    known = [str(case.inputs["predicted"].tolist()) for case in rmse.drawn_cases(0)]
    source = f"""
def rmse(predicted, observed):
    assert str(predicted.tolist()) in {known}
    return (predicted.flatten() - observed.flatten()).square().mean().sqrt()
"""
    powers = "def polynomial_features(x, degree):\n    import time\n    time.sleep(100)"
    limits = Limits(seconds=6, cell_seconds=30)
    found = grade(
        answer("rmse", source),
        RMSE_TEST,
        answer("polynomial-features", powers),
        POWERS_TEST,
        limits=limits,
    )
    assert found.points == {"rmse": 0.0, "polynomial-features": 0.0}
    assert "did not come to its end" in found.report("rmse")


def test_answers_that_fit_the_public_cases_alone_fail(grade):
    check = catalogue()[f"{ASSIGNMENT}/rmse"]
    known = {
        str(case.inputs["predicted"].flatten().tolist()): (
            torch.nn.functional.mse_loss(*(v.flatten() for v in case.inputs.values())).sqrt().item()
        )
        for case in check.drawn_cases(0)
    }
    source = f"""
def rmse(predicted, observed):
    return {known}.get(str(predicted.flatten().tolist()), 0.5)
"""
    found = grade(answer("rmse", source), RMSE_TEST, POWERS, POWERS_TEST)
    assert found.points == {"rmse": 0.0, "polynomial-features": 4.0}
    assert found.report("rmse").count(ONLY_HIDDEN) == 1  # said once, though all properties fail


@pytest.mark.parametrize(
    "source",
    [
        "from course_lib.overfitting.polynomial import rmse",
        """
import course_lib.overfitting.polynomial as theirs

def rmse(predicted, observed):
    try:
        return theirs.rmse(predicted, observed)
    except BaseException:
        return (predicted.flatten() - observed.flatten()).square().mean().sqrt()
""",
    ],
    ids=["imported", "called"],
)
def test_the_reference_is_refused_and_reported(grade, source):
    found = grade(answer("rmse", source), RMSE_TEST, POWERS, POWERS_TEST)
    assert found.points == {"rmse": 0.0, "polynomial-features": 4.0}
    assert found.kinds == [IncidentKind.TRIED]
    assert "rmse" in found.report("rmse")


# What is shown


def shown(found, place):
    """The kinds of a cell's outputs, pictures by their type."""
    return [
        output.get("name")
        or (next(iter(output.data)) if output.output_type == "display_data" else output.output_type)
        for output in found.outputs(place)
    ]


SHOWN = {
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);": (["image/png"], None),
    "plt.plot([1, 2])\nplt.show()\n3": (["image/png", "execute_result"], "3"),
    "%matplotlib inline\nfig, ax = plt.subplots()": (["image/png"], None),
    "display('first')\n'last'": (["text/plain", "execute_result"], "'last'"),
    "print('said')\n7": (["stdout", "execute_result"], "7"),
    "import sys\nprint('complained', file=sys.stderr)": (["stderr"], "complained\n"),
    "import warnings\nwarnings.warn('careful')": (["stderr"], "UserWarning: careful"),
    "import os\nos.path.join('a', 'b');": ([], None),
    "import asyncio\nawait asyncio.sleep(0, 'awaited')": (["execute_result"], "'awaited'"),
    "input('name? ')": (["stdout", "error"], "EOFError"),
    "sys.exit()": (["error", "stderr"], "To exit: use"),
    "raise SystemExit(3)": (["error"], "SystemExit: 3"),
    "quit()": ([], None),
    "get_ipython().run_line_magic('who_ls', 'int')": (["execute_result"], "[]"),
    "!ls": (["stderr"], "No other program can be started here; not run: ls\n"),
    "%pip install nothing": (["stdout", "stderr"], "not run: "),
    "open('mine.txt', 'w').write('text')": (["execute_result"], "4"),
    "open('mine.txt').read() + open('data/numbers.csv').read()": (
        ["execute_result"],
        "'text1,2'",
    ),
    "x = 1\nassert x == 2, 'no'": (["error"], "In [20], line 2\n    assert x == 2, 'no'"),
    "def f(:": (["error"], "SyntaxError"),
    "open('/etc/passwd', 'w')": (["error"], "Error"),
    "1": (["execute_result"], "1"),
}


def test_a_notebook_shows_what_a_reader_expects(grade):
    found = grade(*SHOWN, RMSE, RMSE_TEST, files={"data/numbers.csv": b"1,2"})
    seen = {source: shown(found, place) for place, source in enumerate(SHOWN, 1)}
    assert seen == {source: kinds for source, (kinds, _) in SHOWN.items()}
    for place, (_, text) in enumerate(SHOWN.values(), 1):
        assert text is None or text in found.texts(place)[-1]
    assert found.points == {"rmse": 4.0}
    assert found.incidents == ()
    assert worker.__file__.rpartition("/course_lib")[0] not in found.texts(7)[0]


def test_a_traceback_shows_the_students_own_lines_alone(grade):
    found = grade("def f(x):\n    return torch.stack(x)", "f([])", RMSE, RMSE_TEST)
    (error,) = found.outputs(2)
    assert error.traceback == [
        "In [3], line 1\n    f([])",
        "In [2], line 2, in f\n    return torch.stack(x)",
        f"RuntimeError: {error.evalue}",
    ]


def test_what_a_flood_leaves_is_bounded(grade):
    limits = Limits(output_bytes=100_000)
    found = grade("for i in range(40_000):\n    print(i)", "1", RMSE, RMSE_TEST, limits=limits)
    assert len(found.content) < 300_000
    assert found.texts(1)[0].startswith("0\n1\n2\n")
    assert "more was printed than is kept" in found.texts(1)[-1]
    assert found.points == {"rmse": 4.0}


def test_no_file_is_left(grade):
    cell = "import os, tempfile\nopen('left', 'w').write('x')\ntempfile.mkdtemp(), os.getcwd()"
    made, scratch = map(Path, ast.literal_eval(grade(cell, "1").texts(1)[0]))
    assert made.parent == scratch
    assert not (scratch / "left").exists()
    assert not made.exists()
