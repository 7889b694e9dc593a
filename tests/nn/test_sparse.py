"""Sparse patterns, against their definitions in plain loops and drawings by hand."""

import pytest
import torch

from course_lib.nn.sparse import fixed_mask, reachable, sliding_window_mask, strided_mask

SIZES = [0, 1, 2, 5, 12, 17]


def by_rule(seq, rule):
    """A causal mask from rule(query, key)."""
    rows = [[key <= query and rule(query, key) for key in range(seq)] for query in range(seq)]
    return torch.tensor(rows, dtype=torch.bool).view(seq, seq)


def drawn(picture):
    return torch.tensor([[mark == "x" for mark in row] for row in picture.split()])


@pytest.mark.parametrize("seq", SIZES)
@pytest.mark.parametrize("stride", [1, 2, 3, 20])
def test_strided_by_its_two_sets(seq, stride):
    def rule(query, key):  # as the paper writes them; they overlap
        recent = set(range(max(0, query - stride), query + 1))
        column = {earlier for earlier in range(seq) if (query - earlier) % stride == 0}
        return key in recent | column

    assert torch.equal(strided_mask(seq, stride), by_rule(seq, rule))


@pytest.mark.parametrize("seq", SIZES)
@pytest.mark.parametrize(("stride", "n_summary"), [(1, 1), (2, 1), (3, 2), (4, 4), (20, 3)])
def test_fixed_by_its_two_sets(seq, stride, n_summary):
    def rule(query, key):
        return key // stride == query // stride or key % stride in range(stride - n_summary, stride)

    assert torch.equal(fixed_mask(seq, stride, n_summary), by_rule(seq, rule))


@pytest.mark.parametrize("seq", SIZES)
@pytest.mark.parametrize("window", [1, 2, 4, 30])
def test_sliding_window_by_its_rule(seq, window):
    def rule(query, key):
        return key in [query - back for back in range(window)]

    assert torch.equal(sliding_window_mask(seq, window), by_rule(seq, rule))


def test_three_patterns_drawn_by_hand():
    strided = """
        x.......
        xx......
        xxx.....
        xxxx....
        .xxxx...
        ..xxxx..
        x..xxxx.
        .x..xxxx
    """
    fixed = """
        x.......
        xx......
        xxx.....
        ..xx....
        ..xxx...
        ..xxxx..
        ..x..xx.
        ..x..xxx
    """
    window = """
        x.......
        xx......
        xxx.....
        .xxx....
        ..xxx...
        ...xxx..
        ....xxx.
        .....xxx
    """
    assert torch.equal(strided_mask(8, 3), drawn(strided))
    assert torch.equal(fixed_mask(8, 3, 1), drawn(fixed))
    assert torch.equal(sliding_window_mask(8, 3), drawn(window))


@pytest.mark.parametrize(
    "mask", [strided_mask(30, 5), fixed_mask(30, 5, 1), fixed_mask(28, 6, 2), strided_mask(7, 9)]
)
def test_two_hops_of_the_factorised_patterns_reach_all_that_is_earlier(mask):
    assert torch.equal(reachable(mask, 2), torch.ones_like(mask).tril())


@pytest.mark.parametrize(("window", "n_hops"), [(1, 5), (2, 3), (4, 0), (4, 1), (4, 3), (9, 9)])
def test_hops_of_a_window_add_up(window, n_hops):
    reached = reachable(sliding_window_mask(20, window), n_hops)
    assert torch.equal(reached, sliding_window_mask(20, n_hops * (window - 1) + 1))


@pytest.mark.parametrize("n_hops", [0, 1, 2, 3, 8])
def test_reach_is_that_of_a_walk(n_hops):
    mask = torch.rand(12, 12, generator=torch.Generator().manual_seed(0)) < 0.12
    for query in range(12):
        reached = {query}
        for _ in range(n_hops):
            reached |= {key for place in reached for key in range(12) if mask[place, key]}
        assert set(reachable(mask, n_hops)[query].nonzero().flatten().tolist()) == reached


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: strided_mask(4, 0), "stride must be at least 1, got 0"),
        (lambda: fixed_mask(4, -1, 1), "stride must be at least 1, got -1"),
        (lambda: fixed_mask(4, 3, 0), r"n_summary must be between 1 and stride \(3\), got 0"),
        (lambda: fixed_mask(4, 3, 4), r"n_summary must be between 1 and stride \(3\), got 4"),
        (lambda: sliding_window_mask(4, 0), "window must be at least 1, got 0"),
        (lambda: reachable(strided_mask(4, 2), -1), "n_hops must not be negative, got -1"),
    ],
)
def test_numbers_that_make_no_pattern_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
