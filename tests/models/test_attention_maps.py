"""The maps are the softmax of the scores that the layers' own projections give."""

import pytest
import torch
from torch import nn

from course_lib.models.attention_maps import attention_maps
from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.models.encoder_decoder_config import EncoderDecoderConfig
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.nn.masks import causal_mask

CONFIG = GPTConfig(vocab_size=17, context_length=9, d_model=12, n_heads=3, n_layers=2, d_ff=20)


def spread(model: nn.Module) -> nn.Module:
    """Larger weights, so that attention is far from uniform."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.6 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def test_first_layer_by_hand():
    model = spread(GPT(CONFIG))
    token_ids = torch.tensor([[3, 1, 4, 1, 5, 9, 2], [2, 7, 1, 8, 2, 8, 1]])
    maps = attention_maps(model, token_ids)
    assert [tuple(m.shape) for m in maps] == [(2, 3, 7, 7)] * 2
    block = model.blocks[0]
    x = model.token_embedding(token_ids) + model.positions.table[:7]
    h = block.self_attention_norm(x)
    for head in range(3):
        columns = slice(4 * head, 4 * head + 4)
        q = block.self_attention.q_proj(h)[..., columns]
        k = block.self_attention.k_proj(h)[..., columns]
        scores = torch.einsum("bid,bjd->bij", q, k) / 2  # √4
        scores[:, ~causal_mask(7)] = -torch.inf
        torch.testing.assert_close(maps[0][:, head], scores.softmax(-1))


def test_rows_are_shares_and_nothing_is_seen_of_the_future():
    maps = attention_maps(spread(GPT(CONFIG)), torch.arange(9)[None])
    for weights in maps:
        torch.testing.assert_close(weights.sum(-1), torch.ones(1, 3, 9))
        assert (weights >= 0).all()
        assert (weights[..., ~causal_mask(9)] == 0).all()


def test_a_mask_and_cross_attention_are_seen():
    sizes = {"d_model": 12, "n_heads": 3, "n_layers": 1, "d_ff": 20}
    config = EncoderDecoderConfig(vocab_size=17, context_length=9, **sizes)
    model = spread(EncoderDecoder(config))
    source, target = torch.tensor([[1, 2, 3, 4, 5]]), torch.tensor([[6, 7, 8]])
    real = torch.tensor([[True, True, True, False, False]])
    maps = attention_maps(model, source, target, source_mask=real)
    assert [tuple(m.shape) for m in maps] == [(1, 3, 5, 5), (1, 3, 3, 3), (1, 3, 3, 5)]
    assert (maps[0][..., 3:] == 0).all()
    assert (maps[2][..., 3:] == 0).all()
    torch.testing.assert_close(maps[2].sum(-1), torch.ones(1, 3, 3))


def test_the_model_is_left_as_it_was():
    model, token_ids = spread(GPT(CONFIG)), torch.arange(9)[None]
    before, attention = model(token_ids), model.blocks[0].self_attention.attention
    attention_maps(model, token_ids)
    assert model.blocks[0].self_attention.attention is attention
    assert torch.equal(model(token_ids), before)
    with pytest.raises(ValueError, match="context_length"):
        attention_maps(model, torch.zeros(1, 10, dtype=torch.long))
    assert model.blocks[0].self_attention.attention is attention


def test_a_model_without_attention_is_named():
    with pytest.raises(ValueError, match="must have an AttentionLayer, got a Linear"):
        attention_maps(nn.Linear(2, 2), torch.zeros(1, 2))
