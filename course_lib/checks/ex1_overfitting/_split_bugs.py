"""The mistakes people make when they split data in two, with the words that help."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from course_lib.checks.base import bug

Split = tuple[Tensor, Tensor, Tensor, Tensor]


def _cut(x: Tensor, y: Tensor, n_validation: int) -> Split:
    return x[n_validation:], y[n_validation:], x[:n_validation], y[:n_validation]


def _shuffled(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(x), generator=generator)
    return x[order], y[order]


@bug(
    "x and y are shuffled separately, so a point no longer has its own y.",
    hint="Draw one permutation and index both with it.",
)
def shuffled_separately(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """Two permutations."""
    x, _ = _shuffled(x, x, generator)
    y, _ = _shuffled(y, y, generator)
    return _cut(x, y, round(fraction * len(x)))


@bug(
    "Only x is shuffled; y stays in its old order.",
    hint="Index y with the same permutation as x.",
)
def only_x_shuffled(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """One permutation, used once."""
    return _cut(_shuffled(x, x, generator)[0], y, round(fraction * len(x)))


@bug(
    "The two parts are drawn independently, so points land in both and others in neither.",
    hint="Draw one permutation, and cut it in two.",
)
def overlap(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """A permutation for each part."""
    n_validation = round(fraction * len(x))
    train = _cut(*_shuffled(x, y, generator), n_validation)[:2]
    return *train, *_cut(*_shuffled(x, y, generator), n_validation)[2:]


@bug(
    "The validation points stay in the training part, so the fit has seen what it is judged by.",
    hint="Train on the rest of the permutation, from n_validation on.",
)
def trained_on_everything(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """Every point is trained on."""
    return x, y, *_cut(*_shuffled(x, y, generator), round(fraction * len(x)))[2:]


@bug(
    "Points are drawn with replacement: some come twice, others are lost.",
    hint="torch.randperm(len(x), generator=generator) has every index once.",
)
def with_replacement(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """randint for randperm."""
    order = torch.randint(len(x), (len(x),), generator=generator)
    return _cut(x[order], y[order], round(fraction * len(x)))


@bug(
    "Nothing is shuffled: the validation set is one end of the data, and sorted data stay sorted.",
    hint="Index x and y with torch.randperm(len(x), generator=generator) before you cut.",
)
def not_shuffled(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """The first points validate."""
    return _cut(x, y, round(fraction * len(x)))


@bug(
    "The shuffle comes after the cut, so the same points are held back every time.",
    hint="Shuffle first, cut second.",
)
def shuffled_after_the_cut(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """Each part is shuffled in itself."""
    parts = _cut(x, y, round(fraction * len(x)))
    return *_shuffled(*parts[:2], generator), *_shuffled(*parts[2:], generator)


@bug(
    "`generator` is ignored: the shuffle draws from global random state. No such split can be "
    "repeated, so nothing else about it is judged yet.",
    hint="Hand the generator on: torch.randperm(len(x), generator=generator). "
    "Nothing else may draw.",
)
def generator_ignored(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """Global state."""
    return _cut(*_shuffled(x, y, None), round(fraction * len(x)))


@bug(
    "torch.manual_seed is called inside: every call gives the same split, and everything else in "
    "the notebook draws the same numbers again.",
    hint="Delete that line, and shuffle with torch.randperm(len(x), generator=generator).",
)
def seeded_globally(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """The global seed is set at every call."""
    return _cut(*_shuffled(x, y, torch.manual_seed(0)), round(fraction * len(x)))


@bug(
    "The shuffle is seeded inside the function, so every call gives the same split.",
    hint="Leave the seed to the caller, and draw from the generator that is passed in.",
)
def seeded_inside(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """A generator of its own."""
    own = torch.Generator().manual_seed(0)
    return _cut(*_shuffled(x, y, own), round(fraction * len(x)))


@bug(
    "The generator starts over at its seed in each call, so a second call repeats the first.",
    hint="Draw from the generator as it is; initial_seed() does not move on.",
)
def generator_restarted(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """The seed in place of the state."""
    own = torch.Generator().manual_seed(generator.initial_seed())
    return _cut(*_shuffled(x, y, own), round(fraction * len(x)))


@bug(
    "validation_fraction went to the training part: the two parts are exchanged.",
    hint="Hold back round(validation_fraction * len(x)) points; the others are for training.",
)
def fraction_of_training(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """Too many held back."""
    return _cut(*_shuffled(x, y, generator), len(x) - round(fraction * len(x)))


@bug(
    "The number of validation points is cut down, not rounded: int(2.8) is 2.",
    hint="Use round(validation_fraction * len(x)).",
)
def rounded_down(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """int for round."""
    return _cut(*_shuffled(x, y, generator), int(fraction * len(x)))


@bug(
    "The parts are cut from the end with [:-k] and [-k:], which exchanges them when k is 0.",
    hint="Cut from the front: [:n_validation] and [n_validation:] are right for 0, too.",
)
def cut_at_minus_zero(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """x[-0:] is all of x."""
    x, y = _shuffled(x, y, generator)
    k = round(fraction * len(x))
    return x[:-k], y[:-k], x[-k:], y[-k:]


@bug(
    "The parts come in scikit-learn's order, x_train, x_validation, y_train, y_validation.",
    hint="Return x_train, y_train, x_validation, y_validation.",
)
def other_order(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """The order of sklearn.model_selection.train_test_split."""
    parts = _cut(*_shuffled(x, y, generator), round(fraction * len(x)))
    return parts[0], parts[2], parts[1], parts[3]


@bug(
    "Each point is held back with a certain probability, so the size of the parts varies.",
    hint="Cut a permutation after exactly round(validation_fraction * len(x)) points.",
)
def coin_for_each_point(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """A random mask."""
    held = torch.rand(len(x), generator=generator) < fraction
    return x[~held], y[~held], x[held], y[held]


@bug(
    "Only the start is random; which points are held back together is fixed, such as neighbours.",
    hint="Draw a permutation of all indices, torch.randperm, and cut that.",
)
def block_from_a_random_start(x: Tensor, y: Tensor, fraction: float, generator: Any) -> Split:
    """A random rotation."""
    start = int(torch.randint(len(x), (1,), generator=generator))
    return _cut(x.roll(start), y.roll(start), round(fraction * len(x)))


BUGS = (
    shuffled_separately,
    only_x_shuffled,
    overlap,
    trained_on_everything,
    with_replacement,
    not_shuffled,
    shuffled_after_the_cut,
    generator_ignored,
    seeded_globally,
    seeded_inside,
    generator_restarted,
    fraction_of_training,
    cut_at_minus_zero,
    rounded_down,
    other_order,
    coin_for_each_point,
    block_from_a_random_start,
)
