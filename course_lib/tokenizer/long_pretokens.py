"""Merging within a long pre-token, where reading all its pairs for every merge costs too much."""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise


def merge_by_rank(parts: Sequence[bytes], ranks: Mapping[tuple[bytes, bytes], int]) -> list[bytes]:
    """The parts after all merges, the lowest rank first and of equal ranks the leftmost first.

    A heap holds the pairs with their ranks, and links lead from a part to its neighbours, so that a
    merge looks at the two new pairs only: O(n log n) for n parts. Pairs that a merge has destroyed
    stay in the heap until they come to its top and no longer fit.
    """
    parts = list(parts)
    end = len(parts)
    before, after = list(range(-1, end - 1)), list(range(1, end + 1))
    rank_of = ranks.get
    heap = [
        (rank, place)
        for place, pair in enumerate(pairwise(parts))
        if (rank := rank_of(pair)) is not None
    ]
    heapify(heap)
    while heap:
        rank, left = heappop(heap)
        right = after[left]
        if right == end or rank_of((parts[left], parts[right])) != rank:
            continue
        parts[left] += parts[right]
        parts[right] = b""  # no pair of a merge has it
        following = after[left] = after[right]
        if following < end:
            before[following] = left
            if (rank := rank_of((parts[left], parts[following]))) is not None:
                heappush(heap, (rank, left))
        if left > 0:
            previous = before[left]
            if (rank := rank_of((parts[previous], parts[left]))) is not None:
                heappush(heap, (rank, previous))
    return [part for part in parts if part]
