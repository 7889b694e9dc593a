"""Learn merges with arrays: all occurrences of a pair, in all words, are merged at once."""

import sys
from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush

import numpy as np
from tqdm import tqdm

Pair = tuple[int, int]
Places = np.ndarray | list[int]

EDGE, GONE = -1, -2  # in place of a token: between two words; second half of a merged pair
FEW = 32  # so many places a loop over them is faster than numpy's calls


def learn_merges(word_counts: Mapping[str, int], n_merges: int) -> tuple[list[bytes], list[Pair]]:
    """The tokens, beginning with the 256 bytes, and the pairs of ids that were merged, in order.

    The algorithm is that of `fast_train_bpe`. The index holds the places of each pair rather than
    the words with it, so a merge touches occurrences and their neighbours, not whole words: that
    pays where words are long, as in Japanese, which has no spaces.
    """
    tokens = [bytes([byte]) for byte in range(256)]
    merges: list[Pair] = []
    row = _Row(word_counts)
    counts: dict[Pair, int] = {}
    index: dict[Pair, Places] = {}
    for pair, count, places in row.pairs():
        counts[pair], index[pair] = count, places
    # A heap gives its smallest entry: counts are negative and bytes count downwards. U+0100 is
    # larger than all of them and puts "ab" before "a", which is smaller.
    downwards = [chr(255 - byte) + "\u0100" for byte in range(256)]
    # Most pairs are rare and never merged: the heap has those that occur at least `floor` times.
    heap, floor = [], max(counts.values(), default=0)
    with tqdm(total=n_merges, desc="merging", unit=" merges", file=sys.stdout) as bar:
        while len(merges) < n_merges and counts:
            if not heap:
                floor = floor // 4 or 1
                counts = {pair: count for pair, count in counts.items() if count}
                index = {pair: index[pair] for pair in counts}
                heap = [
                    (-count, downwards[left] + downwards[right], (left, right))
                    for (left, right), count in counts.items()
                    if count >= floor
                ]
                heapify(heap)
                continue
            negative_count, order, pair = heappop(heap)
            count = counts[pair]
            if count != -negative_count:  # it has become rarer since it entered
                if count >= floor:
                    heappush(heap, (-count, order, pair))
                continue
            left, right = pair
            new_id = len(tokens)
            tokens.append(tokens[left] + tokens[right])
            downwards.append(downwards[left][:-1] + downwards[right])
            merges.append(pair)
            for new_pair, count, places in row.merge(pair, new_id, index.pop(pair)):
                a, b = new_pair
                counts[right if a == new_id else a, left if b == new_id else b] -= count
                counts[new_pair], index[new_pair] = count, places
                if count >= floor:
                    heappush(heap, (-count, downwards[a] + downwards[b], new_pair))
            del counts[pair]
            bar.update()
    return tokens, merges


class _Row:
    """The tokens of all words in one row of places, linked to their neighbours.

    A merged token stands at the place of its first byte. Takes some 50 bytes of memory a place.
    """

    def __init__(self, word_counts: Mapping[str, int]) -> None:
        words = [word.encode() for word in word_counts]
        lengths = np.fromiter(map(len, words), np.int64, len(words)) + 1
        ends = np.cumsum(lengths)
        row = b"\0".join([b"", *words, b""])
        self.ids = np.frombuffer(row, np.uint8).astype(np.int64)
        self.ids[0] = EDGE
        self.ids[ends] = EDGE
        self.preceding = np.arange(-1, len(row) - 1)
        self.following = np.arange(1, len(row) + 1)
        # How often the word occurs to which a place belongs.
        word_count = np.fromiter(word_counts.values(), np.int64, len(words))
        self.weights = np.concatenate(([0], np.repeat(word_count, lengths)))
        # Through a memoryview, single numbers are read several times as fast.
        arrays = self.ids, self.weights, self.preceding, self.following
        self.views = [memoryview(array) for array in arrays]

    def pairs(self) -> Iterator[tuple[Pair, int, Places]]:
        """Each pair of bytes, how often it occurs, and the places of its first half."""
        places = np.flatnonzero((self.ids[:-1] >= 0) & (self.ids[1:] >= 0))
        keys = self.ids[places] * 256 + self.ids[places + 1]
        for key, count, where in _group(keys.astype(np.uint16), self.weights[places], places):
            yield divmod(key, 256), count, where

    def merge(self, pair: Pair, new_id: int, places: Places) -> Iterator[tuple[Pair, int, Places]]:
        """Merge a pair where it still occurs; yield each pair with the new token, as `pairs` does.

        Args:
            places: in ascending order, among them all where the pair occurs.
        """
        if isinstance(places, np.ndarray) and len(places) >= FEW:
            return self._merge_many(pair, new_id, places)
        return self._merge_few(
            pair, new_id, places if isinstance(places, list) else places.tolist()
        )

    def _merge_few(
        self, pair: Pair, new_id: int, places: list[int]
    ) -> Iterator[tuple[Pair, int, Places]]:
        left, right = pair
        ids, weights, preceding, following = self.views
        merged = []
        for place in places:
            second = following[place]
            if ids[place] == left and ids[second] == right:
                after = following[second]
                ids[place], ids[second] = new_id, GONE
                following[place], preceding[after] = after, place
                merged.append(place)
        found: dict[Pair, list[int]] = {}
        for place in merged:
            before = preceding[place]
            if ids[before] != EDGE:
                found.setdefault((ids[before], new_id), []).append(before)
            after = ids[following[place]]
            if after != EDGE and after != new_id:  # (new_id, new_id) is found from its second half
                found.setdefault((new_id, after), []).append(place)
        for new_pair, where in found.items():
            yield new_pair, sum([weights[place] for place in where]), where

    def _merge_many(
        self, pair: Pair, new_id: int, places: np.ndarray
    ) -> Iterator[tuple[Pair, int, Places]]:
        left, right = pair
        ids, preceding, following = self.ids, self.preceding, self.following
        seconds = following[places]
        still = (ids[places] == left) & (ids[seconds] == right)
        places, seconds = places[still], seconds[still]
        if left == right:  # in "aaaa" the pair stands at three places, and two can be merged
            numbers = np.arange(len(places))
            goes_on = np.concatenate(([False], places[1:] == seconds[:-1]))
            begins = np.maximum.accumulate(np.where(goes_on, 0, numbers))
            even = (numbers - begins) % 2 == 0
            places, seconds = places[even], seconds[even]
        after = following[seconds]
        ids[places], ids[seconds] = new_id, GONE
        following[places], preceding[after] = after, places
        before = preceding[places]
        # One sorting for both sides: a key is 2 × id for (id, new_id), 2 × id + 1 for (new_id, id).
        keys = np.concatenate((2 * ids[before], 2 * ids[after] + 1))
        weights = self.weights[places]
        groups = _group(keys, np.concatenate((weights, weights)), np.concatenate((before, places)))
        for key, count, where in groups:
            neighbour, is_right = divmod(key, 2)
            if neighbour == EDGE or (is_right and neighbour == new_id):
                continue  # (new_id, new_id) is found from its second half
            yield (new_id, neighbour) if is_right else (neighbour, new_id), count, where


def _group(
    keys: np.ndarray, weights: np.ndarray, places: np.ndarray
) -> Iterator[tuple[int, int, np.ndarray]]:
    """For each key: the sum of its weights, and its places in their order."""
    if not len(keys):
        return
    order = keys.argsort(kind="stable")
    keys, places = keys[order], places[order]
    starts = np.concatenate(([0], np.flatnonzero(keys[1:] != keys[:-1]) + 1))
    sums = np.add.reduceat(weights[order], starts).tolist()
    ends = [*starts[1:].tolist(), len(keys)]
    for key, total, start, end in zip(
        keys[starts].tolist(), sums, starts.tolist(), ends, strict=True
    ):
        yield key, total, places[start:end]
