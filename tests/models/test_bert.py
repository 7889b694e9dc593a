"""BERT against torch's encoder; against Hugging Face's in test_hugging_face.py."""

from dataclasses import asdict

import pytest
import torch
from model_copies import n_parameters, random_ids, randomised, torch_layer
from torch.nn import functional as F

from course_lib.models.bert import BERT
from course_lib.models.bert_config import BERTConfig, albert_base, bert_base
from course_lib.nn.masks import padding_mask

CONFIG = BERTConfig(
    vocab_size=20, context_length=9, d_model=16, n_heads=4, n_layers=2, d_ff=24, d_embedding=16
)
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def test_equals_torchs_encoder():
    ours, ids, segments = randomised(BERT(CONFIG)), random_ids(3, 7), random_ids(3, 7, high=2)
    real = padding_mask(torch.tensor([7, 2, 5]), 7)
    below, head, answer = ours.embeddings, ours.lm_head, ours.sentence_head
    h = below.tokens.weight[ids] + below.positions.table[:7] + below.segments.weight[segments]
    h = F.layer_norm(h, (16,), below.norm.scale, below.norm.shift, 1e-12)
    for block in ours.encoder.blocks:
        h = torch_layer(block, "gelu")(h, src_key_padding_mask=~real)
    torch.testing.assert_close(ours.encode(ids, segments, real), h, **CLOSE)

    g = F.layer_norm(F.gelu(head.dense(h)), (16,), head.norm.scale, head.norm.shift, 1e-12)
    expected = torch.einsum("bsd,vd->bsv", g, below.tokens.weight) + head.bias
    torch.testing.assert_close(ours(ids, segments, real), expected, **CLOSE)
    some = real & (ids > 9)
    torch.testing.assert_close(head(h[some], below.tokens.weight), expected[some], **CLOSE)

    first = torch.tanh(h[:, 0] @ answer.dense.weight.T + answer.dense.bias)
    expected = first @ answer.output.weight.T + answer.output.bias
    torch.testing.assert_close(ours.sentence_head(h), expected, **CLOSE)


def test_each_token_sees_all_real_ones_and_no_padding():
    ours, ids = randomised(BERT(CONFIG)), random_ids(2, 6)
    real = padding_mask(torch.tensor([4, 6]), 6)
    before = ours(ids, mask=real)
    for changed in range(6):
        other = ids.clone()
        other[:, changed] = (other[:, changed] + 1) % 20
        moved = (ours(other, mask=real) - before).abs().amax(dim=2)
        assert (moved[1] > 1e-4).all()
        assert (moved[0, :4] > 1e-4).all() if changed < 4 else (moved[0, :4] == 0).all()


def test_without_segments_all_is_text_a():
    ours, ids = randomised(BERT(CONFIG)), random_ids(2, 6)
    assert torch.equal(ours(ids), ours(ids, torch.zeros_like(ids)))
    assert not torch.allclose(ours(ids), ours(ids, torch.ones_like(ids)))


def test_the_base_model_has_as_many_parameters_as_the_published_one():
    with torch.device("meta"):
        ours = BERT(bert_base())
    without_heads = ours.embeddings, ours.encoder, ours.sentence_head.dense
    assert n_parameters(*without_heads) == 109_482_240
    assert sum(bert_base().vocab_size in p.shape for p in ours.parameters()) == 2  # table, bias


def test_first_weights():
    torch.manual_seed(0)
    ours = BERT(BERTConfig(**asdict(CONFIG) | {"d_ff": 400, "vocab_size": 400}))
    for module in (ours.embeddings.tokens, ours.encoder.blocks[0].feed_forward.up_proj):
        assert module.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert ours.encoder.blocks[1].feed_forward.up_proj.bias.abs().max() == 0


def test_dropout_acts_in_training_only():
    ours, ids = randomised(BERT(CONFIG)), random_ids(2, 6)
    assert torch.equal(ours(ids), ours(ids))
    ours.train()
    assert not torch.equal(ours(ids), ours(ids))


def test_bfloat16_stays_near():
    ours, ids = randomised(BERT(CONFIG)), random_ids(2, 6)
    expected = ours(ids)
    logits = ours.bfloat16()(ids)
    assert logits.dtype == torch.bfloat16
    assert (logits - expected).abs().mean() < 0.05 * expected.std()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"vocab_size": 0}, "vocab_size must be at least 1, got 0"),
        ({"context_length": 0}, "context_length must be at least 1, got 0"),
        ({"d_embedding": -1}, "d_embedding must be at least 1, got -1"),
        ({"n_heads": 5}, "n_heads must divide d_model = 16, got 5"),
        ({"padding_id": 20}, "padding_id must lie between 0 and 19, got 20"),
        ({"activation": "step"}, "activation must be one of .* got 'step'"),
        ({"dropout": -0.1}, r"dropout must lie in \[0, 1\), got -0.1"),
        ({"norm_epsilon": -1e-5}, "norm_epsilon must not be negative, got -1e-05"),
        ({"norm_epsilon": float("nan")}, "norm_epsilon must not be negative, got nan"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        BERTConfig(**asdict(CONFIG) | wrong)


def test_inputs_that_do_not_fit_are_refused():
    ours, ids = BERT(CONFIG), random_ids(2, 6)
    with pytest.raises(ValueError, match="token_ids must lie between 0 and 19, got 20"):
        ours(ids.clone().fill_(20))
    with pytest.raises(ValueError, match="token_ids must be at most 9 tokens long, got 10"):
        ours(random_ids(2, 10))
    with pytest.raises(ValueError, match="segment_ids must lie between 0 and 1, got 2"):
        ours(ids, ids.clone().fill_(2))


def test_a_factorised_embedding_is_alberts():
    with pytest.raises(ValueError, match="d_embedding must be d_model = 768, got 128"):
        BERT(albert_base())
