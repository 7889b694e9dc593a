"""Ways to pair tokens with their neighbours, right and wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

PADDING = -1


def neighbours(tokens: list[int], place: int, window: int) -> list[int]:
    """The places of a token's neighbours."""
    reached = range(max(0, place - window), min(len(tokens), place + window + 1))
    return [other for other in reached if other != place]


def all_places(tokens: list[int], window: int) -> Iterable[int]:
    """The centres, in order."""
    return range(len(tokens))


def skip_gram(
    find: Callable = neighbours,
    centres: Callable = all_places,
    pair: Callable = lambda tokens, place, other: [tokens[place], tokens[other]],
    arrange: Callable = lambda pairs: pairs,
) -> Callable[[Tensor, int], Tensor]:
    """`skip_gram_pairs` with its parts exchangeable: each bug below exchanges one."""

    def skip_gram_pairs(token_ids: Tensor, window: int) -> Tensor:
        tokens = token_ids.tolist()
        pairs = [
            pair(tokens, place, other)
            for place in centres(tokens, window)
            for other in find(tokens, place, window)
        ]
        return torch.tensor(arrange(pairs), dtype=torch.int64).reshape(-1, 2)

    return skip_gram_pairs


def cbow(
    steps: Callable = lambda window: [step for step in range(-window, window + 1) if step],
    centres: Callable = all_places,
    token_at: Callable = lambda tokens, i: tokens[i] if 0 <= i < len(tokens) else PADDING,
    arrange: Callable = lambda row: row,
    result: Callable = lambda contexts, centres: (contexts, centres),
) -> Callable[[Tensor, int], tuple[Tensor, Tensor]]:
    """`cbow_pairs` with its parts exchangeable."""

    def cbow_pairs(token_ids: Tensor, window: int) -> tuple[Tensor, Tensor]:
        tokens = token_ids.tolist()
        places = list(centres(tokens, window))
        rows = [arrange([token_at(tokens, p + step) for step in steps(window)]) for p in places]
        contexts = torch.tensor(rows, dtype=torch.int64).reshape(len(places), len(steps(window)))
        return result(contexts, token_ids[places])

    return cbow_pairs


def places_that_fit(tokens: list[int], window: int) -> Iterable[int]:
    """Only centres whose whole window lies in the text."""
    return range(window, len(tokens) - window)


def centre_too(tokens: list[int], place: int, window: int) -> list[int]:
    """The centre among its neighbours."""
    return sorted([place, *neighbours(tokens, place, window)])


def last_missed(tokens: list[int], place: int, window: int) -> list[int]:
    """`range` ends one short."""
    return [
        i for i in range(max(0, place - window), min(len(tokens), place + window)) if i != place
    ]


def around_the_ends(tokens: list[int], place: int, window: int) -> list[int]:
    """The text as a ring."""
    return [(place + step) % len(tokens) for step in range(-window, window + 1) if step]


def negative_places(tokens: list[int], place: int, window: int) -> list[int]:
    """Python counts negative places from the end of the text."""
    reached = range(max(-len(tokens), place - window), min(len(tokens), place + window + 1))
    return [i for i in reached if i != place]


def lost_slices(tokens: list[int], place: int, window: int) -> list[int]:
    """A slice with a negative start is counted from the end, and mostly empty."""
    places = range(len(tokens))
    return [*places[place - window : place], *places[place + 1 : place + window + 1]]


def other_tokens(tokens: list[int], place: int, window: int) -> list[int]:
    """Tokens compared where places are meant."""
    return [i for i in neighbours(tokens, place, window) if tokens[i] != tokens[place]]


def nearest_first(tokens: list[int], place: int, window: int) -> list[int]:
    """By distance."""
    return sorted(neighbours(tokens, place, window), key=lambda i: (abs(i - place), i))


def at_the_rim(tokens: list[int], place: int, window: int) -> list[int]:
    """Only the outermost places of the window."""
    return [i for i in (place - window, place + window) if 0 <= i < len(tokens)]


def padded_pairs(token_ids: Tensor, window: int) -> Tensor:
    """−1 kept as if it were a token."""
    contexts, centres = cbow()(token_ids, window)
    return torch.stack([centres[:, None].expand_as(contexts), contexts], dim=2).reshape(-1, 2)


def without_columns(token_ids: Tensor, window: int) -> Tensor:
    """A list of no pairs is not known to hold pairs."""
    pairs = skip_gram()(token_ids, window)
    return torch.tensor(pairs.tolist())


def as_long_as_they_come(left: Callable) -> Callable[[Tensor, int], tuple[Tensor, Tensor]]:
    """CBOW whose rows hold the neighbours that exist and nothing else."""

    def cbow_pairs(token_ids: Tensor, window: int) -> tuple[Tensor, Tensor]:
        tokens = token_ids.tolist()
        rows = [
            left(tokens, place, window) + tokens[place + 1 : place + window + 1]
            for place in range(len(tokens))
        ]
        return torch.tensor(rows), token_ids

    return cbow_pairs


def unique(pairs: list[list[int]]) -> list[list[int]]:
    """Each pair once, in the order of their first place."""
    return [list(pair) for pair in dict.fromkeys(map(tuple, pairs))]
