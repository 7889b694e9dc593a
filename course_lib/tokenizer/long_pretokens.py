"""Merging within a very long pre-token, such as a line of DNA, without looking twice at much."""

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
    heap = [(ranks[pair], place) for place, pair in enumerate(pairwise(parts)) if pair in ranks]
    heapify(heap)
    while heap:
        rank, left = heappop(heap)
        right = after[left]
        if right == end or ranks.get((parts[left], parts[right])) != rank:
            continue
        parts[left] += parts[right]
        parts[right] = b""  # no pair of a merge has it
        after[left] = after[right]
        if after[right] < end:
            before[after[right]] = left
        for start, stop in ((before[left], left), (left, after[left])):
            if start >= 0 and stop < end and (parts[start], parts[stop]) in ranks:
                heappush(heap, (ranks[parts[start], parts[stop]], start))
    return [part for part in parts if part]
