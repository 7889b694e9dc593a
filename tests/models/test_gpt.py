"""GPT against the same network built from torch's layers; published sizes; first weights."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.models import gpt_presets
from course_lib.models.gpt import GPT, GPTConfig

SMALL = GPTConfig(vocab_size=41, context_length=10, d_model=24, n_heads=3, n_layers=2, d_ff=40)


def layer_of_torch(block):
    """torch's encoder layer, which in this order of norms is also GPT's, with our weights."""
    layer = nn.TransformerEncoderLayer(
        SMALL.d_model,
        SMALL.n_heads,
        SMALL.d_ff,
        dropout=0.0,
        activation=partial(F.gelu, approximate="tanh"),
        batch_first=True,
        norm_first=True,
    )
    attention, feed_forward = block.self_attention, block.feed_forward
    inward = (attention.q_proj, attention.k_proj, attention.v_proj)
    copies = {
        "self_attn.in_proj_weight": torch.cat([projection.weight for projection in inward]),
        "self_attn.in_proj_bias": torch.cat([projection.bias for projection in inward]),
        "norm1.weight": block.self_attention_norm.scale,
        "norm1.bias": block.self_attention_norm.shift,
        "norm2.weight": block.feed_forward_norm.scale,
        "norm2.bias": block.feed_forward_norm.shift,
    }
    for name, linear in [
        ("self_attn.out_proj", attention.out_proj),
        ("linear1", feed_forward.up_proj),
        ("linear2", feed_forward.down_proj),
    ]:
        copies |= {f"{name}.weight": linear.weight, f"{name}.bias": linear.bias}
    layer.load_state_dict(copies)
    return layer


@pytest.mark.parametrize(("batch", "seq"), [(1, 1), (3, 7), (2, 10)])
def test_equals_the_network_built_from_torchs_layers(batch, seq):
    torch.manual_seed(0)
    model = GPT(SMALL)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    token_ids = torch.randint(SMALL.vocab_size, (batch, seq))
    tokens, places = model.token_embedding.weight, model.positions.table
    h = tokens[token_ids] + places[:seq]
    future = nn.Transformer.generate_square_subsequent_mask(seq)
    for block in model.blocks:
        h = layer_of_torch(block)(h, src_mask=future)
    h = F.layer_norm(h, (SMALL.d_model,), model.final_norm.scale, model.final_norm.shift)
    torch.testing.assert_close(model(token_ids), h @ tokens.T, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("preset", "n_parameters"),
    [
        ("gpt2_small", 124_439_808),
        ("gpt2_medium", 354_823_168),
        ("gpt2_large", 774_030_080),
        ("gpt2_xl", 1_557_611_200),
        ("gpt_benchmark_a", 940_800),
        ("gpt_benchmark_b", 12_318_720),
    ],
)
def test_the_presets_have_the_published_numbers_of_parameters(preset, n_parameters):
    with torch.device("meta"):
        model = GPT(getattr(gpt_presets, preset)())
    assert sum(parameter.numel() for parameter in model.parameters()) == n_parameters


def test_the_head_is_the_embedding():
    model = GPT(SMALL)
    assert not any(name.startswith("head") for name in model.state_dict())
    model.zero_grad()
    model.logits(torch.ones(SMALL.d_model)).sum().backward()
    assert torch.equal(model.token_embedding.weight.grad, torch.ones(41, 24))


def test_first_weights_are_as_published():
    torch.manual_seed(0)
    model = GPT(
        GPTConfig(vocab_size=2000, context_length=64, d_model=128, n_heads=4, n_layers=8, d_ff=512)
    )
    added = ("out_proj.weight", "down_proj.weight")
    for name, parameter in model.named_parameters():
        if name.endswith("scale"):
            assert (parameter == 1).all()
        elif name.endswith(("bias", "shift")):
            assert not parameter.any()
        else:
            expected = 0.02 / math.sqrt(16) if name.endswith(added) else 0.02
            sampling_error = expected / math.sqrt(2 * parameter.numel())
            assert parameter.std().item() == pytest.approx(expected, abs=6 * sampling_error)
            assert abs(parameter.mean().item()) < 6 * expected / math.sqrt(parameter.numel())


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    model = GPT(GPTConfig(**{**vars(SMALL), "dropout": 0.5}))
    token_ids = torch.randint(SMALL.vocab_size, (2, 6))
    assert not torch.equal(model(token_ids), model(token_ids))
    model.eval()
    assert torch.equal(model(token_ids), model(token_ids))


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_a_dropout_that_is_no_share_is_refused(dropout):
    with pytest.raises(ValueError, match=rf"dropout must lie in \[0, 1\), got {dropout}"):
        GPTConfig(**{**vars(SMALL), "dropout": dropout})
