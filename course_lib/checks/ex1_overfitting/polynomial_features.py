"""Check of `polynomial_features(x, degree) -> features`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs


def cases(rng: torch.Generator) -> Iterator[Case]:
    """By hand, then zero and negative inputs, then random ones of every shape that can mislead."""
    yield _case("powers", [2.0, 3.0], 2, "by hand: rows 1, x, x²")
    yield _case("powers", [0.5], 3, "one point")
    yield _case("powers", torch.rand(4, generator=rng, dtype=torch.float64), 3, "a square result")
    yield _case("powers", torch.rand(30, generator=rng, dtype=torch.float64), 30)
    yield _case("any-input", [0.0], 2, "0⁰ is 1")
    yield _case("any-input", [-2.0, 0.0, 1.0], 3)
    yield _case("any-input", torch.randn(7, generator=rng, dtype=torch.float64), 4)
    yield _case("degree-zero", [0.0, 1.0, 5.0], 0, "the constant alone")


def _case(name: str, x: Plain, degree: int, note: str = "") -> Case:
    return Case(name, {"x": torch.as_tensor(x, dtype=torch.float64), "degree": degree}, note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch's Vandermonde matrix."""
    x, degree = case.inputs.values()
    return differs(outputs, torch.vander(x, N=degree + 1, increasing=True))


@bug(
    "There is no constant column: the powers start at x¹, so every curve is 0 at x = 0.",
    hint="Let the exponents run from 0 to degree; x⁰ is the column of ones.",
)
def no_constant(x: Tensor, degree: int) -> Tensor:
    """Powers 1 … degree."""
    return x.unsqueeze(-1) ** torch.arange(1, degree + 1)


@bug(
    "The highest power is degree − 1: `range(degree)` and `arange(degree)` stop one short.",
    hint="A polynomial of degree k has k + 1 columns: count to degree + 1.",
)
def one_power_short(x: Tensor, degree: int) -> Tensor:
    """Powers 0 … degree − 1."""
    return x.unsqueeze(-1) ** torch.arange(degree)


@bug(
    "There is one power too many: the last column is x^(degree + 1).",
    hint="Powers 0 to degree are degree + 1 columns in all.",
)
def one_power_too_many(x: Tensor, degree: int) -> Tensor:
    """Powers 0 … degree + 1."""
    return x.unsqueeze(-1) ** torch.arange(degree + 2)


@bug(
    "The powers decrease from left to right, as in numpy's default Vandermonde matrix.",
    hint="Column k must hold x ** k; `vander` takes increasing=True.",
)
def decreasing_order(x: Tensor, degree: int) -> Tensor:
    """Highest power first."""
    return torch.vander(x, N=degree + 1)


@bug(
    "Rows and columns are exchanged: each row holds one power instead of one point.",
    hint="The shape is (n, degree + 1): one row per point. Stack along the last axis.",
)
def transposed(x: Tensor, degree: int) -> Tensor:
    """Shape (degree + 1, n)."""
    return torch.vander(x, N=degree + 1, increasing=True).T


@bug(
    "x is multiplied by k where it should be raised to the power k; all columns lie on one line.",
    hint="Use `**`, not `*`.",
)
def multiples(x: Tensor, degree: int) -> Tensor:
    """1, x, 2x, 3x …"""
    columns = x.unsqueeze(-1) * torch.arange(degree + 1)
    columns[:, 0] = 1.0
    return columns


@bug(
    "Base and exponent are exchanged: column k holds k ** x.",
    hint="x is the base: `x.unsqueeze(-1) ** exponents`.",
)
def exponent_and_base_exchanged(x: Tensor, degree: int) -> Tensor:
    """k ** x"""
    return torch.arange(degree + 1) ** x.unsqueeze(-1)


@bug(
    "The power goes through a logarithm, which has no value at 0 and below.",
    hint="`x ** k` with a whole k works for every x.",
)
def through_logarithm(x: Tensor, degree: int) -> Tensor:
    """exp(k log x)"""
    return torch.exp(torch.arange(degree + 1) * torch.log(x).unsqueeze(-1))


@bug(
    "The constant column is zero: it was allocated, but the loop starts after it.",
    hint="Fill column 0 with ones.",
)
def constant_is_zero(x: Tensor, degree: int) -> Tensor:
    """Zeros where the ones should be."""
    columns = torch.vander(x, N=degree + 1, increasing=True)
    columns[:, 0] = 0.0
    return columns


@bug(
    "Every column after the first holds the highest power; the powers between are missing.",
    hint="Each column has an exponent of its own; check the exponent inside your loop.",
)
def highest_power_everywhere(x: Tensor, degree: int) -> Tensor:
    """1, x^degree, x^degree …"""
    exponents = torch.full((degree + 1,), degree)
    exponents[0] = 0
    return x.unsqueeze(-1) ** exponents


CHECK = Check(
    id="ex1_overfitting/polynomial-features",
    title="Polynomial features",
    references=("course_lib.overfitting.polynomial.polynomial_features",),
    properties=(
        Property("powers", 2, "column k holds x to the power k"),
        Property("any-input", 1, "zero and negative x as well"),
        Property("degree-zero", 1, "degree 0 gives the constant alone"),
    ),
    cases=cases,
    judge=judge,
    bugs=(
        no_constant,
        one_power_short,
        one_power_too_many,
        decreasing_order,
        transposed,
        multiples,
        exponent_and_base_exchanged,
        through_logarithm,
        constant_is_zero,
        highest_power_everywhere,
    ),
    takeaway=(
        "The curve bends, the model does not: in its weights it is linear, and that is what makes "
        "least squares solve it in one step."
    ),
)
