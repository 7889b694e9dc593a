"""The mistakes people make in layer_norm and rms_norm, with the words that help.

Each bug is made in both functions where it can be: whoever makes it in one of them is told as well.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.base import Bug

Norms = tuple[Callable[..., Tensor], Callable[..., Tensor]]


def upcast(x: Tensor) -> Tensor:
    """In float32 at least."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def mean_of(h: Tensor) -> Tensor:
    """Over the entries of each vector."""
    return h.mean(dim=-1, keepdim=True)


def rooted(power: Tensor, epsilon: float) -> Tensor:
    """What a vector is divided by."""
    return (power + epsilon).sqrt()


def spread(h: Tensor, mean: Callable[[Tensor], Tensor]) -> Tensor:
    """The variance."""
    return mean((h - mean(h)) ** 2)


def norms(
    *,
    cast: Callable[[Tensor], Tensor] = upcast,
    cast_back: Callable[[Tensor, Tensor], Tensor] = lambda y, x: y.to(x.dtype),
    mean: Callable[[Tensor], Tensor] = mean_of,
    centre: Callable[[Tensor, Tensor], Tensor] = lambda h, mean: h - mean,
    variance: Callable[[Tensor, Callable], Tensor] = spread,
    mean_square: Callable[[Tensor, Callable], Tensor] = lambda h, mean: mean(h**2),
    root: Callable[[Tensor, float], Tensor] = rooted,
    shifted: Callable[..., Tensor] = lambda n, scale, shift: n * scale + shift,
    scaled: Callable[..., Tensor] = lambda n, scale: n * scale,
    centre_rms: bool = False,
) -> Norms:
    """Both functions with their parts exchangeable: each bug below exchanges one or two."""

    def layer_norm(x: Tensor, scale: Tensor, shift: Tensor, epsilon: float = 1e-5) -> Tensor:
        h = cast(x)
        normalised = centre(h, mean(h)) / root(variance(h, mean), epsilon)
        return cast_back(shifted(normalised, scale, shift), x)

    def rms_norm(x: Tensor, scale: Tensor, epsilon: float = 1e-6) -> Tensor:
        h = cast(x)
        h = h - mean(h) if centre_rms else h
        normalised = h / root(mean_square(h, mean), epsilon)
        return cast_back(scaled(normalised, scale), x)

    return layer_norm, rms_norm


def over_all_but_last(h: Tensor) -> Tensor:
    """As batch normalisation: over everything but the features."""
    return h.mean(dim=tuple(range(h.ndim - 1)), keepdim=True) if h.ndim > 1 else h


def over_first(h: Tensor) -> Tensor:
    """Over the first axis."""
    return h.mean(dim=0, keepdim=True)


def over_all_but_first(h: Tensor) -> Tensor:
    """Over all of one sequence."""
    return h.mean(dim=tuple(range(1, h.ndim)) or (0,), keepdim=True)


def cast_then_scaled() -> Norms:
    """What is upcast goes back before the learned parts."""
    layer_norm, rms_norm = norms()

    def layer(x: Tensor, scale: Tensor, shift: Tensor, epsilon: float = 1e-5) -> Tensor:
        one, zero = torch.ones_like(scale), torch.zeros_like(shift)
        return layer_norm(x, one, zero, epsilon) * scale + shift

    def rms(x: Tensor, scale: Tensor, epsilon: float = 1e-6) -> Tensor:
        return rms_norm(x, torch.ones_like(scale), epsilon) * scale

    return layer, rms


def _std_plus_epsilon(x: Tensor, scale: Tensor, shift: Tensor, epsilon: float = 1e-5) -> Tensor:
    """As it stands in many tutorials."""
    return (x - mean_of(x)) / (x.std(dim=-1, keepdim=True) + epsilon) * scale + shift


BUGS = (
    Bug(
        "over-the-batch",
        "The statistics are taken over the batch, feature by feature: that is batch normalisation, "
        "in which a token's result depends on the tokens beside it.",
        "Take them over the last axis, for each vector alone: `x.mean(dim=-1, keepdim=True)`.",
        norms(mean=over_all_but_last),
    ),
    Bug(
        "over-the-first-axis",
        "The statistics are taken over the first axis, which is the last one only for a vector.",
        "Count the axis from the end: `dim=-1`.",
        norms(mean=over_first),
    ),
    Bug(
        "over-the-whole-sequence",
        "All tokens of a sequence share their statistics, so padding changes every one of them.",
        "Take them over the last axis alone, whatever axes stand before it: `dim=-1`.",
        norms(mean=over_all_but_first),
    ),
    Bug(
        "over-everything",
        "One mean and one scale are taken of the whole tensor: `x.mean()` names no axis.",
        "Name the axis and keep it: `x.mean(dim=-1, keepdim=True)`.",
        norms(mean=lambda h: h.mean()),
    ),
    Bug(
        "axis-not-kept",
        "The means have lost the last axis, so they are subtracted from (or divide) the wrong "
        "entries, where the shapes fit at all.",
        "Keep it, with length 1: `x.mean(dim=-1, keepdim=True)`.",
        norms(mean=lambda h: h.mean(dim=-1)),
    ),
    Bug(
        "std-plus-epsilon",
        "The vector is divided by `x.std(-1) + epsilon`: that divides by n − 1, leaves ε outside "
        "the root, and stays in x's own precision.",
        "In float32 at least, take the mean of the squared deviations, add ε, then the root.",
        (_std_plus_epsilon, norms()[1]),
    ),
    Bug(
        "n-minus-1",
        "The variance is divided by n − 1; here it is the mean of the squares, divided by n.",
        "`x.var(dim=-1)` divides by n − 1 unless told `correction=0`.",
        norms(
            variance=lambda h, mean: spread(h, mean) * h.shape[-1] / (h.shape[-1] - 1),
        ),
    ),
    Bug(
        "no-root",
        "The root is missing: the vector is divided by its variance (or mean square) itself.",
        "Divide by the square root, so that what comes out has size 1.",
        norms(root=lambda power, epsilon: power + epsilon),
    ),
    Bug(
        "epsilon-outside-the-root",
        "ε is added to the root; it belongs under it.",
        "Write `(variance + epsilon).sqrt()`, not `variance.sqrt() + epsilon`.",
        norms(root=lambda power, epsilon: power.sqrt() + epsilon),
    ),
    Bug(
        "no-epsilon",
        "ε is left out, so that a vector without variance, or of zeros, gives 0 / 0.",
        "Add `epsilon` under the root.",
        norms(root=lambda power, epsilon: power.sqrt()),
    ),
    Bug(
        "epsilon-fixed",
        "ε is a number of your own: the argument `epsilon` changes nothing.",
        "Use the argument; models differ in it.",
        norms(root=lambda power, epsilon: (power + 1e-5).sqrt()),
    ),
    Bug(
        "one-default-for-both",
        "`rms_norm` has the default ε of `layer_norm`, 1e-5; its own is 1e-6.",
        "Keep what the signature says: `epsilon: float = 1e-6`.",
        (norms()[0], lambda x, scale, epsilon=1e-5: norms()[1](x, scale, epsilon)),
    ),
    Bug(
        "no-upcast",
        "The statistics are computed in half precision, which rounds the mean and overflows in "
        "the squares.",
        "Go to float32 first (`x.float()`, unless x is float64), come back at the end.",
        norms(cast=lambda x: x, cast_back=lambda y, x: y),
    ),
    Bug(
        "not-cast-back",
        "A float32 tensor comes back where x was of half precision: the next layer would run in "
        "float32, or refuse.",
        "End with `.to(x.dtype)`.",
        norms(cast_back=lambda y, x: y),
    ),
    Bug(
        "cast-back-before-the-scale",
        "The vector goes back to half precision before it is scaled, and the scale, in float32, "
        "makes float32 of it again.",
        "Scale and shift in float32, then `.to(x.dtype)`.",
        cast_then_scaled(),
    ),
    Bug(
        "squares-minus-square",
        "The variance is the mean of x² minus the square of the mean: two large numbers, whose "
        "small difference drowns in rounding when the mean is large.",
        "Subtract the mean first, then square what is left.",
        norms(variance=lambda h, mean: mean(h**2) - mean(h) ** 2),
    ),
    Bug(
        "mean-not-subtracted",
        "`layer_norm` divides by the standard deviation but leaves the mean where it was.",
        "Subtract the mean from x itself, too: (x − mean) / √(variance + ε).",
        norms(centre=lambda h, mean: h),
    ),
    Bug(
        "layer-norm-as-rms-norm",
        "`layer_norm` divides by the root mean square, without subtracting the mean.",
        "Subtract the mean first; `rms_norm` is the one that does not.",
        norms(centre=lambda h, mean: h, variance=lambda h, mean: mean(h**2)),
    ),
    Bug(
        "mean-subtracted-in-rms",
        "`rms_norm` subtracts the mean; that it does not is what tells it from `layer_norm`.",
        "Leave the vector where it is and divide by the root of the mean of its squares.",
        norms(centre_rms=True),
    ),
    Bug(
        "length-for-rms",
        "`rms_norm` divides by the vector's length: the sum of the squares for their mean.",
        "Take the mean under the root; the result is then √d_model long, not 1.",
        norms(mean_square=lambda h, mean: (h**2).sum(dim=-1, keepdim=True)),
    ),
    Bug(
        "scale-left-out",
        "`scale` (and `shift`) change nothing.",
        "Multiply the normalised vector by `scale`, entry by entry, and add `shift`.",
        norms(shifted=lambda n, scale, shift: n + 0 * scale, scaled=lambda n, scale: n + 0 * scale),
    ),
    Bug(
        "one-plus-scale",
        "The vector is multiplied by 1 + scale. Some models keep their scale so; here it is the "
        "factor itself, 1 at the start.",
        "Multiply by `scale`.",
        norms(
            shifted=lambda n, scale, shift: n * (1 + scale) + shift,
            scaled=lambda n, scale: n * (1 + scale),
        ),
    ),
    Bug(
        "shift-before-scale",
        "The shift is added before the vector is scaled, so it is scaled as well.",
        "First times `scale`, then plus `shift`.",
        norms(shifted=lambda n, scale, shift: (n + shift) * scale),
    ),
)
