"""ALBERT against torch's layer used again and again; and in test_hugging_face.py."""

from dataclasses import asdict
from functools import partial

import pytest
import torch
from model_copies import n_parameters, random_ids, randomised, torch_layer
from torch.nn import functional as F

from course_lib.models.albert import ALBERT
from course_lib.models.bert_config import BERTConfig, albert_base
from course_lib.nn.masks import padding_mask

CONFIG = BERTConfig(
    vocab_size=20,
    context_length=9,
    d_model=16,
    n_heads=4,
    n_layers=3,
    d_ff=24,
    d_embedding=6,
    activation="gelu_tanh",
)
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
GELU_TANH = partial(F.gelu, approximate="tanh")


def test_equals_torchs_layer_used_again_and_again():
    ours, ids, segments = randomised(ALBERT(CONFIG)), random_ids(3, 7), random_ids(3, 7, high=2)
    real = padding_mask(torch.tensor([7, 2, 5]), 7)
    below, head = ours.embeddings, ours.lm_head
    h = below.tokens.weight[ids] + below.positions.table[:7] + below.segments.weight[segments]
    h = F.layer_norm(h, (6,), below.norm.scale, below.norm.shift, 1e-12)
    h = h @ ours.embedding_proj.weight.T + ours.embedding_proj.bias
    layer = torch_layer(ours.block, GELU_TANH)
    for _ in range(3):
        h = layer(h, src_key_padding_mask=~real)
    torch.testing.assert_close(ours.encode(ids, segments, real), h, **CLOSE)
    g = F.layer_norm(GELU_TANH(head.dense(h)), (6,), head.norm.scale, head.norm.shift, 1e-12)
    expected = g @ below.tokens.weight.T + head.bias
    torch.testing.assert_close(ours(ids, segments, real), expected, **CLOSE)


def test_more_layers_cost_no_parameters_and_change_the_result():
    deeper = ALBERT(BERTConfig(**asdict(CONFIG) | {"n_layers": 7}))
    ours, ids = randomised(ALBERT(CONFIG)), random_ids(2, 6)
    deeper.load_state_dict(ours.state_dict())
    assert n_parameters(deeper) == n_parameters(ours)
    assert not torch.allclose(deeper.eval()(ids), ours(ids), atol=1e-2)


def test_the_base_model_has_as_many_parameters_as_the_published_one():
    with torch.device("meta"):
        ours = ALBERT(albert_base())
    parts = ours.embeddings, ours.embedding_proj, ours.block, ours.sentence_head.dense
    assert n_parameters(*parts) == 11_683_584


def test_padding_does_not_matter():
    ours, ids = randomised(ALBERT(CONFIG)), random_ids(1, 6)
    real = padding_mask(torch.tensor([4]), 6)
    torch.testing.assert_close(ours(ids, mask=real)[:, :4], ours(ids[:, :4]), **CLOSE)


def test_inputs_that_do_not_fit_are_refused():
    ours = ALBERT(CONFIG)
    with pytest.raises(ValueError, match="token_ids must lie between 0 and 19, got 20"):
        ours(torch.full((2, 6), 20))
    with pytest.raises(ValueError, match="token_ids must be at most 9 tokens long, got 10"):
        ours(random_ids(2, 10))
