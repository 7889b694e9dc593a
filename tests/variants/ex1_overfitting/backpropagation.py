"""Correct ways to write `Value`, none of them the reference's."""

import heapq
import itertools
import math

import numpy as np


class Closures:
    """Every operation leaves a function behind that passes its gradient on, as micrograd does."""

    def __init__(self, data):
        self.data, self.grad = data, 0.0
        self._inputs, self._pass_on = (), lambda: None

    @staticmethod
    def _of(other):
        return other if isinstance(other, Closures) else Closures(other)

    def _make(self, data, inputs, slopes):
        out = Closures(data)
        out._inputs = inputs

        def pass_on():
            for x, slope in zip(inputs, slopes, strict=True):
                x.grad += slope * out.grad

        out._pass_on = pass_on
        return out

    def __add__(self, other):
        other = self._of(other)
        return self._make(self.data + other.data, (self, other), (1, 1))

    def __sub__(self, other):
        other = self._of(other)
        return self._make(self.data - other.data, (self, other), (1, -1))

    def __mul__(self, other):
        other = self._of(other)
        return self._make(self.data * other.data, (self, other), (other.data, self.data))

    def __truediv__(self, other):
        other = self._of(other)
        slopes = (1 / other.data, -self.data / other.data / other.data)
        return self._make(self.data / other.data, (self, other), slopes)

    def __pow__(self, n):
        return self._make(self.data**n, (self,), (n * self.data ** (n - 1),))

    def __neg__(self):
        return self._make(-self.data, (self,), (-1,))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return self._of(other) - self

    def __rtruediv__(self, other):
        return self._of(other) / self

    def exp(self):
        return self._make(math.exp(self.data), (self,), (math.exp(self.data),))

    def log(self):
        return self._make(math.log(self.data), (self,), (1 / self.data,))

    def tanh(self):
        t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)
        return self._make(t, (self,), (1 - t * t,))

    def relu(self):
        return self._make(self.data if self.data > 0 else 0.0, (self,), (self.data > 0,))

    def backward(self):
        order, seen, stack = [], {id(self)}, [(self, iter(self._inputs))]
        while stack:
            node, inputs = stack[-1]
            for x in inputs:
                if id(x) not in seen:
                    seen.add(id(x))
                    stack.append((x, iter(x._inputs)))
                    break
            else:
                order.append(node)
                stack.pop()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        while order:
            order.pop()._pass_on()


class Numbered:
    """Values carry a serial number: what was made later is visited earlier, through a heap."""

    _serial = itertools.count()

    def __init__(self, data, *edges):
        self.data, self.grad = np.float64(data), np.float64(0)
        self.edges, self.number = edges, next(Numbered._serial)

    def __add__(self, other):
        if not isinstance(other, Numbered):
            return Numbered(self.data + other, (self, 1))
        return Numbered(self.data + other.data, (self, 1), (other, 1))

    def __mul__(self, other):
        if not isinstance(other, Numbered):
            return Numbered(self.data * other, (self, other))
        return Numbered(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, n):
        return Numbered(self.data ** float(n), (self, n * self.data ** (n - 1.0)))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + other * -1

    def __truediv__(self, other):
        return self * (other**-1 if isinstance(other, Numbered) else 1 / other)

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return -(self - other)

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return self**-1 * other

    def exp(self):
        return Numbered(np.exp(self.data), (self, np.exp(self.data)))

    def log(self):
        return Numbered(np.log(self.data), (self, 1 / self.data))

    def tanh(self):
        return Numbered(np.tanh(self.data), (self, 1 / np.cosh(self.data) ** 2))

    def relu(self):
        return Numbered(np.maximum(self.data, 0), (self, np.heaviside(self.data, 0)))

    def backward(self):
        grads, heap = {self.number: 1.0}, [(-self.number, self)]
        while heap:
            _, value = heapq.heappop(heap)
            value.grad = grads[value.number]
            for parent, slope in value.edges:
                if parent.number not in grads:
                    grads[parent.number] = 0.0
                    heapq.heappush(heap, (-parent.number, parent))
                grads[parent.number] += slope * value.grad


class Kahn(Closures):
    """Counts the uses of every value, and visits it when all of them have paid in."""

    def backward(self):
        uses, stack = {self: 0}, [self]
        while stack:
            for x in stack.pop()._inputs:
                if x not in uses:
                    uses[x] = 0
                    stack.append(x)
                uses[x] += 1
        for value in uses:
            value.grad = 0.0
        self.grad, ready = 1.0, [self]
        while ready:
            value = ready.pop()
            value._pass_on()
            for x in value._inputs:
                uses[x] -= 1
                if uses[x] == 0:
                    ready.append(x)


VARIANTS = [Closures, Numbered, Kahn]
