"""Scalar backpropagation: numbers that remember how they were made."""

import math


class Value:
    """A number that remembers how it was computed, so that it can be differentiated.

    Arithmetic on values builds a graph. Every result keeps its `parents`, the values it was made
    from, and its `local_derivatives`, one number d(result)/d(parent) for each of them. `backward`
    on the last value L then fills in `grad` = dL/d(value) for L itself and for everything it was
    made from, by the chain rule, from the result back to the inputs:

        dL/d(parent) = sum over the results r made from it of  dL/dr · dr/d(parent)

    Operators: `+ - * /` with values or plain numbers on either side, unary minus, `**` with a plain
    number as exponent, and the methods `exp`, `log`, `tanh`, `relu` (whose derivative at 0 is 0).

    Raises whatever Python's float arithmetic raises.

    Source: Linnainmaa (1976); Rumelhart, Hinton and Williams (1986).
    """

    def __init__(self, data: int | float, parents: tuple = (), local_derivatives: tuple = ()):
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.local_derivatives = local_derivatives

    def __repr__(self):
        """Show the number and its gradient."""
        return f"Value(data={self.data:.4g}, grad={self.grad:.4g})"

    def __add__(self, other):
        """self + other; both local derivatives are 1."""
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        """self · other; each factor's local derivative is the other factor."""
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent: int | float):
        """self ** exponent for a plain number; derivative exponent · self ** (exponent − 1)."""
        slope = exponent * self.data ** (exponent - 1) if exponent != 0 else 0.0
        return Value(self.data**exponent, (self,), (slope,))

    def __neg__(self):
        """−self, as a product."""
        return self * -1.0

    def __sub__(self, other):
        """self − other, as a sum."""
        return self + (-other)

    def __truediv__(self, other):
        """self / other, as a product with a power."""
        other = other if isinstance(other, Value) else Value(other)
        return self * other**-1

    def __radd__(self, other):
        """Number + self."""
        return self + other

    def __rmul__(self, other):
        """Number · self."""
        return self * other

    def __rsub__(self, other):
        """Number − self."""
        return -self + other

    def __rtruediv__(self, other):
        """Number / self."""
        return self**-1 * other

    def exp(self):
        """e to the power self; its derivative is itself."""
        result = math.exp(self.data)
        return Value(result, (self,), (result,))

    def log(self):
        """Natural logarithm; derivative 1 / self."""
        return Value(math.log(self.data), (self,), (1.0 / self.data,))

    def tanh(self):
        """Hyperbolic tangent; derivative 1 − tanh(self)²."""
        result = math.tanh(self.data)
        return Value(result, (self,), (1.0 - result**2,))

    def relu(self):
        """max(self, 0); derivative 1 where self > 0, else 0."""
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def topological_order(self):
        """Every value self was made from, each once, after its parents; self is last.

        A stack of our own, not recursion: a graph may be deeper than the call stack.
        """
        order, visited, stack = [], set(), [(self, False)]
        while stack:
            value, parents_done = stack.pop()
            if parents_done:
                order.append(value)
            elif value not in visited:
                visited.add(value)
                stack.append((value, True))
                stack.extend((parent, False) for parent in value.parents)
        return order

    def backward(self):
        """Set `grad` to d(self)/d(value) on self and every value it was computed from.

        Gradients left by an earlier call are cleared first: calling twice changes nothing.
        """
        order = self.topological_order()
        for value in order:
            value.grad = 0.0
        self.grad = 1.0
        for value in reversed(order):
            for parent, derivative in zip(value.parents, value.local_derivatives, strict=True):
                parent.grad += value.grad * derivative
