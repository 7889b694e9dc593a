"""The block against torch's encoder and decoder layers with the same weights."""

from functools import partial

import pytest
import torch
from torch import nn

from course_lib.nn.attention import causal_attention, scaled_dot_product_attention
from course_lib.nn.block import TransformerBlock
from course_lib.nn.masks import causal_mask, padding_mask
from course_lib.nn.norms import LayerNorm, RMSNorm, rms_norm
from course_lib.nn.relative_bias import RelativeBias
from course_lib.nn.rotary import Rotary

D_MODEL, N_HEADS, D_FF = 16, 4, 40
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
ALL_KINDS = pytest.mark.parametrize(
    ("norm_position", "activation", "bias"),
    [(p, a, b) for p in ("pre", "post") for a in ("relu", "gelu") for b in (True, False)],
)


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def block(seed=0, **options):
    """A block whose parameters are all random, norms and biases included."""
    torch.manual_seed(seed)
    ours = TransformerBlock(D_MODEL, N_HEADS, D_FF, **options)
    for parameter in ours.parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter, mean=0.5, std=0.3)
    return ours


def norm_without_shift(d_model):
    norm = LayerNorm(d_model)
    del norm.shift
    norm.register_buffer("shift", torch.zeros(d_model))
    return norm


def pairs(ours, theirs):
    """Parameters of torch's layer, each beside those of ours that it joins."""
    cross = ours.cross_attention is not None
    attentions = [(ours.self_attention, theirs.self_attn)]
    if cross:
        attentions.append((ours.cross_attention, theirs.multihead_attn))
    for mine, other in attentions:
        inward = (mine.q_proj, mine.k_proj, mine.v_proj)
        yield other.in_proj_weight, [p.weight for p in inward]
        yield other.in_proj_bias, [p.bias for p in inward]
        yield other.out_proj.weight, [mine.out_proj.weight]
        yield other.out_proj.bias, [mine.out_proj.bias]
    feed_forward = ours.feed_forward
    for mine, other in [
        (feed_forward.up_proj, theirs.linear1),
        (feed_forward.down_proj, theirs.linear2),
    ]:
        yield other.weight, [mine.weight]
        yield other.bias, [mine.bias]
    norms = [ours.self_attention_norm, ours.cross_attention_norm, ours.feed_forward_norm]
    others = [theirs.norm1, theirs.norm2, *([theirs.norm3] if cross else [])]
    for mine, other in zip([norm for norm in norms if norm is not None], others, strict=True):
        yield other.weight, [mine.scale]
        yield other.bias, [mine.shift]


def copied(ours, kind, norm_position, activation, bias):
    """A layer of torch's with the weights of ours."""
    theirs = kind(
        D_MODEL,
        N_HEADS,
        D_FF,
        dropout=0.0,
        activation=activation,
        batch_first=True,
        norm_first=norm_position == "pre",
        bias=bias,
    )
    with torch.no_grad():
        for target, sources in pairs(ours, theirs):
            if target is not None:
                target.copy_(torch.cat(sources))
    return theirs


def assert_same_gradients(ours, theirs, inputs, our_result, their_result):
    upstream = draws(*our_result.shape, seed=9)
    ours.zero_grad()
    input_gradients = []
    for result in (our_result, their_result):
        for x in inputs:
            x.grad = None
        (result * upstream).sum().backward()
        input_gradients.append([x.grad.clone() for x in inputs])
    for gradient, expected in zip(*input_gradients, strict=True):
        torch.testing.assert_close(gradient, expected, **CLOSE)
    for target, sources in pairs(ours, theirs):
        if isinstance(target, nn.Parameter):
            gradient = torch.cat([source.grad for source in sources])
            torch.testing.assert_close(gradient, target.grad, rtol=1e-4, atol=1e-5)


@ALL_KINDS
@pytest.mark.parametrize("masked", [False, True])
def test_equals_torchs_encoder_layer(norm_position, activation, bias, masked):
    norm = LayerNorm if bias else norm_without_shift
    options = {"norm_position": norm_position, "activation": activation, "bias": bias}
    ours = block(norm=norm, **options)
    theirs = copied(ours, nn.TransformerEncoderLayer, **options)
    x = draws(3, 6, D_MODEL).requires_grad_()
    mask, forbidden = None, {}
    if masked:
        real = padding_mask(torch.tensor([6, 2, 4]), 6)
        mask = real[:, None, None, :]
        forbidden = {"src_key_padding_mask": ~real}
    result, expected = ours(x, mask=mask), theirs(x, **forbidden)
    torch.testing.assert_close(result, expected, **CLOSE)
    assert_same_gradients(ours, theirs, [x], result, expected)


@ALL_KINDS
@pytest.mark.parametrize("masked", [False, True])
def test_equals_torchs_decoder_layer(norm_position, activation, bias, masked):
    norm = LayerNorm if bias else norm_without_shift
    options = {"norm_position": norm_position, "activation": activation, "bias": bias}
    ours = block(norm=norm, cross_attention=True, **options)
    theirs = copied(ours, nn.TransformerDecoderLayer, **options)
    x, context = (
        draws(3, 6, D_MODEL).requires_grad_(),
        draws(3, 5, D_MODEL, seed=1).requires_grad_(),
    )
    mask = context_mask = None
    forbidden = {}
    if masked:
        real = padding_mask(torch.tensor([6, 2, 4]), 6)
        real_context = padding_mask(torch.tensor([1, 5, 3]), 5)
        mask = causal_mask(6) & real[:, None, None, :]
        context_mask = real_context[:, None, None, :]
        forbidden = {
            "tgt_mask": ~causal_mask(6),
            "tgt_key_padding_mask": ~real,
            "memory_key_padding_mask": ~real_context,
        }
    result = ours(x, context, mask, context_mask)
    expected = theirs(x, context, **forbidden)
    torch.testing.assert_close(result, expected, **CLOSE)
    assert_same_gradients(ours, theirs, [x, context], result, expected)


@pytest.mark.parametrize("norm_position", ["pre", "post"])
def test_attention_by_hand_fits_as_well(norm_position):
    fused = block(norm_position=norm_position)
    by_hand = block(norm_position=norm_position, attention=scaled_dot_product_attention)
    causal = block(norm_position=norm_position, attention=causal_attention)
    x, mask = draws(2, 6, D_MODEL), causal_mask(6)
    torch.testing.assert_close(by_hand(x, mask=mask), fused(x, mask=mask), **CLOSE)
    torch.testing.assert_close(causal(x), fused(x, mask=mask), **CLOSE)


def test_a_llama_block_equals_the_formulas():
    ours = block(
        n_kv_heads=2,
        activation="silu",
        gated=True,
        bias=False,
        norm=partial(RMSNorm, epsilon=0.3),
        attention=causal_attention,
    )
    weights, x, d_head = dict(ours.named_parameters()), draws(2, 6, D_MODEL), D_MODEL // N_HEADS
    rotary = Rotary(torch.arange(6), d_head)

    def linear(h, name):
        return h @ weights[f"{name}.weight"].T

    h = rms_norm(x, weights["self_attention_norm.scale"], 0.3)
    q, k, v = (
        linear(h, f"self_attention.{name}_proj").unflatten(-1, (-1, d_head)).transpose(1, 2)
        for name in "qkv"
    )
    heads = []
    for head in range(N_HEADS):
        scores = rotary(q)[:, head] @ rotary(k)[:, head // 2].transpose(1, 2) / d_head**0.5
        future = torch.ones(6, 6).triu(1).bool()
        heads.append(torch.softmax(scores.masked_fill(future, -1e30), -1) @ v[:, head // 2])
    expected = x + linear(torch.cat(heads, -1), "self_attention.out_proj")
    h = rms_norm(expected, weights["feed_forward_norm.scale"], 0.3)
    gate, up = (linear(h, f"feed_forward.{name}_proj") for name in ("gate", "up"))
    expected = expected + linear(gate * torch.sigmoid(gate) * up, "feed_forward.down_proj")
    torch.testing.assert_close(ours(x, rotary=rotary), expected, **CLOSE)


def test_a_relative_bias_makes_order_matter():
    ours, bias, x = block(), RelativeBias(N_HEADS), draws(2, 6, D_MODEL)
    order = torch.tensor([3, 0, 4, 1, 5, 2])
    torch.testing.assert_close(ours(x[:, order]), ours(x)[:, order], **CLOSE)
    zeros = ours(x, score_bias=bias(6, 6))
    torch.testing.assert_close(zeros, ours(x), **CLOSE)
    nn.init.normal_(bias.table)
    moved, kept = ours(x[:, order], score_bias=bias(6, 6)), ours(x, score_bias=bias(6, 6))
    assert not torch.allclose(moved, kept[:, order], atol=1e-2)


def test_without_cross_attention_its_parts_are_not_there():
    names = {name.split(".")[0] for name, _ in block().named_parameters()}
    assert names == {"self_attention", "self_attention_norm", "feed_forward", "feed_forward_norm"}


def test_dropout_acts_in_training_on_what_is_added():
    ours, x = block(dropout=0.5), draws(2, 6, D_MODEL)
    still = block()
    assert torch.equal(ours.eval()(x), still(x))
    ours.train()
    assert not torch.equal(ours(x), ours(x))
    everything = block(dropout=1.0)
    assert torch.equal(everything(x), x)  # what is added is dropped, the stream is not
    alone = ours.feed_forward  # drops inside, too
    assert not torch.equal(alone(x), alone(x))


def test_every_attention_of_a_block_groups_its_heads_alike():
    ours = block(n_kv_heads=2, cross_attention=True)
    for attention in (ours.self_attention, ours.cross_attention):
        for projection in (attention.k_proj, attention.v_proj):
            assert projection.weight.shape == (D_MODEL // 2, D_MODEL)


@pytest.mark.parametrize("cross_attention", [True, False])
def test_a_context_is_given_where_there_is_cross_attention_and_nowhere_else(cross_attention):
    x = draws(2, 6, D_MODEL)
    message = "True needs a context" if cross_attention else "False takes no context"
    with pytest.raises(ValueError, match=f"a block with cross_attention={message}"):
        block(cross_attention=cross_attention)(x, None if cross_attention else x)


def test_an_unknown_norm_position_is_refused():
    with pytest.raises(ValueError, match="norm_position must be 'pre' or 'post', got 'both'"):
        block(norm_position="both")
