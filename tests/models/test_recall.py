"""The recall task, and that each kind of network can learn it when the first token is near."""

import pytest
import torch
from torch import nn

from course_lib.models.recall import N_ANSWERS, VOCAB_SIZE, Reader, accuracy, recall_batch


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_first_token_is_the_answer_and_comes_once():
    token_ids, answers = recall_batch(500, 7, seeded())
    assert token_ids.shape == (500, 8)
    assert torch.equal(token_ids[:, 0], answers)
    assert set(answers.tolist()) == set(range(N_ANSWERS))
    assert set(token_ids[:, 1:].unique().tolist()) == set(range(N_ANSWERS, VOCAB_SIZE))


def test_the_generator_alone_decides():
    first, again, other = (recall_batch(20, 5, seeded(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    weights = [Reader("lstm", 4, generator=seeded(3)).state_dict() for _ in range(2)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.parametrize("layer", ["rnn", "lstm", "attention"])
def test_every_network_learns_to_recall_its_neighbour(layer):
    generator = seeded()
    reader = Reader(layer, 16, generator=generator)
    assert accuracy(reader, 2, 400, generator) < 0.4
    optimizer = torch.optim.Adam(reader.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        reader.loss(*recall_batch(32, 2, generator)).backward()
        optimizer.step()
    assert accuracy(reader, 2, 400, generator) == 1


def test_the_forget_bias_opens_the_forget_gate_alone():
    """torch orders the gates input, forget, cell, output."""
    plain, biased = (
        Reader("lstm", 4, forget_bias=b, generator=seeded()).state_dict() for b in (0.0, 5.0)
    )
    difference = {name: biased[name] - plain[name] for name in plain}
    torch.testing.assert_close(
        difference.pop("layer.bias_ih_l0"), torch.tensor([0.0] * 4 + [5.0] * 4 + [0.0] * 8)
    )
    assert not any(change.any() for change in difference.values())


def test_attention_reads_the_sequence_as_a_set():
    reader = Reader("attention", 8, generator=seeded())
    token_ids, _ = recall_batch(3, 6, seeded(1))
    order = torch.tensor([4, 2, 0, 5, 3, 1, 6])  # the last token, which asks, stays
    torch.testing.assert_close(reader(token_ids[:, order]), reader(token_ids))


def test_recurrent_readers_are_torchs_networks_read_at_the_end():
    reader = Reader("rnn", 8, generator=seeded())
    token_ids, _ = recall_batch(3, 6, seeded(1))
    network = nn.RNN(8, 8, batch_first=True)
    network.load_state_dict(reader.layer.state_dict())
    _, last = network(reader.embedding(token_ids))
    torch.testing.assert_close(reader(token_ids), reader.output(last[0]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recall_batch(2, 0, seeded()), "distance must be at least 1, got 0"),
        (lambda: Reader("gru", 4, generator=seeded()), "layer must be .* got 'gru'"),
        (
            lambda: Reader("rnn", 4, forget_bias=1.0, generator=seeded()),
            "forget_bias must be 0 without an LSTM, got 1.0",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
