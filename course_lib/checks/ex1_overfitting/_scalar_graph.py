"""A scalar autograd with every part exchangeable: what the bugs of backpropagation are made of."""

from __future__ import annotations

import math
from itertools import repeat
from typing import ClassVar


class Scalar:
    """A right implementation; a bug exchanges a derivative, an operator or a walk."""

    # The local derivatives, from the inputs x (and y) and the result r.
    slopes: ClassVar[dict] = {
        "add": lambda x, y, r: (1.0, 1.0),
        "subtract": lambda x, y, r: (1.0, -1.0),
        "multiply": lambda x, y, r: (y, x),
        "divide": lambda x, y, r: (1 / y, -x / y**2),
        "power": lambda x, n, r: (n * x ** (n - 1),),
        "exp": lambda x, r: (r,),
        "log": lambda x, r: (1 / x,),
        "tanh": lambda x, r: (1 - r**2,),
        "relu": lambda x, r: (float(x > 0),),
    }

    def __init__(self, data, parents=(), local_derivatives=()):
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.local_derivatives = local_derivatives

    def result(self, operation: str, data: float, *inputs: Scalar | float) -> Scalar:
        """The value of an operation, with the inputs that are values as its parents."""
        numbers = [x.data if isinstance(x, Scalar) else x for x in inputs]
        parents = tuple(x for x in inputs if isinstance(x, Scalar))
        return type(self)(data, parents, self.slopes[operation](*numbers, data))

    def wrapped(self, other: Scalar | float) -> Scalar:
        """A plain number as a value."""
        return other if isinstance(other, Scalar) else type(self)(other)

    def __add__(self, other):
        """Sum."""
        other = self.wrapped(other)
        return self.result("add", self.data + other.data, self, other)

    def __sub__(self, other):
        """Difference."""
        other = self.wrapped(other)
        return self.result("subtract", self.data - other.data, self, other)

    def __mul__(self, other):
        """Product."""
        other = self.wrapped(other)
        return self.result("multiply", self.data * other.data, self, other)

    def __truediv__(self, other):
        """Quotient."""
        other = self.wrapped(other)
        return self.result("divide", self.data / other.data, self, other)

    def __pow__(self, exponent):
        """Power with a plain number."""
        return self.result("power", self.data**exponent, self, exponent)

    def __neg__(self):
        """Negative."""
        return self * -1

    def __radd__(self, other):
        """Number + self."""
        return self.wrapped(other) + self

    def __rsub__(self, other):
        """Number − self."""
        return self.wrapped(other) - self

    def __rmul__(self, other):
        """Number · self."""
        return self.wrapped(other) * self

    def __rtruediv__(self, other):
        """Number / self."""
        return self.wrapped(other) / self

    def exp(self):
        """Exponential."""
        return self.result("exp", math.exp(self.data), self)

    def log(self):
        """Natural logarithm."""
        return self.result("log", math.log(self.data), self)

    def tanh(self):
        """Hyperbolic tangent."""
        return self.result("tanh", math.tanh(self.data), self)

    def relu(self):
        """Positive part."""
        return self.result("relu", max(self.data, 0.0), self)

    def edges(self):
        """Each parent with its local derivative."""
        return zip(self.parents, self.local_derivatives, strict=True)

    def order(self) -> list[Scalar]:
        """Every value below self, each before its parents, so that self comes first."""
        finished, seen, stack = [], set(), [(self, False)]
        while stack:
            value, done = stack.pop()
            if done:
                finished.append(value)
            elif value not in seen:
                seen.add(value)
                stack.append((value, True))
                stack.extend(zip(value.parents, repeat(False)))
        return finished[::-1]

    def clear(self) -> None:
        """Forget the gradients of earlier calls."""
        for value in Scalar.order(self):
            value.grad = 0.0

    def start(self) -> None:
        """Begin with d(self)/d(self) = 1."""
        self.grad = 1.0

    def pass_on(self) -> None:
        """Add this value's share to the gradient of each parent."""
        for parent, slope in self.edges():
            parent.grad += self.grad * slope

    def backward(self) -> None:
        """Fill in every gradient below self."""
        self.clear()
        self.start()
        for value in self.order():
            value.pass_on()
