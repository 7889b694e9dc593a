"""A forbidden function is refused under whatever name it is called, and afterwards works again."""

import importlib

import pytest
import torch
from torch.nn.functional import softmax as under_another_name

from course_lib.checks import catalogue
from course_lib.checks.base import Case, Check, Property
from course_lib.checks.execution import execute
from course_lib.checks.forbidden import ForbiddenCallError, refused
from course_lib.checks.judging import report_on
from course_lib.gradients.value import Value
from course_lib.overfitting.polynomial import polynomial_features

SOFTMAX = "torch.nn.functional.softmax"  # written in Python
INVERSE = "torch.linalg.inv"  # compiled


def check(forbidden):
    return Check(
        id="demo/demo",
        title="Demo",
        references=("demo.f",),
        properties=(Property("value", 1, "the value"),),
        cases=lambda rng: iter([case()]),
        judge=lambda case, outputs: None,
        bugs=(),
        takeaway="Taken.",
        forbidden=forbidden,
    )


def case():
    return Case("value", {"x": torch.eye(2, dtype=torch.float64)})


def swallowing(x):
    try:
        return torch.linalg.inv(x)
    except Exception:
        return x


@pytest.mark.parametrize(
    ("implementation", "name"),
    [
        (lambda x: torch.nn.functional.softmax(x, dim=0), SOFTMAX),
        (lambda x: under_another_name(x, dim=0), SOFTMAX),
        (torch.linalg.inv, INVERSE),
        (swallowing, INVERSE),
        (lambda x: x.requires_grad_().sum().backward(), "torch.Tensor.backward"),
        (lambda x: Value(1.0) + 2.0, "course_lib.gradients.value.Value"),
    ],
)
def test_a_call_is_found_and_costs_the_property(implementation, name):
    found = execute(check((name,)), implementation, case())
    assert found.forbidden == (name,)
    report = report_on(check((name,)), [case()], [found])
    assert report.points == 0
    assert f"`{name}`" in report.findings[0].message


@pytest.mark.parametrize("names", [(SOFTMAX, INVERSE), (), ("no.such.module.f", "torch.no_such")])
def test_what_is_not_called_costs_nothing(names):
    found = execute(check(names), lambda x: x @ x, case())
    assert (found.error, found.forbidden) == ("", ())


def test_all_works_again_afterwards_also_after_an_exception():
    x = torch.tensor([1.0, 2.0])
    before = under_another_name(x, dim=0)
    names = [SOFTMAX, INVERSE, "course_lib.gradients.value.Value"]
    names.append("course_lib.overfitting.polynomial.polynomial_features")
    with pytest.raises(ForbiddenCallError), refused(names) as called:
        polynomial_features(x, 2)
    assert called == names[-1:]
    assert torch.equal(under_another_name(x, dim=0), before)
    assert torch.equal(torch.linalg.inv(torch.eye(2)), torch.eye(2))
    assert polynomial_features(x, 1).tolist() == [[1.0, 1.0], [1.0, 2.0]]
    assert (Value(1.0) + 2.0).data == 3.0


def test_what_is_called_in_an_inner_block_counts_in_the_outer_one_too():
    features = "course_lib.overfitting.polynomial.polynomial_features"
    with refused([INVERSE]) as outer:
        with pytest.raises(ForbiddenCallError), refused([features]) as inner:
            polynomial_features(torch.tensor([1.0]), 2)
        with refused([SOFTMAX]) as other:
            polynomial_features(torch.tensor([1.0]), 2)
    assert (inner, other, outer) == ([features], [], [features])
    with refused([INVERSE]) as afterwards:
        pass
    assert afterwards == []


@pytest.mark.parametrize("exercise", catalogue().values(), ids=lambda found: found.id)
def test_every_reference_can_be_refused(exercise):
    objects = []
    for reference in exercise.references:
        module, _, name = reference.rpartition(".")
        objects.append(getattr(importlib.import_module(module), name))
    implementation = objects[0] if len(objects) == 1 else tuple(objects)
    first = exercise.drawn_cases(0)[0]
    found = execute(exercise, implementation, first, forbidden=exercise.references)
    assert found.forbidden
    assert set(found.forbidden) <= set(exercise.references)


@pytest.mark.parametrize(
    "way",
    [
        lambda x, dim: torch.nn.functional.softmin(-x, dim),
        lambda x, dim: torch._softmax(x, dim, False),
        lambda x, dim: torch._safe_softmax(x, dim),
    ],
)
def test_softmax_by_another_name_of_torchs_own_is_refused(way):
    check = catalogue()["ex2_attention/softmax"]
    outcome = execute(check, way, check.drawn_cases(0)[0])
    assert outcome.error == ForbiddenCallError.__name__
    assert outcome.forbidden
