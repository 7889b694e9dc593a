"""RoBERTa against torch's encoder; against Hugging Face's in test_hugging_face.py."""

import pytest
import torch
from model_copies import n_parameters, random_ids, randomised, torch_layer
from torch.nn import functional as F

from course_lib.models.bert_config import BERTConfig, albert_base, roberta_base
from course_lib.models.roberta import RoBERTa
from course_lib.nn.masks import padding_mask

PADDING = 1
CONFIG = BERTConfig(
    vocab_size=20,
    context_length=9,
    d_model=16,
    n_heads=4,
    n_layers=2,
    d_ff=24,
    d_embedding=16,
    padding_id=PADDING,
    norm_epsilon=1e-5,
)
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def padded_ids(lengths, seq):
    """Random ids without padding's, then padding; and the mask of what is real."""
    real = padding_mask(torch.tensor(lengths), seq)
    return torch.where(real, random_ids(len(lengths), seq, low=2), PADDING), real


def test_positions_begin_after_the_paddings():
    ours = RoBERTa(CONFIG)
    ids = torch.tensor([[5, 9, 1, 1], [1, 1, 7, 7], [5, 1, 8, 2]])
    assert ours.positions(ids).tolist() == [[2, 3, 1, 1], [1, 1, 2, 3], [2, 1, 3, 4]]
    assert len(ours.embeddings.positions.table) == 11
    assert ours(random_ids(2, 9, low=2)).shape == (2, 9, 20)  # the table is just long enough


def test_equals_torchs_encoder():
    ours, (ids, real) = randomised(RoBERTa(CONFIG)), padded_ids([7, 2, 5], 7)
    below, head = ours.embeddings, ours.lm_head
    h = below.tokens.weight[ids] + below.positions.table[2:9]
    h = F.layer_norm(h, (16,), below.norm.scale, below.norm.shift, 1e-5)
    for block in ours.encoder.blocks:
        h = torch_layer(block, "gelu")(h, src_key_padding_mask=~real)
    torch.testing.assert_close(ours.encode(ids, real)[real], h[real], **CLOSE)
    g = F.layer_norm(F.gelu(head.dense(h)), (16,), head.norm.scale, head.norm.shift, 1e-5)
    expected = g @ below.tokens.weight.T + head.bias
    torch.testing.assert_close(ours(ids, real)[real], expected[real], **CLOSE)


def test_it_does_not_matter_on_which_side_the_padding_is():
    ours, (ids, real) = randomised(RoBERTa(CONFIG)), padded_ids([5], 8)
    left, right = ours(ids.roll(3), real.roll(3)), ours(ids, real)
    torch.testing.assert_close(left[:, 3:], right[:, :5], **CLOSE)
    torch.testing.assert_close(ours(ids[:, :5]), right[:, :5], **CLOSE)


def test_the_base_model_has_as_many_parameters_as_the_published_one():
    with torch.device("meta"):
        ours = RoBERTa(roberta_base())
    published, segment = 124_055_040, 768
    assert n_parameters(ours.embeddings, ours.encoder) == published - segment


def test_inputs_that_do_not_fit_are_refused():
    ours = RoBERTa(CONFIG)
    with pytest.raises(ValueError, match="token_ids must lie between 0 and 19, got 20"):
        ours(torch.full((2, 6), 20))
    with pytest.raises(ValueError, match="token_ids must be at most 9 tokens long, got 10"):
        ours(random_ids(2, 10))


def test_a_factorised_embedding_is_alberts():
    with pytest.raises(ValueError, match="d_embedding must be d_model = 768, got 128"):
        RoBERTa(albert_base())
