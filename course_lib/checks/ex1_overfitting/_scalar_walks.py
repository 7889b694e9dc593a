"""Wrong ways through the graph of a scalar: each class differs from the right one in its walk."""

from __future__ import annotations

from course_lib.checks.ex1_overfitting._scalar_graph import Scalar
from course_lib.checks.execution import TooManyLines

MAX_LINES = 1_000_000  # the budget of one case


class Overwriting(Scalar):
    """The last branch wins."""

    def pass_on(self) -> None:
        """Set where it should add."""
        for parent, slope in self.edges():
            parent.grad = self.grad * slope


class EqualParentsMerged(Scalar):
    """Parents kept in a dict, so that a + a has one parent with one derivative."""

    def edges(self):
        """Each different parent once."""
        return dict(zip(self.parents, self.local_derivatives, strict=True)).items()


class InputsCleared(Scalar):
    """Only the values without parents are cleared."""

    def clear(self) -> None:
        """Forget the gradients of the inputs."""
        for value in Scalar.order(self):
            if not value.parents:
                value.grad = 0.0


class DepthFirst(Scalar):
    """Each value once, as soon as a walk from the result reaches it."""

    def order(self) -> list[Scalar]:
        """Preorder, first parents first."""
        seen, stack = {}, [self]
        while stack:
            value = stack.pop()
            if value not in seen:
                seen[value] = True
                stack.extend(reversed(value.parents))
        return list(seen)


class BreadthFirst(Scalar):
    """Each value once, level by level from the result."""

    def order(self) -> list[Scalar]:
        """By distance from the result."""
        seen = {self: True}
        queue = [self]
        for value in queue:
            for parent in value.parents:
                if parent not in seen:
                    seen[parent] = True
                    queue.append(parent)
        return queue


class InputsFirst(Scalar):
    """The topological order, not reversed."""

    def order(self) -> list[Scalar]:
        """From the inputs to the result."""
        return super().order()[::-1]


class ShareCountedAgain(Scalar):
    """Recursion that, at each visit, passes on all that has been collected so far."""

    def pass_on(self) -> None:
        """Recurse into the parents."""
        for parent, slope in self.edges():
            parent.grad += self.grad * slope
            parent.pass_on()

    def order(self) -> list[Scalar]:
        """The recursion starts at the result; graphs of many paths end like an endless loop."""
        stop_endless(self)
        return [self]


class PathByPath(Scalar):
    """Right on small graphs: every path from the result to an input is walked on its own."""

    def backward(self) -> None:
        """Start all paths at the result; there may be 2 to the power of the depth."""
        stop_endless(self)
        self.clear()
        self.pass_down(1.0)

    def pass_down(self, share: float) -> None:
        """Take one path's share, and walk on to every parent."""
        self.grad += share
        for parent, slope in self.edges():
            parent.pass_down(share * slope)


class Recursive(Scalar):
    """Right on small graphs: the topological order is found by recursion."""

    def order(self) -> list[Scalar]:
        """Postorder, by a function that calls itself."""
        finished, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                finished.append(value)

        visit(self)
        return finished[::-1]


def stop_endless(result: Scalar, limit: int = 100_000) -> None:
    """End as a student's walk over all paths would: lines inside `checks` are not counted."""
    paths: dict[Scalar, int] = {result: 1}
    for value in Scalar.order(result):
        for parent in value.parents:
            paths[parent] = paths.get(parent, 0) + paths[value]
    if sum(paths.values()) > limit:
        raise TooManyLines(f"more than {MAX_LINES:,} lines executed")
