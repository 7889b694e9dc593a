"""Check of `class Value`: a scalar that can be differentiated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex1_overfitting._scalar_bugs import BUGS
from course_lib.checks.ex1_overfitting._scalar_walks import MAX_LINES

OPERATORS = ("a + b", "a * b", "a - b", "a / b", "-a", "a ** 3", "b ** -2", "a ** 0.5")
FUNCTIONS = ("a.exp()", "a.log()", "a.tanh()", "a.relu()", "b.relu()")
WITH_NUMBERS = ("a + 2", "a * 3", "a - 2", "a / 4", "2 + a", "3 * a", "2 - a", "4 / a")


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Programs on named values: the same text runs on Values and, as oracle, on torch tensors."""
    a, b = (
        0.5 + torch.rand(2, generator=rng, dtype=torch.float64) * torch.tensor([1, -2])
    ).tolist()
    b = b - 0.75
    for expression in OPERATORS + FUNCTIONS:
        for prop in ("forward", "derivatives"):
            yield _case(prop, f"out = {expression}", a=a, b=b)
    yield _case("derivatives", "out = a.relu()", "the derivative of relu at 0 is 0", a=0.0)
    for expression in WITH_NUMBERS:
        yield _case("numbers", f"out = {expression}", a=a)
    yield _case("branches", "out = a + a", "by hand: 2", a=3.0)
    yield _case("branches", "out = a * b + a", "by hand: b + 1 and a", a=2.0, b=-3.0)
    yield _case("branches", "out = a * a * a", a=a)
    yield _case("branches", "c = a * b; out = c.tanh() + c.exp()", a=a, b=b)
    yield _case("order", "b = a * a; out = b + b * a", "by hand, at 2: 3a² + 2a = 16", a=2.0)
    yield _case("order", "b = a * 3; c = b + a; d = c * b; out = d + c", a=a)
    yield _case("order", "b = a.exp(); c = b * a; d = c + b; out = d * c + a", a=a)
    yield _case("order", "b = a + 1; c = b + 1; d = c + 1; out = d * b", a=a)
    twice = ("out", "out")
    yield _case("again", "out = a * b", "out.backward(), twice", roots=twice, a=2.0, b=3.0)
    yield _case("again", "c = a * a; out = c * c", "out.backward(), twice", roots=twice, a=a)
    note = "f.backward(), then g.backward(): a.grad belongs to g alone"
    yield _case("again", "f = a * b; g = a + 5 * b", note, roots=("f", "g"), a=a, b=b)
    yield _case("large", "out = sum([a] * 1200, a)", "a chain of 1,200 sums", a=a)
    doubled = "out = reduce(lambda v, _: v + v, range(60), a)"
    yield _case("large", doubled, "60 doublings: 61 values, but 2⁶⁰ paths", a=1.0)


def _case(prop, program, note="", roots=("out",), **values: float) -> Case:
    return Case(prop, {"values": values, "program": program, "backward": list(roots)}, note)


def execute(program: str, values: dict[str, object]) -> dict[str, object]:
    """Run the program and return the names it knows afterwards."""
    names = {**values, "reduce": reduce}
    exec(program, names)
    return {name: names[name] for name in names if name not in ("reduce", "__builtins__")}


def run(value_class, case: Case) -> Plain:
    """Build the graph, call backward on each root in turn, and read all data and gradients."""
    values = {name: value_class(number) for name, number in case.inputs["values"].items()}
    names = execute(case.inputs["program"], values)
    if case.property != "forward":
        try:
            for root in case.inputs["backward"]:
                names[root].backward()
        except RecursionError:
            return "recursion"
    return {
        "data": {name: value.data for name, value in names.items()},
        "grad": {name: value.grad for name, value in names.items()},
    }


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch.autograd on the same program."""
    if outputs == "recursion":
        return (
            "Python's call stack ended: your walk over the graph calls itself once for each value"
        )
    values = {
        name: torch.tensor(number, dtype=torch.float64, requires_grad=True)
        for name, number in case.inputs["values"].items()
    }
    names = execute(case.inputs["program"], values)
    for name, tensor in names.items():
        if problem := differs(outputs["data"][name], tensor.item(), what=f"{name}.data"):
            return problem
    if case.property == "forward":
        return None
    root = case.inputs["backward"][-1]
    gradients = torch.autograd.grad(names[root], list(names.values()), allow_unused=True)
    for name, gradient in zip(names, gradients, strict=True):
        if gradient is None:  # not below the last root
            continue
        if problem := differs(outputs["grad"][name], gradient.item(), what=f"{name}.grad"):
            return problem
    return None


def symptoms(case: Case, outputs: Plain) -> Plain:
    """The forward cases call no backward: gradients say nothing there."""
    return outputs["data"] if case.property == "forward" else outputs


CHECK = Check(
    id="ex1_overfitting/backpropagation",
    title="Backpropagation on scalars",
    references=("course_lib.gradients.value.Value",),
    properties=(
        Property("forward", 1, "every operator and function computes the right number"),
        Property("derivatives", 2, "every operator and function has the right derivative"),
        Property("numbers", 1, "plain numbers on either side"),
        Property("branches", 1, "a value used more than once sums its gradients"),
        Property("order", 1, "a value passes on its gradient only when it is complete"),
        Property("again", 1, "a second backward starts afresh"),
        Property("large", 1, "deep graphs, and graphs with very many paths"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    symptoms=symptoms,
    forbidden=("torch.Tensor.backward", "torch.autograd.backward", "torch.autograd.grad"),
    max_lines=MAX_LINES,
    takeaway="The walk visits every value once, so all derivatives together cost about as much as "
    "computing the result. That holds for a billion parameters too.",
)
