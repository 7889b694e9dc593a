"""The mistakes people make when they write scalar backpropagation, with the words that help."""

from __future__ import annotations

from course_lib.checks.base import Bug
from course_lib.checks.ex1_overfitting import _scalar_walks as walks
from course_lib.checks.ex1_overfitting._scalar_graph import Scalar


def variation(base: type[Scalar] = Scalar, **parts: object) -> type[Scalar]:
    """A class named Value, since Python's own error messages name the class."""
    return type("Value", (base,), parts)


def wrong_slope(**slopes: object) -> type[Scalar]:
    """A class in which some local derivatives are wrong."""
    return variation(slopes={**Scalar.slopes, **slopes})


def absent(*names: str) -> type[Scalar]:
    """A class without some operators."""
    return variation(**dict.fromkeys(names))


BUGS = (
    Bug(
        "overwritten-at-branch",
        "Where a value is used twice, the second branch overwrites the gradient of the first.",
        "Add to the parent's gradient (`+=`): the chain rule sums over all uses.",
        variation(walks.Overwriting),
    ),
    Bug(
        "equal-parents-merged",
        "In `a + a` the parent counts once: a dict or set of parents loses the second use.",
        "Keep parents and derivatives in tuples or lists, with repetitions.",
        variation(walks.EqualParentsMerged),
    ),
    Bug(
        "depth-first",
        "Values pass their gradient on as soon as a walk reaches them, before it is complete.",
        "Sort first: a value may pass on only after everything made from it has.",
        variation(walks.DepthFirst),
    ),
    Bug(
        "breadth-first",
        "Values are visited level by level from the result; a short path reaches some too early.",
        "The number of steps from the result is not enough: sort so that results precede parents.",
        variation(walks.BreadthFirst),
    ),
    Bug(
        "inputs-first",
        "The order runs from the inputs to the result, so nothing arrives at the inputs.",
        "Go through the topological order in reverse: `reversed(order)`.",
        variation(walks.InputsFirst),
    ),
    Bug(
        "share-counted-again",
        "Each visit passes on the whole gradient collected so far, so earlier shares count again.",
        "Let each value pass on once, when its gradient is complete.",
        variation(walks.ShareCountedAgain),
    ),
    Bug(
        "path-by-path",
        "Every path is walked on its own: right, but 60 doublings have 2⁶⁰ paths.",
        "Visit each value once, in topological order; keep a set of those visited.",
        variation(walks.PathByPath),
    ),
    Bug(
        "recursive",
        "The order is found by recursion, and Python allows about 1,000 nested calls.",
        "Keep the values still to visit in a list; hint 3 of the exercise has the loop.",
        variation(walks.Recursive),
    ),
    Bug(
        "not-cleared",
        "A second `.backward()` adds to the gradients of the first, as in torch; here it must not.",
        "Set every gradient in the graph to 0 before you start.",
        variation(clear=lambda self: None),
    ),
    Bug(
        "inputs-cleared-only",
        "Before a second `.backward()` only the inputs are cleared, not the values in between.",
        "Clear the whole graph below the result: the topological order lists it.",
        variation(walks.InputsCleared),
    ),
    Bug(
        "no-start",
        "Every gradient is 0: the result's own gradient was never set to 1.",
        "Before the walk, `self.grad = 1.0`: d(self)/d(self) is 1.",
        variation(start=lambda self: None),
    ),
    Bug(
        "factors-not-exchanged",
        "In a product each factor gets itself as derivative; it should get the other one.",
        "d(a·b)/da = b.",
        wrong_slope(multiply=lambda x, y, r: (x, y)),
    ),
    Bug(
        "difference-without-sign",
        "In a − b the derivative with respect to b lacks its minus sign.",
        "d(a − b)/db = −1.",
        wrong_slope(subtract=lambda x, y, r: (1.0, 1.0)),
    ),
    Bug(
        "denominator-without-sign",
        "In a / b the derivative with respect to b lacks its minus sign.",
        "For positive a and b the quotient falls as b grows: d(a / b)/db = −a / b².",
        wrong_slope(divide=lambda x, y, r: (1 / y, x / y**2)),
    ),
    Bug(
        "denominator-not-squared",
        "In a / b the derivative with respect to b divides by b, not by b².",
        "a / b is a · b⁻¹, and the derivative of b⁻¹ is −b⁻²: the square comes from there.",
        wrong_slope(divide=lambda x, y, r: (1 / y, -x / y)),
    ),
    Bug(
        "power-not-lowered",
        "The derivative of a power keeps the exponent n; it should be n − 1.",
        "d(aⁿ)/da = n · aⁿ⁻¹: lower the exponent by one.",
        wrong_slope(power=lambda x, n, r: (n * r,)),
    ),
    Bug(
        "power-without-factor",
        "The derivative of a power lacks the factor n.",
        "The derivative of a² is 2a: multiply aⁿ⁻¹ by n.",
        wrong_slope(power=lambda x, n, r: (x ** (n - 1),)),
    ),
    Bug(
        "exp-as-power",
        "The derivative of exp is taken as if exp(a) were a power of a.",
        "exp is its own derivative: use the result as it is.",
        wrong_slope(exp=lambda x, r: (x * r,)),
    ),
    Bug(
        "log-of-result",
        "The derivative of log divides by the logarithm; it should divide by a.",
        "d(log a)/da = 1 / a.",
        wrong_slope(log=lambda x, r: (1 / r,)),
    ),
    Bug(
        "tanh-of-input",
        "The derivative of tanh is taken as 1 − a²; the square belongs to the result.",
        "Square the result, not the input: 1 − tanh(a)².",
        wrong_slope(tanh=lambda x, r: (1 - x**2,)),
    ),
    Bug(
        "tanh-not-squared",
        "The derivative of tanh is taken as 1 − tanh(a), without the square.",
        "Use 1 − tanh(a)²: tanh is flat far to the left too, where tanh(a) is near −1.",
        wrong_slope(tanh=lambda x, r: (1 - r,)),
    ),
    Bug(
        "relu-always-open",
        "relu passes the gradient on for negative inputs too.",
        "Its derivative is 1 where a > 0 and 0 elsewhere.",
        wrong_slope(relu=lambda x, r: (1.0,)),
    ),
    Bug(
        "relu-open-at-zero",
        "The derivative of relu at 0 comes out as 1; here, as in torch, it is 0.",
        "Compare with `>`, not `>=`.",
        wrong_slope(relu=lambda x, r: (float(x >= 0),)),
    ),
    Bug(
        "numbers-not-wrapped",
        "A plain number on the right is not turned into a Value.",
        "Begin with `other = other if isinstance(other, Value) else Value(other)`.",
        variation(wrapped=lambda self, other: other),
    ),
    Bug(
        "no-number-on-the-left",
        "A plain number on the left fails: `2 + a` looks for `__radd__`.",
        "Write `__radd__`, `__rsub__`, `__rmul__` and `__rtruediv__`.",
        absent("__radd__", "__rsub__", "__rmul__", "__rtruediv__"),
    ),
    Bug(
        "reflected-difference",
        "`2 - a` gives a − 2: the reflected operator has its operands in the wrong order.",
        "`__rsub__(self, other)` is other − self.",
        variation(__rsub__=lambda self, other: self - other),
    ),
    Bug(
        "reflected-quotient",
        "`4 / a` gives a / 4: the reflected operator has its operands in the wrong order.",
        "`__rtruediv__(self, other)` is other / self.",
        variation(__rtruediv__=lambda self, other: self / other),
    ),
)
