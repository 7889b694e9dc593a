"""Every window can be drawn, is whole, and comes with what follows."""

from itertools import islice

import pytest
import torch

from course_lib.data.batches import get_batch, random_batches


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
def test_targets_follow_inputs(dtype):
    token_ids = torch.arange(100, 120, dtype=dtype)
    inputs, targets = get_batch(token_ids, 7, 5, seeded())
    assert inputs.shape == targets.shape == (7, 5)
    assert inputs.dtype == targets.dtype == torch.int64
    assert torch.equal(targets, inputs + 1)
    assert torch.equal(inputs, inputs[:, :1] + torch.arange(5))


def test_every_start_is_drawn_equally_often():
    n, context_length, draws = 9, 4, 20_000
    inputs, _ = get_batch(torch.arange(n), draws, context_length, seeded())
    counts = inputs[:, 0].bincount(minlength=n)
    n_starts = n - context_length
    assert counts[n_starts:].sum() == 0
    # Binomial with p = 1/5: standard deviation 57, six of them allowed.
    assert ((counts[:n_starts] - draws / n_starts).abs() < 340).all()


def test_the_only_window_is_drawn_to_its_last_token():
    inputs, targets = get_batch(torch.tensor([7, 8, 9]), 2, 2, seeded())
    assert inputs.tolist() == [[7, 8], [7, 8]]
    assert targets.tolist() == [[8, 9], [8, 9]]


def test_the_generator_decides():
    token_ids = torch.arange(1000)
    first, again = (get_batch(token_ids, 8, 4, seeded())[0] for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, get_batch(token_ids, 8, 4, seeded(1))[0])
    generator = seeded()
    assert not torch.equal(
        get_batch(token_ids, 8, 4, generator)[0], get_batch(token_ids, 8, 4, generator)[0]
    )


def test_random_batches_go_on_where_the_generator_is():
    token_ids, generator = torch.arange(1000), seeded()
    expected = [get_batch(token_ids, 3, 4, generator) for _ in range(3)]
    for batch, wanted in zip(
        islice(random_batches(token_ids, 3, 4, seeded()), 3), expected, strict=True
    ):
        assert torch.equal(batch[0], wanted[0])
        assert torch.equal(batch[1], wanted[1])


@pytest.mark.gpu
def test_batches_are_on_the_texts_device():
    device = "cuda" if torch.cuda.is_available() else "mps"
    token_ids = torch.arange(50)
    for generator in (seeded(), torch.Generator(device).manual_seed(0)):
        inputs, targets = get_batch(token_ids.to(device), 4, 3, generator)
        assert inputs.device.type == targets.device.type == device
        assert torch.equal(targets, inputs + 1)
    on_cpu = get_batch(token_ids, 4, 3, seeded())[0]
    assert torch.equal(get_batch(token_ids.to(device), 4, 3, seeded())[0].cpu(), on_cpu)


@pytest.mark.parametrize(
    ("token_ids", "batch_size", "context_length", "message"),
    [
        (torch.arange(4), 1, 4, "more than context_length = 4, got 4"),
        (torch.arange(0), 1, 1, "more than context_length = 1, got 0"),
        (torch.arange(9), 0, 4, "at least 1, got 0 and 4"),
        (torch.arange(9), 2, 0, "at least 1, got 2 and 0"),
    ],
)
def test_what_holds_no_window_is_refused(token_ids, batch_size, context_length, message):
    with pytest.raises(ValueError, match=message):
        get_batch(token_ids, batch_size, context_length, seeded())
