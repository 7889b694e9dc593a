"""Steps are counted alike however code is laid out, and the count leaves nothing behind."""

import builtins
import collections
import heapq
import sys
from heapq import heapify, nlargest, nsmallest

import numpy as np
import pytest
import torch

from course_lib.checks.line_budget import TooManyLines, line_budget
from course_lib.checks.steps import counted_steps
from course_lib.tokenizer.bpe import merge

N = 1000
LONG = [0] * N


def steps_of(function):
    with counted_steps(10**6) as steps:
        function()
    return steps.n


def for_loop():
    total = 0
    for i in range(N):
        total += i
        total -= 1
        total *= 1
    return total


def for_loop_in_a_line():
    total = 0
    for i in range(N): total += i  # noqa: E701  # fmt: skip
    return total


def while_loop():
    i = 0
    while i < N:
        i += 1


def nested_comprehension():
    return {(a, b): 0 for a in range(10) for b in range(N // 10)}


def generator_in_sum():
    return sum(1 for i in range(N) if i < 0)  # the generator turns, sum is given nothing


def calls():
    def f(x):
        x += 1
        return x

    return list(map(f, range(N)))


@pytest.mark.parametrize(
    "function",
    [
        for_loop,
        for_loop_in_a_line,
        while_loop,
        nested_comprehension,
        generator_in_sum,
        calls,
        lambda: [i for i in range(N)],
        lambda: list(i for i in range(N)),
        lambda: max(range(N)),
        lambda: min(zip(range(N), range(N), strict=True)),
        lambda: sorted(range(N), reverse=True),
        lambda: collections.Counter(range(N)),
        lambda: collections.Counter().update(range(N)),
        lambda: collections.Counter(dict.fromkeys(range(N), 0)).most_common(1),
        lambda: collections.Counter(dict.fromkeys(range(N), 0)).most_common(3),
        lambda: collections.Counter(dict.fromkeys(range(N), 0)).most_common(),
        lambda: LONG.copy().sort(),
        lambda: list.sort(LONG.copy(), reverse=True),
        lambda: heapq.heapify(LONG.copy()),
        lambda: heapify(LONG.copy()),
        lambda: heapq.nlargest(5, LONG),
        lambda: heapq.nsmallest(5, LONG),
        lambda: nlargest(5, iter(LONG)),
        lambda: nsmallest(1, LONG),
        lambda: merge([1] * N, (2, 2), 3),
    ],
)
def test_a_thing_touched_is_a_step(function):
    assert N <= steps_of(function) <= 1.12 * N  # a loop begins and ends


def test_a_key_is_a_call_for_each_item():
    n = steps_of(lambda: max(range(N), key=lambda i: -i))
    assert 2 * N <= n <= 2 * N + 10


def test_what_needs_no_look_at_all_is_cheap():
    heap = list(range(N))
    assert steps_of(lambda: heapq.heappush(heap, 5)) <= 2
    assert steps_of(lambda: max(3, 4)) <= 2
    assert steps_of(lambda: "".join(map(str, range(N)))) <= 2


@pytest.mark.parametrize(
    ("function", "libraries"),
    [
        (lambda: np.array([1, 2]).sum(), {"numpy"}),
        (lambda: np.unique([1, 2]), {"numpy"}),
        (lambda: torch.tensor([1, 2]).argmax(), {"torch"}),
        (lambda: sorted([2, 1]), set()),
    ],
)
def test_libraries_that_count_out_of_sight_are_noted(function, libraries):
    with counted_steps(10**6) as steps:
        function()
    assert steps.out_of_sight == libraries


def test_results_and_errors_are_those_of_python():
    with counted_steps(10**6):
        assert max([], default=7) == 7
        assert min(iter("hello"), key=ord) == "e"
        assert sum([1, 2], 3) == 6
        assert sorted("ba", reverse=True) == ["b", "a"]
        assert collections.Counter("aab") == {"a": 2, "b": 1}
        with pytest.raises(ValueError, match="empty"):
            max([])
        with pytest.raises(TypeError):
            max()


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "while True:\n    x = 1",
        "[0 for _ in iter(int, 1)]",
        "max(0 for _ in iter(int, 1))",
        "while True:\n    try:\n        x = 1\n    except:\n        pass",
        "while True:\n    try:\n        max([1, 2, 3])\n    except:\n        pass",
    ],
)
def test_what_never_ends_is_ended(source):
    code = compile(source, "<notebook>", "exec")
    with pytest.raises(TooManyLines), counted_steps(10_000) as steps:
        exec(code, {})
    assert steps.n > 10_000


def test_everything_is_put_back_as_it_was():
    def fails():
        assert builtins.max is not before[0]
        assert heapify is heapq.heapify is not before[3]
        raise ZeroDivisionError

    def state():
        functions = builtins.max, builtins.sum, collections._count_elements, heapq.heapify, heapify
        return *functions, sys.gettrace(), sys.getprofile()

    before = state()
    with pytest.raises(ZeroDivisionError):
        steps_of(fails)
    assert state() == before


def test_a_line_budget_around_it_goes_on_afterwards():
    def counts_and_then_loops():
        with line_budget(1000):
            counted.append(steps_of(for_loop))
            namespace["loop"]()

    namespace, counted = {}, []
    exec(compile("def loop():\n    while True:\n        x = 1", "<notebook>", "exec"), namespace)
    with pytest.raises(TooManyLines):
        counts_and_then_loops()
    assert counted[0] >= N
    assert sys.gettrace() is None
