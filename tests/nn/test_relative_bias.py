"""T5's buckets: against where the paper's powers put their borders, and numbers worked by hand."""

import pytest
import torch
from torch import nn

from course_lib.nn.relative_bias import RelativeBias, distance_bucket


def bucket_by_borders(distance, n_buckets, max_distance):
    """The last bucket that begins at or before the distance."""
    half = n_buckets // 2
    wide = n_buckets - half
    # bucket half + j begins at half · (max_distance / half)^(j / wide), compared without roots
    begun = [j for j in range(wide) if distance**wide * half**j >= half**wide * max_distance**j]
    return half + max(begun) if distance >= half else distance


@pytest.mark.parametrize(
    ("n_buckets", "max_distance"), [(16, 128), (32, 128), (2, 5), (3, 9), (7, 40), (64, 1000)]
)
def test_buckets_begin_where_powers_say(n_buckets, max_distance):
    for distance in range(2 * max_distance):
        assert distance_bucket(distance, n_buckets, max_distance) == bucket_by_borders(
            distance, n_buckets, max_distance
        )


def test_buckets_of_t5_worked_by_hand():
    # 8 exact ones; then borders at 8 · 16^(j/8) = 8, 11.3, 16, 22.6, 32, 45.3, 64, 90.5
    begins = [*range(8), 8, 12, 16, 23, 32, 46, 64, 91]
    expected = [sum(distance >= begin for begin in begins) - 1 for distance in range(200)]
    assert [distance_bucket(distance, 16, 128) for distance in range(200)] == expected


def numbered(**options):
    """A bias whose number, for head 0, is its bucket's; for head 1, a hundred more."""
    bias = RelativeBias(2, **options)
    rows = torch.arange(len(bias.table), dtype=torch.float32)
    with torch.no_grad():
        bias.table.copy_(torch.stack((rows, rows + 100), dim=1))
    return bias


def test_an_encoder_tells_before_from_after():
    (heads,) = numbered(n_buckets=8, max_distance=20)(6, 6)
    # 4 buckets on a side: distances 0, 1, 2 to 6, from 7 on; keys after the query add 4
    assert heads[0].tolist() == [
        [0, 5, 6, 6, 6, 6],
        [1, 0, 5, 6, 6, 6],
        [2, 1, 0, 5, 6, 6],
        [2, 2, 1, 0, 5, 6],
        [2, 2, 2, 1, 0, 5],
        [2, 2, 2, 2, 1, 0],
    ]
    assert torch.equal(heads[1], heads[0] + 100)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(("n_queries", "n_keys"), [(1, 1), (300, 300), (1, 300), (4, 150)])
def test_every_entry_is_the_bucket_of_its_offset(bidirectional, n_queries, n_keys):
    (heads,) = numbered(bidirectional=bidirectional)(n_queries, n_keys)
    on_a_side = 16 if bidirectional else 32
    for i in range(0, n_queries, 7):
        for j in range(0, n_keys, 5):
            offset = j - (n_keys - n_queries + i)
            distance = abs(offset) if bidirectional else max(-offset, 0)
            expected = bucket_by_borders(distance, on_a_side, 128)
            expected += on_a_side if bidirectional and offset > 0 else 0
            assert heads[0, i, j] == expected


def test_gradients_reach_the_table():
    bias = RelativeBias(2, n_buckets=8, max_distance=20)
    bias(3, 3).sum().backward()
    assert bias.table.grad[:, 0].tolist() == [3, 2, 1, 0, 0, 2, 1, 0]


def test_only_the_table_is_saved_and_it_starts_at_zero():
    state = RelativeBias(3).state_dict()
    assert list(state) == ["table"]
    assert torch.equal(state["table"], torch.zeros(32, 3))


def test_buckets_move_with_the_module():
    bias: nn.Module = RelativeBias(3).to("meta")
    assert bias(4, 4).device.type == "meta"


def test_no_heads_are_refused():
    with pytest.raises(ValueError, match="n_heads must be at least 1, got 0"):
        RelativeBias(0)


@pytest.mark.parametrize(
    ("n_buckets", "bidirectional", "message"),
    [(2, True, "of 2.* 4, got 2"), (7, True, "of 2.* 4, got 7"), (1, False, "of 1.* 2, got 1")],
)
def test_too_few_buckets_are_refused(n_buckets, bidirectional, message):
    with pytest.raises(ValueError, match=f"n_buckets must be a multiple {message}"):
        RelativeBias(3, n_buckets, bidirectional=bidirectional)


def test_a_maximum_inside_the_exact_buckets_is_refused():
    with pytest.raises(ValueError, match=r"max_distance must be above 8, .*, got 8"):
        RelativeBias(3, 32, 8)
