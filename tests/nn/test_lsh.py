"""Hashing by plain loops; hashed attention against full attention and against its definition."""

import math

import pytest
import torch
from largest_tensor import largest_tensor
from torch.nn.functional import normalize, scaled_dot_product_attention

from course_lib.nn.lsh import lsh_attention, lsh_buckets


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def draws(*shape, seed=0):
    return torch.randn(shape, generator=seeded(seed))


def buckets_by_loops(x, rotations):
    buckets = []
    for rotation in rotations.tolist():
        row = []
        for vector in x.tolist():
            rotated = [
                sum(a * line[column] for a, line in zip(vector, rotation, strict=True))
                for column in range(len(rotation[0]))
            ]
            both = rotated + [-value for value in rotated]
            row.append(both.index(max(both)))
        buckets.append(row)
    return buckets


@pytest.mark.parametrize(
    ("seq", "d", "n_buckets", "n_rounds"), [(1, 1, 2, 1), (9, 3, 2, 4), (30, 5, 8, 3)]
)
def test_buckets_are_those_of_plain_loops(seq, d, n_buckets, n_rounds):
    x, rotations = draws(seq, d), draws(n_rounds, d, n_buckets // 2, seed=1)
    buckets = lsh_buckets(x, n_buckets, rotations)
    assert buckets.dtype == torch.int64
    assert buckets.tolist() == buckets_by_loops(x, rotations)


def test_four_directions_worked_by_hand():
    x = torch.tensor([[3.0, 1.0], [1.0, 3.0], [-3.0, 1.0], [1.0, -3.0]])
    rotations = torch.stack([torch.eye(2), torch.eye(2).flip(0)])
    assert lsh_buckets(x, 4, rotations).tolist() == [[0, 1, 2, 3], [1, 0, 3, 2]]


def test_a_batch_is_hashed_as_each_of_its_sequences():
    x, rotations = draws(2, 3, 10, 4), draws(5, 4, 3, seed=1)
    buckets = lsh_buckets(x, 6, rotations)
    assert buckets.shape == (2, 3, 5, 10)
    for i in range(2):
        for j in range(3):
            assert torch.equal(buckets[i, j], lsh_buckets(x[i, j], 6, rotations))


def test_length_plays_no_part_and_the_opposite_lies_half_the_buckets_away():
    x, rotations = draws(50, 6), draws(4, 6, 4, seed=1)
    buckets = lsh_buckets(x, 8, rotations)
    lengths = torch.logspace(-6, 6, 50)[:, None]
    assert torch.equal(lsh_buckets(lengths * x, 8, rotations), buckets)
    assert torch.equal(lsh_buckets(normalize(x, dim=-1), 8, rotations), buckets)
    assert torch.equal(lsh_buckets(-x, 8, rotations), (buckets + 4) % 8)


def test_two_buckets_are_shared_as_often_as_the_angle_says():
    rotations = draws(40_000, 3, 1)
    for angle in (0.2, 1.0, 2.5):
        pair = torch.tensor([[1.0, 0.0, 0.0], [math.cos(angle), math.sin(angle), 0.0]])
        buckets = lsh_buckets(pair, 2, rotations)
        shared = (buckets[:, 0] == buckets[:, 1]).double().mean().item()
        expected = 1 - angle / math.pi
        assert abs(shared - expected) < 6 * math.sqrt(expected * (1 - expected) / 40_000)


@pytest.mark.parametrize("n_buckets", [3, 4, 8])
def test_buckets_that_do_not_fit_the_rotations_are_refused(n_buckets):
    with pytest.raises(ValueError, match=f"twice the 3 columns of rotations, got {n_buckets}"):
        lsh_buckets(draws(5, 2), n_buckets, draws(1, 2, 3))


def full_attention(q_and_k, v, causal):
    """Each to all others, itself only where there is no other."""
    seq = q_and_k.shape[2]
    mask = torch.ones(seq, seq, dtype=torch.bool)
    mask = (mask.tril() if causal else mask) & ~torch.eye(seq, dtype=torch.bool)
    mask[~mask.any(dim=1)] = torch.eye(seq, dtype=torch.bool)[~mask.any(dim=1)]
    keys = normalize(q_and_k, dim=-1)
    return scaled_dot_product_attention(q_and_k, keys, v, attn_mask=mask, scale=1.0)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("n_rounds", [1, 3])
@pytest.mark.parametrize("seq", [1, 2, 24])
def test_one_chunk_for_all_is_full_attention_forward_and_backward(seq, n_rounds, causal):
    q_and_k, v, weights = (draws(2, 3, seq, 5, seed=seed).double() for seed in (1, 2, 3))
    inputs = [(3 * q_and_k).requires_grad_(), v.requires_grad_()]
    ours = lsh_attention(*inputs, 4, n_rounds, seq, seeded(), causal)
    theirs = full_attention(*inputs, causal)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    torch.testing.assert_close(
        torch.autograd.grad((ours * weights).sum(), inputs),
        torch.autograd.grad((theirs * weights).sum(), inputs),
        rtol=0,
        atol=1e-12,
    )


@pytest.mark.parametrize("causal", [False, True])
def test_two_chunks_see_all_but_what_the_first_cannot(causal):
    q_and_k, v = draws(1, 1, 16, 4), draws(1, 1, 16, 4, seed=1)
    ours = lsh_attention(q_and_k, v, 4, 1, 8, seeded(), causal)
    rotations = torch.randn(1, 4, 2, generator=seeded())
    order = lsh_buckets(q_and_k[0, 0], 4, rotations)[0].argsort(stable=True)
    torch.testing.assert_close(
        ours[:, :, order[8:]],
        full_attention(q_and_k, v, causal)[:, :, order[8:]],
        rtol=0,
        atol=1e-6,
    )


def by_its_definition(q_and_k, v, n_buckets, n_rounds, chunk, causal, seed):
    """Attention of each position to the union, over rounds, of what it sees; one by one."""
    seq, d_head = q_and_k.shape
    rotations = torch.randn(n_rounds, d_head, n_buckets // 2, generator=seeded(seed))
    seen = [set() for _ in range(seq)]
    for buckets in buckets_by_loops(q_and_k, rotations):
        order = sorted(range(seq), key=lambda i: (buckets[i], i))
        for rank, i in enumerate(order):
            start = rank // chunk * chunk
            seen[i] |= set(order[max(0, start - chunk) : start + chunk])
    outputs = []
    for i in range(seq):
        others = sorted(j for j in seen[i] if j != i and not (causal and j > i)) or [i]
        scores = torch.stack([q_and_k[i] @ q_and_k[j] / q_and_k[j].norm() for j in others])
        outputs.append(scores.softmax(dim=0) @ v[others])
    return torch.stack(outputs)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("n_buckets", "n_rounds", "chunk"), [(2, 1, 4), (4, 1, 1), (4, 2, 2), (8, 5, 4), (6, 3, 12)]
)
def test_every_position_attends_to_what_it_sees_in_any_round(n_buckets, n_rounds, chunk, causal):
    q_and_k, v = 2 * draws(2, 2, 24, 4), draws(2, 2, 24, 4, seed=1)
    ours = lsh_attention(q_and_k, v, n_buckets, n_rounds, chunk, seeded(5), causal)
    for i in range(2):
        for j in range(2):
            expected = by_its_definition(
                q_and_k[i, j], v[i, j], n_buckets, n_rounds, chunk, causal, seed=5
            )
            torch.testing.assert_close(ours[i, j], expected, rtol=0, atol=2e-6)


def test_the_error_falls_with_the_rounds():
    q_and_k, v = 4 * draws(4, 2, 256, 8), draws(4, 2, 256, 8, seed=1)
    exact = full_attention(q_and_k, v, causal=False)
    errors = [
        (lsh_attention(q_and_k, v, 16, n_rounds, 16, seeded()) - exact).square().mean().item()
        for n_rounds in (1, 2, 4, 8, 16)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 10


def test_hashing_finds_more_of_the_attention_than_chance_does():
    q_and_k, v = 6 * draws(4, 2, 256, 8), draws(4, 2, 256, 8, seed=1)
    exact = full_attention(q_and_k, v, causal=False)
    hashed, by_chance = (
        lsh_attention(q_and_k, v, n_buckets, 2, 16, seeded()) for n_buckets in (16, 2)
    )
    assert (hashed - exact).square().mean() < (by_chance - exact).square().mean() / 1.5


def test_the_future_has_no_part_when_causal():
    q_and_k, v = draws(1, 2, 32, 4), draws(1, 2, 32, 4, seed=1)
    before = lsh_attention(q_and_k, v, 8, 3, 32, seeded(), causal=True)
    q_and_k[:, :, 20:], v[:, :, 20:] = 7.0, -9.0
    after = lsh_attention(q_and_k, v, 8, 3, 32, seeded(), causal=True)
    torch.testing.assert_close(after[:, :, :20], before[:, :, :20])
    torch.testing.assert_close(after[:, :, 0], v[:, :, 0])


def test_later_values_have_no_part_in_small_chunks_either():
    q_and_k, v = draws(1, 2, 32, 4), draws(1, 2, 32, 4, seed=1)
    before = lsh_attention(q_and_k, v, 8, 3, 4, seeded(), causal=True)
    v[:, :, 20:] = -9.0
    after = lsh_attention(q_and_k, v, 8, 3, 4, seeded(), causal=True)
    assert torch.equal(after[:, :, :20], before[:, :, :20])


@pytest.mark.parametrize("seq", [256, 1024])
def test_memory_grows_with_the_length_and_not_with_its_square(seq):
    q_and_k, v = (draws(1, 1, seq, 8, seed=seed).requires_grad_() for seed in (0, 1))
    n_rounds, chunk = 3, 16
    with largest_tensor() as largest:
        lsh_attention(q_and_k, v, 16, n_rounds, chunk, seeded()).sum().backward()
    assert largest.n_elements == seq * 2 * chunk * n_rounds


def test_all_chance_comes_from_the_generator():
    q_and_k, v, before = draws(1, 1, 32, 4), draws(1, 1, 32, 4, seed=1), torch.get_rng_state()
    first, again, other = (lsh_attention(q_and_k, v, 8, 1, 4, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_16_bits_stay_16_bits_and_near(dtype):
    q_and_k, v = draws(1, 2, 16, 8).to(dtype), draws(1, 2, 16, 8, seed=1).to(dtype)
    rounded = lsh_attention(q_and_k, v, 4, 2, 16, seeded(), causal=True)
    assert rounded.dtype == dtype
    exact = full_attention(q_and_k.float(), v.float(), causal=True)
    torch.testing.assert_close(rounded.float(), exact, rtol=0, atol=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_rounds": 0}, "n_rounds and chunk must be at least 1, got 0 and 4"),
        ({"chunk": 0}, "n_rounds and chunk must be at least 1, got 2 and 0"),
        ({"n_buckets": 5}, "n_buckets must be an even number from 2 on, got 5"),
        ({"n_buckets": 0}, "n_buckets must be an even number from 2 on, got 0"),
        ({"chunk": 5}, "seq must be a multiple of chunk, got 12 and 5"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(change, message):
    settings = {"n_buckets": 4, "n_rounds": 2, "chunk": 4} | change
    with pytest.raises(ValueError, match=message):
        lsh_attention(draws(1, 1, 12, 3), draws(1, 1, 12, 3), generator=seeded(), **settings)
