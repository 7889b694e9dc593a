"""The task of neighbours by slices, and the reader against torch's own attention."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.models.neighbours import NeighbourReader, neighbours


def reader(seed=0, **options) -> NeighbourReader:
    sizes = {"vocab_size": 7, "seq": 5, "d_model": 12, "n_heads": 3, "n_offsets": 2}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return NeighbourReader(**(sizes | options))


def letters(n=4, seq=5, seed=1):
    return torch.randint(7, (n, seq), generator=torch.Generator().manual_seed(seed))


def test_neighbours_of_a_ring_written_out():
    found = neighbours(torch.tensor([[4, 5, 6, 7]]), (-1, 1, 2))
    assert found.tolist() == [[[7, 5, 6], [4, 6, 7], [5, 7, 4], [6, 4, 5]]]


@pytest.mark.parametrize("d_hidden", [None, 6])
def test_equals_torchs_attention_and_a_reader(d_hidden):
    model, token_ids = reader(d_hidden=d_hidden), letters()
    theirs = nn.MultiheadAttention(12, 3, batch_first=True)
    ours = model.attention
    projections = (ours.q_proj, ours.k_proj, ours.v_proj)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in projections]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in projections]))
        theirs.out_proj.load_state_dict(ours.out_proj.state_dict())
        x = F.embedding(token_ids, model.token_embedding.weight) + model.positions.weight
        h, _ = theirs(x, x, x, need_weights=False)
        if d_hidden is not None:
            first, _, last = model.reader
            h = F.linear(F.relu(F.linear(h, first.weight, first.bias)), last.weight, last.bias)
        else:
            h = F.linear(h, model.reader.weight, model.reader.bias)
        torch.testing.assert_close(model(token_ids), h.reshape(4, 5, 2, 7))


def test_loss_is_the_mean_cross_entropy():
    model, token_ids = reader(), letters()
    targets = neighbours(token_ids, (-1, 1))
    log_p = model(token_ids).log_softmax(dim=-1)
    expected = -log_p.gather(-1, targets[..., None]).mean()
    torch.testing.assert_close(model.loss(token_ids, targets), expected)


def test_number_of_weights_does_not_depend_on_the_heads():
    counts = {sum(p.numel() for p in reader(n_heads=n).parameters()) for n in (1, 2, 3, 12)}
    assert len(counts) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"vocab_size": 0},
            r"n_offsets and d_hidden must be at least 1, got \(0, 5, 12, 2, None\)",
        ),
        ({"d_hidden": 0}, r"must be at least 1, got \(7, 5, 12, 2, 0\)"),
        ({"n_heads": 5}, "n_heads must divide d_model = 12, got 5"),
    ],
)
def test_bad_sizes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        reader(**options)


def test_bad_tokens_are_named():
    with pytest.raises(ValueError, match="token_ids must be seq = 5 long, got 4"):
        reader()(letters(seq=4))
    with pytest.raises(ValueError, match="token_ids must lie between 0 and 6, got 7"):
        reader()(torch.full((1, 5), 7))
