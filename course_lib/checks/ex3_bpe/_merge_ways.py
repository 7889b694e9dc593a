"""One walk over tokens that merges a pair, with parts that can be made wrong."""

from __future__ import annotations

from collections.abc import Callable

Pair = tuple[int, int]


def walking(
    step: int = 2,
    write: Callable[[Pair, int], list[int]] = lambda pair, new_id: [new_id],
    most: int | None = None,
    matches: Callable[[tuple, Pair], bool] = lambda found, pair: found == pair,
    end: int = 0,
) -> Callable[[list[int], Pair, int], list[int]]:
    """The right way, with another step, another text for a match, or another idea of one.

    Args:
        step: how far a match moves on.
        write: what stands in place of a match.
        most: how many matches are replaced.
        matches: whether two tokens are the pair.
        end: how many tokens at the end are never read.
    """

    def merge(ids: list[int], pair: Pair, new_id: int) -> list[int]:
        merged, place, n_matches = [], 0, 0
        while place < len(ids) - end:
            if matches(tuple(ids[place : place + 2]), pair) and n_matches != most:
                merged += write(pair, new_id)
                place += step
                n_matches += 1
            else:
                merged.append(ids[place])
                place += 1
        return merged

    return merge


right = walking()
