"""The original Transformer against torch's with the same weights."""

import math

import pytest
import torch
from model_copies import copy_norm, n_parameters, random_ids, randomised, torch_layer
from torch import nn

from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.models.encoder_decoder_config import EncoderDecoderConfig, transformer_base
from course_lib.nn.masks import causal_mask, padding_mask

SIZES = {
    "vocab_size": 20,
    "context_length": 12,
    "d_model": 16,
    "n_heads": 4,
    "n_layers": 2,
    "d_ff": 24,
}
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def model_of(norm_position="post"):
    return randomised(EncoderDecoder(EncoderDecoderConfig(**SIZES, norm_position=norm_position)))


def torchs(ours):
    """torch.nn.Transformer, with the weights of ours in the place of those it has drawn."""
    sizes = ours.config
    layer = torch_layer(ours.encoder.blocks[0], "relu")
    encoder = nn.TransformerEncoder(layer, sizes.n_layers, enable_nested_tensor=False)
    layer = torch_layer(ours.decoder.blocks[0], "relu", cross_attention=True)
    decoder = nn.TransformerDecoder(layer, sizes.n_layers)
    custom = {"custom_encoder": encoder, "custom_decoder": decoder}
    theirs = nn.Transformer(sizes.d_model, sizes.n_heads, batch_first=True, **custom)
    for stack, mine, cross in [(encoder, ours.encoder, False), (decoder, ours.decoder, True)]:
        stack.layers = nn.ModuleList(torch_layer(block, "relu", cross) for block in mine.blocks)
        if sizes.norm_position == "pre":
            stack.norm = nn.LayerNorm(sizes.d_model)
            copy_norm(mine.final_norm, stack.norm)
    return theirs


def embedded(table, ids):
    """√d_model times the embedding, plus sines and cosines, one number at a time."""
    d_model = table.shape[1]
    positions = torch.tensor(
        [
            [
                (math.cos if i % 2 else math.sin)(m / 10_000 ** ((i - i % 2) / d_model))
                for i in range(d_model)
            ]
            for m in range(ids.shape[1])
        ]
    )
    return table[ids] * math.sqrt(d_model) + positions


@pytest.mark.parametrize("norm_position", ["post", "pre"])
@pytest.mark.parametrize("lengths", [None, [7, 2, 5]])
@pytest.mark.parametrize(("n_source", "n_target"), [(7, 5), (7, 1), (7, 12)])
def test_equals_torchs_transformer(norm_position, lengths, n_source, n_target):
    ours = model_of(norm_position)
    theirs = torchs(ours)
    source, target = random_ids(3, n_source), random_ids(3, n_target, seed=1)
    real = None if lengths is None else padding_mask(torch.tensor(lengths), n_source)
    table = ours.embedding.weight.detach().clone().requires_grad_()
    forbidden = None if real is None else ~real
    h = theirs(
        embedded(table, source),
        embedded(table, target),
        tgt_mask=~causal_mask(n_target),
        src_key_padding_mask=forbidden,
        memory_key_padding_mask=forbidden,
    )
    expected, logits = h @ table.T, ours(source, target, real)
    torch.testing.assert_close(logits, expected, **CLOSE)

    upstream = torch.randn(logits.shape, generator=torch.Generator().manual_seed(2))
    (logits * upstream).sum().backward()
    (expected * upstream).sum().backward()
    scale = table.grad.abs().max().item()
    torch.testing.assert_close(ours.embedding.weight.grad, table.grad, rtol=0, atol=1e-4 * scale)
    for block, layer in zip(ours.encoder.blocks, theirs.encoder.layers, strict=True):
        gradient, other = block.feed_forward.up_proj.weight.grad, layer.linear1.weight.grad
        scale = other.abs().max().item()
        torch.testing.assert_close(gradient, other, rtol=0, atol=1e-4 * scale)


def test_one_table_serves_both_texts_and_the_logits():
    ours = model_of()
    tables = [name for name, p in ours.named_parameters() if SIZES["vocab_size"] in p.shape]
    assert tables == ["embedding.weight"]


def test_the_base_model_has_the_papers_parameters():
    with torch.device("meta"):
        ours = EncoderDecoder(transformer_base())
    attention, feed_forward, norm = 4 * (512**2 + 512), 2 * 512 * 2048 + 2048 + 512, 2 * 512
    encoder = attention + feed_forward + 2 * norm
    decoder = 2 * attention + feed_forward + 3 * norm
    assert n_parameters(ours) == 37_000 * 512 + 6 * (encoder + decoder) == 63_082_496


def test_first_weights():
    torch.manual_seed(0)
    config = EncoderDecoderConfig(**SIZES | {"vocab_size": 500, "d_model": 64, "d_ff": 256})
    ours = EncoderDecoder(config)
    assert ours.embedding.weight.std().item() == pytest.approx(1 / 8, rel=0.05)
    up_proj = ours.encoder.blocks[0].feed_forward.up_proj
    assert up_proj.weight.std().item() == pytest.approx(math.sqrt(2 / 320), rel=0.05)
    assert up_proj.bias.abs().max() == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        *[({name: 0}, f"{name} must be at least 1, got 0") for name in SIZES],
        ({"n_heads": 3}, "n_heads must divide d_model = 16, got 3"),
        ({"d_model": 15, "n_heads": 3}, "d_model must be even, got 15"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\), got 1.0"),
        ({"norm_position": "both"}, "norm_position must be 'pre' or 'post', got 'both'"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        EncoderDecoderConfig(**SIZES | wrong)


def test_texts_that_are_too_long_are_refused():
    ours, ids = model_of(), random_ids(2, 6)
    with pytest.raises(ValueError, match="source_ids must be at most 12 tokens long, got 13"):
        ours(random_ids(2, 13), ids)
    contexts, caches = ours.decoder.keys_values(ours.encode(ids)), ours.decoder.new_caches(2, 20)
    ours.decode(random_ids(2, 10), contexts, None, caches)
    with pytest.raises(ValueError, match="target_ids must be at most 2 tokens long, got 3"):
        ours.decode(random_ids(2, 3), contexts, None, caches)
