"""The mistakes people make in a softmax, with the words that help."""

import math

import torch
from torch import Tensor

from course_lib.checks.base import bug


def of_exponentials(e: Tensor, dim: int) -> Tensor:
    """Non-negative numbers as shares along `dim`; 0 where all are 0."""
    total = e.sum(dim, keepdim=True)
    return e / torch.where(total == 0, 1.0, total)


def shifted(x: Tensor, dim: int) -> Tensor:
    """Scores minus their maximum; −∞ stays, and a row of nothing else too."""
    largest = x.amax(dim, keepdim=True)
    return x - torch.where(largest == -math.inf, 0.0, largest)


def right(x: Tensor, dim: int) -> Tensor:
    """The softmax that the bugs below call with something wrong."""
    return of_exponentials(shifted(x, dim).exp(), dim)


@bug(
    "The exponentials leave the range of floating-point numbers: e¹⁰⁰⁰ is ∞ and e⁻¹⁰⁰⁰ is 0, and "
    "both ∞ / ∞ and 0 / 0 are NaN.",
    hint="Subtract the maximum along `dim` first. It cancels in the quotient, and the largest "
    "exponential is then e⁰ = 1.",
)
def overflows(x: Tensor, dim: int) -> Tensor:
    """The formula as it stands, masked rows minded."""
    e = x.exp()
    total = e.sum(dim, keepdim=True)
    return torch.where((x == -math.inf).all(dim, keepdim=True), 0.0, e / total)


@bug(
    "The exponentials leave the range of floating-point numbers (e¹⁰⁰⁰ is ∞, e⁻¹⁰⁰⁰ is 0), and a "
    "row of −∞ has nothing else: both ∞ / ∞ and 0 / 0 are NaN.",
    hint="Subtract the maximum along `dim` first; where that maximum is −∞, subtract 0 and return "
    "zeros.",
)
def formula_as_it_stands(x: Tensor, dim: int) -> Tensor:
    """The formula, nothing minded."""
    return x.exp() / x.exp().sum(dim, keepdim=True)


@bug(
    "The exponentials leave the range of floating-point numbers (e¹⁰⁰⁰ is ∞, e⁻¹⁰⁰⁰ is 0), and "
    "turning NaN into 0 only hides it: the shares are lost.",
    hint="Subtract the maximum along `dim` before you take the exponential.",
)
def nan_hidden(x: Tensor, dim: int) -> Tensor:
    """NaN becomes 0, whatever it came from."""
    e = x.exp()
    return (e / e.sum(dim, keepdim=True)).nan_to_num()


@bug(
    "Where all scores are −∞ the result is NaN, since −∞ − (−∞) is; asked are zeros.",
    hint="Where the maximum is −∞ subtract 0 in its place, and keep the sum from being 0 "
    "(`clamp(min=1)` changes no other row).",
)
def masked_row_nan(x: Tensor, dim: int) -> Tensor:
    """The usual stable softmax."""
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e / e.sum(dim, keepdim=True)


@bug(
    "Where all scores are −∞ every entry gets the same share; asked are zeros.",
    hint="A large negative number in place of −∞ turns into equal shares once the maximum is "
    "subtracted. Keep −∞, and mind the row that has nothing else.",
)
def masked_row_uniform(x: Tensor, dim: int) -> Tensor:
    """A finite number for −∞."""
    return right(x.clamp(min=-1e9), dim)


@bug(
    "Scores are cut off at a fixed size, so that 1000 and 999 get equal shares.",
    hint="Only the differences of scores matter: subtract the maximum, and leave their distances.",
)
def clipped(x: Tensor, dim: int) -> Tensor:
    """Overflow avoided the wrong way."""
    return of_exponentials(torch.where(x == -math.inf, x, x.clamp(-60, 60)).exp(), dim)


@bug(
    "The maximum of the whole tensor is subtracted: a row far below it underflows to 0.",
    hint="Each row along `dim` has its own maximum: `x.amax(dim, keepdim=True)`.",
)
def maximum_of_everything(x: Tensor, dim: int) -> Tensor:
    """One maximum for all rows; 0 / 0 where a row underflows."""
    largest = x.max()
    e = (x - (0.0 if largest == -math.inf else largest)).exp()
    return torch.where((x == -math.inf).all(dim, keepdim=True), 0.0, e / e.sum(dim, keepdim=True))


@bug(
    "The minimum is subtracted, not the maximum, so large differences still overflow.",
    hint="Subtract the maximum: then no exponent is above 0.",
)
def minimum_subtracted(x: Tensor, dim: int) -> Tensor:
    """The smallest finite score becomes 0."""
    finite = torch.where(x == -math.inf, math.inf, x).amin(dim, keepdim=True)
    e = (x - torch.where(finite == math.inf, 0.0, finite)).exp()
    total = e.sum(dim, keepdim=True)
    return torch.where(total == 0, 0.0, e / total)


@bug(
    "The shares add up to 1 over the whole tensor, not along `dim`.",
    hint="Give the sum its axis: `sum(dim, keepdim=True)`.",
)
def over_everything(x: Tensor, dim: int) -> Tensor:
    """One sum for all."""
    return right(x.flatten(), 0).reshape(x.shape)


@bug(
    "`dim` is ignored: the shares always add up to 1 along the last axis.",
    hint="Hand `dim` to the maximum and to the sum.",
)
def always_the_last_axis(x: Tensor, dim: int) -> Tensor:
    """The last axis."""
    return right(x, -1)


@bug(
    "`dim` is ignored: the shares always add up to 1 along the first axis.",
    hint="Hand `dim` to the maximum and to the sum.",
)
def always_the_first_axis(x: Tensor, dim: int) -> Tensor:
    """The first axis."""
    return right(x, 0)


@bug(
    "The sum has lost its axis, so it is lined up with the wrong one: an error for most shapes, "
    "and for a square a silent mistake.",
    hint="`keepdim=True`, in the maximum and in the sum.",
)
def axis_lost(x: Tensor, dim: int) -> Tensor:
    """No keepdim."""
    e = (x - x.amax(dim)).exp()
    return e / e.sum(dim)


@bug(
    "The exponentials are not divided by their sum: the shares do not add up to 1.",
    hint="Divide by `sum(dim, keepdim=True)` of the exponentials.",
)
def not_divided(x: Tensor, dim: int) -> Tensor:
    """Only the numerator."""
    return shifted(x, dim).exp()


@bug(
    "The scores themselves are divided by their sum; the exponential is missing.",
    hint="Take `.exp()` first: it makes every score positive, so that shares make sense.",
)
def no_exponential(x: Tensor, dim: int) -> Tensor:
    """Linear shares."""
    return x / x.sum(dim, keepdim=True)


@bug(
    "The sign is turned: the smallest score gets the largest share.",
    hint="The exponent is x minus the maximum, not the maximum minus x.",
)
def sign_turned(x: Tensor, dim: int) -> Tensor:
    """Maximum minus x."""
    return of_exponentials((-shifted(x, dim)).exp(), dim)


@bug(
    "Powers of 2 are taken; the exponential has base e.",
    hint="Use `.exp()`.",
)
def base_two(x: Tensor, dim: int) -> Tensor:
    """2 in place of e."""
    return of_exponentials(shifted(x, dim).exp2(), dim)


@bug(
    "These are the logarithms of the shares.",
    hint="Take `.exp()` at the end, or divide exponentials instead of subtracting logarithms.",
)
def logarithms(x: Tensor, dim: int) -> Tensor:
    """Log-softmax."""
    return right(x, dim).log()


@bug(
    "Each score is turned into a number between 0 and 1 on its own (a sigmoid): no sum is taken.",
    hint="Divide each exponential by the sum of all along `dim`, so that scores compete.",
)
def sigmoid(x: Tensor, dim: int) -> Tensor:
    """Elementwise."""
    return torch.sigmoid(x)


BUGS = (
    overflows,
    formula_as_it_stands,
    nan_hidden,
    masked_row_nan,
    masked_row_uniform,
    clipped,
    maximum_of_everything,
    minimum_subtracted,
    over_everything,
    always_the_last_axis,
    always_the_first_axis,
    axis_lost,
    not_divided,
    no_exponential,
    sign_turned,
    base_two,
    logarithms,
    sigmoid,
)
