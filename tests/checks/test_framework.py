"""The framework itself, on a check small enough to work out by hand."""

import dataclasses
import os
import sys
import warnings

import numpy
import pytest
import torch

from course_lib.checks.base import Bug, Case, Check, Property, bug
from course_lib.checks.compare import differs
from course_lib.checks.execution import execute, execute_all
from course_lib.checks.judging import report_on
from course_lib.checks.plain import to_plain
from course_lib.nn.positions import sinusoidal_positions


def cases(rng):
    yield Case("double", {"x": torch.tensor([1.0, 2.0])}, "by hand")
    yield Case("double", {"x": torch.rand(4, generator=rng)})
    yield Case("empty", {"x": torch.zeros(0)})


@bug("The input comes back unchanged.", hint="Multiply by two.")
def unchanged(x):
    return x.clone()


@bug("The input is squared.", hint="Two times x, not x times x.")
def squared(x):
    return x * x


@bug("The result is written into the input.", hint="Return a new tensor.")
def in_place(x):
    return x.mul_(2)


DOUBLE = Check(
    id="ex0_test/double",
    title="Doubling",
    references=("nowhere.double",),
    properties=(
        Property("double", 2, "twice the input"),
        Property("empty", 1, "nothing for nothing"),
    ),
    cases=cases,
    judge=lambda case, outputs: differs(outputs, 2 * case.inputs["x"]),
    bugs=(unchanged, squared, in_place),
    takeaway="Well doubled.",
    max_lines=10_000,
)


def report(implementation, check=DOUBLE, seed=0):
    drawn = check.drawn_cases(seed)
    return report_on(check, drawn, execute_all(check, implementation, drawn))


def message(implementation):
    return report(implementation).findings[0].message


def test_a_right_answer_has_every_point_and_a_sentence():
    found = report(lambda x: x + x)
    assert (found.points, found.max_points, found.passed) == (3, 3, True)
    assert repr(found) == "3.0"
    assert "Well doubled." in str(found)
    assert "Well doubled." in found._repr_html_()


@pytest.mark.parametrize("scalar", [numpy.float32(2), numpy.int64(2), torch.tensor(2.0), 2.0])
def test_a_scalar_may_come_as_any_kind_of_number(scalar):
    case = Case("x", {})
    assert differs(execute(DOUBLE, lambda *_: scalar, case).outputs, 2.0) is None


def test_partial_credit_by_property():
    found = report(unchanged.implementation)
    assert (repr(found), found.bugs) == ("1.0", ["unchanged"])
    assert [finding.passed for finding in found.findings] == [False, True]
    assert "expected" in found.findings[0].message.lower()
    assert "x = [1, 2]" in found.findings[0].case


def test_a_wrong_answer_that_is_no_listed_bug_is_not_named():
    assert report(lambda x: 3 * x).bugs == []


def test_a_message_that_comes_again_is_said_once_and_referred_to():
    found = report(lambda x: None)
    assert [finding.passed for finding in found.findings] == [False, False]
    again = "For the same reason as above."
    for page in (str(found), found._repr_html_()):
        assert page.count(again) == 1
        assert page.index("nothing for nothing") < page.index(again)


def test_a_bug_must_agree_on_every_failed_case():
    def squared_only_when_short(x):
        return x * x if len(x) == 2 else 3 * x

    assert report(squared_only_when_short).bugs == []


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_bug_may_ask_to_agree_on_every_case(everywhere):
    def double_but_of_nothing(x):
        return 2 * x if len(x) else torch.ones(1)

    def wrong_where_empty_and_double(x):
        return 2 * x if len(x) == 2 else torch.ones(1)

    mistaken = Bug("mistaken", "Wrong.", "Right.", wrong_where_empty_and_double, everywhere)
    check = dataclasses.replace(DOUBLE, bugs=(mistaken,))
    assert report(wrong_where_empty_and_double, check).bugs == ["mistaken"]
    assert report(double_but_of_nothing, check).bugs == ["mistaken"] * (not everywhere)


@pytest.mark.parametrize(
    ("dtype", "off", "named"),
    [
        (torch.float64, 1e-8, True),
        (torch.float64, 1e-5, False),
        (torch.float32, 3e-5, True),
        (torch.float32, 1e-2, False),
        (torch.bfloat16, 1e-2, True),
        (torch.bfloat16, 1e-1, False),
    ],
)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"a": [x, 1.0]}])
def test_a_bug_is_named_though_it_rounds_otherwise(dtype, off, named, wrap):
    check = dataclasses.replace(
        DOUBLE,
        properties=DOUBLE.properties[:1],
        cases=lambda rng: iter([Case("double", {"x": torch.tensor([2.0, 3.0], dtype=dtype)})]),
        judge=lambda case, outputs: "wrong",
        bugs=(Bug("tripled", "Three times.", "Two times.", lambda x: wrap(3 * x)),),
    )
    assert report(lambda x: wrap(3 * x * (1 + off)), check).bugs == ["tripled"] * named


@pytest.mark.parametrize(
    ("implementation", "words"),
    [
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda x: sys.exit(0), "SystemExit"),
        (lambda x: [][1], "IndexError"),
        (None, "TypeError"),
        (lambda x: None, "None"),
        (lambda x: "twice", "expected the result to be a torch.Tensor"),
        (lambda x: (2 * x).numpy(), "NumPy array"),
        (lambda x: 2 * x[None], "expected the result to have shape (2,), got (1, 2)"),
        (lambda x: (2 * x).long(), "dtype"),
        (lambda x: (2 * x).to(torch.complex64), "dtype"),
        (lambda x: 2 * x > 0, "dtype"),
        (lambda x: 2 * x * torch.nan, "contains NaN (2 of 2 values)"),
        (lambda x: torch.empty(2, device="meta"), "meta device"),
        (lambda x: [[[[[[[[[[0]]]]]]]]]], "expected the result to be"),
        (lambda x: 2 * x + torch.rand(len(x)) * 0, "global random state"),
        (lambda x: 2 * x + float(numpy.random.rand() * 0), "global random state"),
        (lambda x: x.mul_(2), "changed its argument `x`"),
    ],
)
def test_broken_and_hostile_answers_become_findings(implementation, words):
    assert words.lower() in message(implementation).lower()
    assert report(implementation).findings[0].points == 0


def test_an_error_inside_course_lib_is_placed_where_the_student_called_it():
    def calls_the_course(x):
        return sinusoidal_positions(0, 2)

    words = message(calls_the_course)
    assert ": `return sinusoidal_positions(0, 2)`: context_length must be at least 1" in words


def test_an_object_with_hostile_methods_is_only_an_unknown_type():
    class AlwaysEqual:
        def __eq__(self, other):
            return True

        def __getattr__(self, name):
            raise RuntimeError("looked at")

    assert "AlwaysEqual" in message(lambda x: AlwaysEqual())


def test_a_tensor_subclass_cannot_answer_for_itself():
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return True

    assert report(lambda x: (3 * x).as_subclass(Liar)).points == 1


@pytest.mark.parametrize(
    "source",
    [
        "def loop(x):\n    while True:\n        x = x",
        "def loop(x):\n    while True: pass",
        "def loop(x):\n    return [0 for _ in iter(int, 1)]",
        *(
            "def loop(x):\n    while True:\n        try:\n"
            + "            x = x\n" * k
            + "        except:\n            pass"
            for k in range(1, 8)
        ),
    ],
)
def test_an_endless_loop_is_stopped(source):
    namespace = {}
    exec(compile(source, "<notebook>", "exec"), namespace)
    assert "a loop that never ends" in message(namespace["loop"])
    assert sys.gettrace() is None


def test_a_result_that_contains_itself_is_cut_off():
    def knot(x):
        items = []
        items.extend([items] * 60)
        return items

    assert "got a list of 60 items" in message(knot)
    assert "single number" in differs(execute(DOUBLE, knot, Case("x", {"x": 0})).outputs, 1.0)


def test_an_exception_may_not_speak_for_itself():
    class Silent(Exception):
        def __str__(self):
            sys.exit(1)

    class Endless(Exception):
        def __str__(self):
            while True:
                pass

    for kind in (Silent, Endless):

        def raising(x, kind=kind):
            raise kind

        assert "cannot be shown" in message(raising)


@pytest.mark.parametrize(
    "careless",
    [
        lambda x: (sys.stdout.close(), 3 * x)[1],
        lambda x: 10**400,
        lambda x: torch.nested.nested_tensor([x, x[:1]]),
        lambda x: print("\udc80") or 3 * x,
    ],
)
def test_odd_results_and_prints_neither_stop_nor_break_the_report(careless):
    report(careless)._repr_html_().encode()


def test_a_right_value_of_a_wrong_type_is_not_taken_for_a_bug():
    check = dataclasses.replace(
        DOUBLE,
        properties=DOUBLE.properties[:1],
        cases=lambda rng: iter([Case("double", {"x": 2})]),
        judge=lambda case, outputs: differs(outputs, 4),
        bugs=(squared,),
    )
    found = report(lambda x: 4.0, check)
    assert "whole number" in found.findings[0].message
    assert found.bugs == []


def test_bytes_come_through_as_they_are():
    class Louder(bytes):
        def __eq__(self, other):
            return True

        def __getitem__(self, place):
            return b"LOUD"

    tokens = {0: b"\xff\x00", 1: Louder(b"ab")}
    plain = to_plain({0: [tokens[0], b""], 1: tokens[1]})
    assert plain == {0: [b"\xff\x00", b""], 1: b"ab"}
    assert type(plain[1]) is bytes
    assert differs(b"ab", b"ab") is None
    assert "to be b'ab', got 'ab'" in differs("ab", b"ab")
    assert "to be b'ab', got b'b'" in differs(b"b", b"ab")
    assert "1,000,000 characters" in to_plain([bytes(600_000), "x" * 600_000]).description


def test_endless_recursion_is_an_error_like_any_other():
    def recurse(x):
        return recurse(x)

    assert "RecursionError" in message(recurse) or "never ends" in message(recurse)


def test_a_student_may_interrupt():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        report(interrupted)


def test_prints_and_warnings_do_not_reach_stderr(capfd):
    def chatty(x):
        print("hello <b>")
        print("oh", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return 2 * x

    found = report(chatty)
    assert found.passed
    assert capfd.readouterr() == ("", "")
    assert "hello &lt;b&gt;" in found._repr_html_()


def test_a_number_that_numpy_has_kept_is_global_state_too():
    numpy.random.seed(1)
    first, second, third = numpy.random.randn(3)
    numpy.random.seed(1)
    assert numpy.random.randn() == first  # the second is drawn with it, and kept

    def lucky(x):
        return 2 * x + 0 * numpy.random.randn()

    assert report(lucky).findings[0].message.startswith("Your code draws from global")
    assert (numpy.random.randn(), numpy.random.randn()) == (second, third)


def test_another_generator_of_numpy_is_watched_too():
    usual = numpy.random.get_bit_generator()
    numpy.random.set_bit_generator(numpy.random.PCG64(1))
    try:
        found = report(lambda x: 2 * x + 0 * numpy.random.random())
    finally:
        numpy.random.set_bit_generator(usual)
    assert found.findings[0].message.startswith("Your code draws from global")


def test_global_state_is_put_back():
    torch.manual_seed(3)
    before = torch.get_rng_state()

    def careless(x):
        torch.manual_seed(0)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_default_device("meta")
        torch.use_deterministic_algorithms(True)
        numpy.seterr(all="raise")
        numpy.set_printoptions(precision=1)
        sys.setrecursionlimit(100_000)
        os.chdir("/")
        return 2 * x

    settings = numpy.geterr(), numpy.get_printoptions(), sys.getrecursionlimit(), os.getcwd()
    assert report(careless).findings[0].message.startswith("Your code draws from global")
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_default_device() == torch.device("cpu")
    assert not torch.are_deterministic_algorithms_enabled()
    assert settings == (
        numpy.geterr(),
        numpy.get_printoptions(),
        sys.getrecursionlimit(),
        os.getcwd(),
    )
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()


def test_byte_strings_are_plain_data():
    def of_bytes(rng):
        yield Case("double", {"x": b"\xe6a"})
        yield Case("empty", {"x": b""})

    def judge(case, outputs):
        return differs(outputs, case.inputs["x"] * 2)

    check = dataclasses.replace(DOUBLE, cases=of_bytes, judge=judge, bugs=())
    assert report_on(check, *ran(check, lambda x: x + x)).passed
    report = report_on(check, *ran(check, lambda x: x))
    assert report.findings[0].message == r"Expected the result to be b'\xe6a\xe6a', got b'\xe6a'."
    assert report.findings[0].case == r"x = b'\xe6a'"


def ran(check, implementation):
    cases = check.drawn_cases(0)
    return cases, execute_all(check, implementation, cases)


def test_inputs_are_copies():
    case = next(cases(torch.Generator()))
    execute(DOUBLE, in_place.implementation, case)
    assert case.inputs["x"].tolist() == [1.0, 2.0]


def test_the_seed_draws_the_random_case_and_only_that():
    first, again, other = DOUBLE.drawn_cases(0), DOUBLE.drawn_cases(0), DOUBLE.drawn_cases(1)
    assert torch.equal(first[1].inputs["x"], again[1].inputs["x"])
    assert not torch.equal(first[1].inputs["x"], other[1].inputs["x"])
    assert torch.equal(first[0].inputs["x"], other[0].inputs["x"])


def test_feedback_escapes_what_a_student_wrote():
    def injected(x):
        raise ValueError("<script>alert(1)</script>")

    html = report(injected)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_check_that_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="points must be at least 1"):
        Property("x", 0, "nothing")
    twice = Bug("squared", "", "", None)
    with pytest.raises(ValueError, match="bug names given twice"):
        Check("a/b", "", (), DOUBLE.properties, cases, DOUBLE.judge, (squared, twice), "")
    lonely = Check("a/b", "", (), DOUBLE.properties[:1], cases, DOUBLE.judge, (), "")
    with pytest.raises(ValueError, match="disagree on"):
        lonely.drawn_cases(0)
