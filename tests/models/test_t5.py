"""T5 against its formulas; against Hugging Face's in test_hugging_face.py."""

from dataclasses import asdict

import pytest
import torch
from model_copies import n_parameters, random_ids, randomised
from torch.nn import functional as F

from course_lib.models.t5 import T5
from course_lib.models.t5_config import T5Config, t5_base, t5_small, t5_v1_1_base
from course_lib.nn.masks import padding_mask

CONFIG = T5Config(
    vocab_size=20,
    d_model=16,
    n_heads=4,
    n_layers=2,
    d_ff=24,
    n_buckets=8,
    max_distance=12,
)
V1_1 = {"activation": "gelu_tanh", "gated": True, "tied_head": False}
VERSIONS = pytest.mark.parametrize("version", [{}, V1_1], ids=["1.0", "1.1"])
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def model_of(**changes):
    return randomised(T5(T5Config(**asdict(CONFIG) | changes)))


def rms(x, norm):
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * norm.scale


def attend(attention, x, context, bias, allowed):
    """One head at a time. Ours divides by √d_head = 2 where T5 has smaller queries."""
    heads = []
    for head in range(4):
        rows = slice(4 * head, 4 * head + 4)
        q, k, v = (
            source @ projection.weight[rows].T
            for source, projection in [
                (x, attention.q_proj),
                (context, attention.k_proj),
                (context, attention.v_proj),
            ]
        )
        scores = (q / 2) @ k.mT + bias[head]
        heads.append(scores.masked_fill(~allowed, -1e30).softmax(-1) @ v)
    return torch.cat(heads, -1) @ attention.out_proj.weight.T


def bias_by_hand(table, n, bidirectional):
    """With 8 buckets up to distance 12; one side has 4 buckets if bidirectional, else 8."""
    one_side = [0, 1, 2, 2, 2, 3, 3] if bidirectional else [0, 1, 2, 3, 4, 4, 5, 6]
    bias = torch.empty(4, n, n)
    for query in range(n):
        for key in range(n):
            if key > query:
                bucket = 4 + one_side[key - query] if bidirectional else 0
            else:
                bucket = one_side[query - key]
            bias[:, query, key] = table[bucket]
    return bias


@VERSIONS
def test_equals_the_formulas(version):
    ours = model_of(**version)
    source, target = random_ids(2, 6), random_ids(2, 5, seed=1)
    real = padding_mask(torch.tensor([4, 6]), 6)[:, None]

    def feed_forward(layer, h):
        up = h @ layer.up_proj.weight.T
        if version:
            hidden = F.gelu(h @ layer.gate_proj.weight.T, approximate="tanh") * up
        else:
            hidden = up.relu()
        return hidden @ layer.down_proj.weight.T

    x = ours.embedding.weight[source]
    bias = bias_by_hand(ours.encoder_bias.table, 6, bidirectional=True)
    for block in ours.encoder.blocks:
        h = rms(x, block.self_attention_norm)
        x = x + attend(block.self_attention, h, h, bias, real)
        x = x + feed_forward(block.feed_forward, rms(x, block.feed_forward_norm))
    memory = rms(x, ours.encoder.final_norm)
    torch.testing.assert_close(ours.encode(source, real[:, 0]), memory, **CLOSE)

    x = ours.embedding.weight[target]
    bias = bias_by_hand(ours.decoder_bias.table, 5, bidirectional=False)
    past, no_bias = torch.ones(5, 5).tril().bool(), torch.zeros(4, 1, 1)
    for block in ours.decoder.blocks:
        h = rms(x, block.self_attention_norm)
        x = x + attend(block.self_attention, h, h, bias, past)
        h = rms(x, block.cross_attention_norm)
        x = x + attend(block.cross_attention, h, memory, no_bias, real)
        x = x + feed_forward(block.feed_forward, rms(x, block.feed_forward_norm))
    h = rms(x, ours.decoder.final_norm)
    expected = h @ ours.lm_head.weight.T if version else h / 4 @ ours.embedding.weight.T
    torch.testing.assert_close(ours(source, target, real[:, 0]), expected, **CLOSE)


def test_one_bias_a_stack_serves_every_layer():
    ours = model_of(n_layers=5)
    biases = [name for name, parameter in ours.named_parameters() if parameter.shape == (8, 4)]
    assert biases == ["encoder_bias.table", "decoder_bias.table"]
    assert not any(name.endswith(("bias", "shift")) for name, _ in ours.named_parameters())


@pytest.mark.parametrize(
    ("preset", "published"),
    [(t5_small, 60_506_624), (t5_base, 222_903_552), (t5_v1_1_base, 247_577_856)],
)
def test_the_presets_have_as_many_parameters_as_the_published_models(preset, published):
    with torch.device("meta"):
        assert n_parameters(T5(preset())) == published


def test_first_weights_give_logits_of_the_size_of_one():
    torch.manual_seed(0)
    sizes = {"vocab_size": 500, "d_model": 64, "d_ff": 256}
    ours = T5(T5Config(**asdict(CONFIG) | sizes)).eval()
    q_proj = ours.encoder.blocks[0].self_attention.q_proj
    assert q_proj.weight.std().item() == pytest.approx(1 / 8, rel=0.05)
    down_proj = ours.decoder.blocks[1].feed_forward.down_proj
    assert down_proj.weight.std().item() == pytest.approx(1 / 16, rel=0.05)
    ids = random_ids(4, 10, high=500)
    assert ours(ids, ids).std().item() == pytest.approx(1, rel=0.3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"vocab_size": 0}, "vocab_size must be at least 1, got 0"),
        ({"d_ff": 0}, "d_ff must be at least 1, got 0"),
        ({"n_heads": 5}, "n_heads must divide d_model = 16, got 5"),
        ({"activation": "step"}, "activation must be one of .* got 'step'"),
        ({"dropout": 1.5}, r"dropout must lie in \[0, 1\), got 1.5"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        T5Config(**asdict(CONFIG) | wrong)


def test_buckets_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="n_buckets must be a multiple of 2"):
        model_of(n_buckets=7)
