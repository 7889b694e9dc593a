"""Correct ways to write `train_validation_split`, none of them the reference's."""

import torch


def sorted_random_numbers(x, y, validation_fraction, generator):
    order = torch.rand(len(x), generator=generator).argsort()
    n_train = len(x) - round(validation_fraction * len(x))
    return x[order[:n_train]], y[order[:n_train]], x[order[n_train:]], y[order[n_train:]]


def boolean_mask(x, y, validation_fraction, generator):
    held = torch.zeros(len(x), dtype=torch.bool)
    held[torch.randperm(len(x), generator=generator)[: round(len(x) * validation_fraction)]] = True
    return [x[~held], y[~held], x[held], y[held]]


def fisher_yates(x, y, validation_fraction, generator):
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    for i in range(len(points) - 1, 0, -1):
        j = int(torch.randint(i + 1, (1,), generator=generator))
        points[i], points[j] = points[j], points[i]
    n_validation = round(validation_fraction * len(points))
    parts = points[n_validation:], points[:n_validation]
    return tuple(
        torch.tensor([point[k] for point in part], dtype=x.dtype) for part in parts for k in (0, 1)
    )


def drawn_by_weight(x, y, validation_fraction, generator):
    order = torch.multinomial(torch.ones(len(x)), len(x), generator=generator)
    sizes = [len(x) - round(validation_fraction * len(x)), round(validation_fraction * len(x))]
    (x_train, x_held), (y_train, y_held) = x[order].split(sizes), y[order].split(sizes)
    return x_train, y_train, x_held, y_held


VARIANTS = [sorted_random_numbers, boolean_mask, fisher_yates, drawn_by_weight]
