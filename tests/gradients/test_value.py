"""Value against torch's autograd, on worked graphs and on random ones."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.gradients.value import Value

EXPRESSIONS = {
    "add": "a + b",
    "subtract": "a - b",
    "multiply": "a * b",
    "divide": "a / b",
    "negative": "-a * b",
    "numbers on the right": "(a + 2) * 3 - (b - 4) / 5",
    "numbers on the left": "2 + 3 * a - (4 - b) + 5 / a",
    "power": "a ** 3 + b ** -2 + a ** 0.5",
    "power zero": "a ** 0 + b",
    "functions": "a.exp() + b.tanh() + a.log() + b.relu() + (-a).relu()",
    "same value twice": "a + a * a",
    "unused": "b * 2",
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_agrees_with_torch(expression):
    ours = {"a": Value(0.7), "b": Value(-1.3)}
    theirs = {
        name: torch.tensor(value.data, dtype=torch.float64, requires_grad=True)
        for name, value in ours.items()
    }
    result = eval(expression, {}, ours)
    expected = eval(expression, {}, theirs)
    result.backward()
    expected.backward()
    assert result.data == pytest.approx(expected.item(), rel=1e-12)
    for name, value in ours.items():
        gradient = theirs[name].grad
        assert value.grad == pytest.approx(0.0 if gradient is None else gradient.item(), rel=1e-12)


@given(
    start=st.floats(0.5, 2.0),
    program=st.lists(
        st.tuples(
            st.sampled_from(["+", "-", "*", "tanh", "relu", "square"]),
            st.integers(0, 99),
            st.integers(0, 99),
        ),
        min_size=1,
        max_size=25,
    ),
)
@settings(max_examples=60, deadline=None)
def test_agrees_with_torch_on_random_graphs(start, program):
    def build(leaf):
        values = [leaf]
        for operation, i, j in program:
            left, right = values[i % len(values)], values[j % len(values)]
            values.append(
                {
                    "+": lambda x, y: x + y,
                    "-": lambda x, y: x - y,
                    "*": lambda x, y: (x * y).tanh(),
                    "tanh": lambda x, y: x.tanh(),
                    "relu": lambda x, y: x.relu(),
                    "square": lambda x, y: x.tanh() ** 2,
                }[operation](left, right)
            )
        return sum(values[1:], start=values[0])

    ours, theirs = Value(start), torch.tensor(start, dtype=torch.float64, requires_grad=True)
    build(ours).backward()
    build(theirs).backward()
    assert ours.grad == pytest.approx(theirs.grad.item(), rel=1e-9, abs=1e-9)


def test_second_backward_starts_afresh():
    a, b = Value(2.0), Value(3.0)
    product = a * b
    product.backward()
    product.backward()
    assert (a.grad, b.grad, product.grad) == (3.0, 2.0, 1.0)
    (a + 5 * b).backward()
    assert (a.grad, b.grad) == (1.0, 5.0)


def test_relu_at_zero_has_derivative_zero():
    a = Value(0.0)
    a.relu().backward()
    assert a.grad == 0.0


def test_zeroth_power_at_zero_has_derivative_zero():
    a = Value(0.0)
    (a**0).backward()
    assert a.grad == 0.0


def test_a_graph_deeper_than_the_call_stack():
    x = Value(1.0)
    total = x
    for _ in range(20_000):
        total = total + 1
    total.backward()
    assert x.grad == 1.0


def test_a_graph_with_exponentially_many_paths():
    x = Value(1.0)
    total = x
    for _ in range(200):
        total = total + total
    total.backward()
    assert x.grad == math.ldexp(1.0, 200)


def test_repr_shows_data_and_grad():
    assert repr(Value(2)) == "Value(data=2, grad=0)"
