"""Which submissions are so alike that an instructor should look: a hint, not a verdict.

Each answer is a set of shingles, weighted by TF-IDF, and two are compared by the cosine of the
angle between them. Most answers are alike for honest reasons: a task leaves little choice, or a
style is common. So the cohort itself says what is remarkable:

- Shingles that were released, or that more than half of the cohort wrote, do not count.
- Answers close to the published solution are listed apart and compared no further.
- Answers are compared if `ENOUGH` of their shingles count. Two are reported if their cosine is at
  least `CLOSE` and lies far outside what is usual: beyond Tukey's outer fence (1977), the third
  quartile plus three interquartile ranges, of every answer's cosine with its nearest neighbour.
- The same holds for everything that a student handed in, taken as one answer: short answers that
  prove nothing alone add up there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import TfidfTransformer

CLOSE = 0.8  # cosine of two answers that are worth a look
COMMON = 0.5  # share of the cohort, though never fewer than three, that makes a shingle common
ENOUGH = 80  # shingles that count: about 15 lines
FEW = 4  # fewer answers say nothing about what is usual
CLOSE_TO_SOLUTION = 0.9
ROUNDING = 1e-4  # of cosines in single precision
_ROWS, _PAIRS = 256, 4096  # compared at a time, which bounds the memory

Documents = Mapping[str, Mapping[str, np.ndarray]]  # shingles by exercise, then by student


@dataclass(frozen=True)
class Pair:
    """Two submissions that are alike."""

    one: str
    other: str
    cosine: float  # of everything that both handed in
    exercises: tuple[str, ...]  # in which the two are close, the longest answer first
    shared: int  # shingles that count and that both wrote


@dataclass(frozen=True)
class Similarity:
    """What stands out in a cohort."""

    groups: tuple[tuple[Pair, ...], ...]  # pairs linked by common members, most evidence first
    near_solution: dict[str, tuple[str, ...]]  # exercises of `ENOUGH` shingles, by student
    not_judged: tuple[str, ...]  # exercises in which too many answers are alike
    whole_is_judged: bool  # whether submissions as a whole differ enough


def compare(
    documents: Documents,
    released: Mapping[str, np.ndarray],
    solutions: Mapping[str, np.ndarray],
) -> Similarity:
    """Find the pairs that stand out, and who is close to the published solution."""
    nothing = np.array([], dtype=np.uint32)
    students = sorted({student for answers in documents.values() for student in answers})
    if not students:
        return Similarity((), {}, tuple(documents), False)
    place = {student: row for row, student in enumerate(students)}
    matrices: dict[str, sparse.csr_matrix] = {}
    near_solution: dict[str, list[str]] = {}
    for exercise, answers in documents.items():
        given = released.get(exercise, nothing)
        solution = np.setdiff1d(solutions.get(exercise, nothing), given)
        compared: dict[int, np.ndarray] = {}
        for student, answer in answers.items():
            own = np.setdiff1d(answer, given, assume_unique=True)
            if _cosine(own, solution) < CLOSE_TO_SOLUTION:
                compared[place[student]] = own
            elif len(own) >= ENOUGH:
                near_solution.setdefault(student, []).append(exercise)
        matrices[exercise] = _weighted(compared, len(students))
    near = {student: tuple(near_solution[student]) for student in sorted(near_solution)}
    return _stand_out(students, matrices, near)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / np.sqrt(len(one) * len(other)) if shared else 0.0


def _weighted(answers: Mapping[int, np.ndarray], n_students: int) -> sparse.csr_matrix:
    """One row for each student, TF-IDF of the shingles that are not common.

    A row is scaled to the square root of its length, so that among all answers of a student the
    longest does not drown the rest.
    """
    rows = np.repeat(list(answers), [len(answer) for answer in answers.values()]).astype(int)
    vocabulary, columns, counts = np.unique(
        np.concatenate([*answers.values(), []]), return_inverse=True, return_counts=True
    )
    kept = (counts <= max(3, COMMON * len(answers)))[columns]
    shape = (n_students, max(1, len(vocabulary)))
    ones = np.ones(kept.sum(), dtype=np.float32)
    matrix = sparse.csr_matrix((ones, (rows[kept], columns[kept])), shape=shape)
    weighted = TfidfTransformer(norm=None).fit_transform(matrix)
    lengths = np.sqrt(_squares(weighted))
    scale = np.divide(1.0, np.sqrt(lengths), where=lengths > 0, out=np.zeros_like(lengths))
    return sparse.csr_matrix(weighted.multiply(scale[:, None]), dtype=np.float32)


def _squares(matrix: sparse.csr_matrix) -> np.ndarray:
    return np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()


def _stand_out(
    students: list[str],
    matrices: Mapping[str, sparse.csr_matrix],
    near_solution: dict[str, tuple[str, ...]],
) -> Similarity:
    sizes = {exercise: matrix.getnnz(axis=1) for exercise, matrix in matrices.items()}
    squares = {exercise: _squares(matrix) for exercise, matrix in matrices.items()}
    shared = {exercise: _shared_columns(matrix) for exercise, matrix in matrices.items()}
    everything = _Nearness(sum(sizes.values()), sum(squares.values()))
    alone = {exercise: _Nearness(sizes[exercise], squares[exercise]) for exercise in matrices}
    for batch in _batches(len(students), _ROWS):
        total = np.zeros((batch.stop - batch.start, len(students)), dtype=np.float32)
        for exercise, matrix in shared.items():
            products = (matrix[batch] @ matrix.T).toarray()
            alone[exercise].add(batch, products)
            total += products
        everything.add(batch, total)
    found = set(everything.remarkable()).union(*(near.remarkable() for near in alone.values()))
    pairs = list(_described(students, sorted(found), shared, squares))
    return Similarity(
        _groups(pairs),
        near_solution,
        tuple(exercise for exercise, near in alone.items() if near.fence >= 1.0),
        everything.fence < 1.0,
    )


def _batches(n: int, size: int) -> Iterator[slice]:
    return (slice(start, min(n, start + size)) for start in range(0, n, size))


def _shared_columns(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Only the shingles that more than one student wrote: others add nothing to a product."""
    return matrix[:, matrix.getnnz(axis=0) > 1]


class _Nearness:
    """How near the answers to one exercise are to each other, taken in some rows at a time."""

    def __init__(self, sizes: np.ndarray, squares: np.ndarray) -> None:
        self._is_compared = sizes >= ENOUGH
        self._norms = np.sqrt(np.maximum(squares, 1e-12))
        self._nearest = np.zeros(len(sizes))
        self._close: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, batch: slice, products: np.ndarray) -> None:
        """Take in the products of some rows with all."""
        cosines = products / np.outer(self._norms[batch], self._norms)
        cosines *= np.outer(self._is_compared[batch], self._is_compared)
        rows = np.arange(batch.start, batch.stop)
        cosines[rows - batch.start, rows] = 0.0
        self._nearest[batch] = cosines.max(axis=1)
        ones, others = np.nonzero(cosines >= CLOSE)
        first = ones + batch.start < others
        ones, others = ones[first].astype(np.int32), others[first].astype(np.int32)
        self._close.append((ones + np.int32(batch.start), others, cosines[ones, others]))

    @property
    def fence(self) -> float:
        """The cosine beyond which two answers stand out."""
        nearest = self._nearest[self._is_compared]
        if len(nearest) < FEW:
            return 1.0
        low, high = np.quantile(nearest, [0.25, 0.75], method="lower")
        return max(CLOSE, high + 3 * (high - low))

    def remarkable(self) -> list[tuple[int, int]]:
        """The rows of answers that stand out, the smaller first."""
        fence = self.fence + ROUNDING
        return [
            pair
            for ones, others, cosines in self._close
            for pair in zip(
                ones[cosines > fence].tolist(), others[cosines > fence].tolist(), strict=True
            )
        ]


def _described(
    students: list[str],
    found: list[tuple[int, int]],
    matrices: Mapping[str, sparse.csr_matrix],
    squares: Mapping[str, np.ndarray],
) -> Iterator[Pair]:
    """The pairs with all that is alike in them."""
    lengths = sum(squares.values())
    for batch in _batches(len(found), _PAIRS):
        ones, others = np.array(found[batch]).T
        products, shared = {}, {}
        for exercise, matrix in matrices.items():
            both = sparse.csr_matrix(matrix[ones].multiply(matrix[others]))
            products[exercise] = np.asarray(both.sum(axis=1)).ravel()
            shared[exercise] = both.getnnz(axis=1)
        for row, (one, other) in enumerate(found[batch]):
            close = [
                (int(shared[exercise][row]), exercise)
                for exercise, each in squares.items()
                if products[exercise][row] >= max(CLOSE * np.sqrt(each[one] * each[other]), 1e-9)
            ]
            product = sum(each[row] for each in products.values())
            yield Pair(
                students[one],
                students[other],
                min(1.0, float(product / np.sqrt(lengths[one] * lengths[other]))),
                tuple(exercise for _, exercise in sorted(close, reverse=True)),
                sum(int(each[row]) for each in shared.values()),
            )


def _groups(pairs: list[Pair]) -> tuple[tuple[Pair, ...], ...]:
    """The pairs by connected components of the graph that they are the edges of."""
    place: dict[str, int] = {}
    for pair in pairs:
        for student in (pair.one, pair.other):
            place.setdefault(student, len(place))
    edges = [(place[pair.one], place[pair.other]) for pair in pairs]
    graph = np.zeros((len(place), len(place)), dtype=bool)
    graph[tuple(np.array(edges, dtype=int).reshape(-1, 2).T)] = True
    labels = connected_components(graph, directed=False)[1] if pairs else []
    groups: dict[int, list[Pair]] = {}
    for pair in sorted(pairs, key=lambda pair: (-pair.shared, pair.one, pair.other)):
        groups.setdefault(labels[place[pair.one]], []).append(pair)
    return tuple(map(tuple, groups.values()))
