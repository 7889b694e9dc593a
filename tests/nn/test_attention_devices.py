"""The parts of a block follow the device of their inputs, and a GPU computes what the CPU does."""

import pytest
import torch
from torch import nn

from course_lib.nn.attention import (
    attention_weights,
    causal_attention,
    fused_attention,
    scaled_dot_product_attention,
)
from course_lib.nn.block import TransformerBlock
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.masks import causal_mask, padding_mask
from course_lib.nn.norms import BatchNorm, RMSNorm, layer_norm
from course_lib.nn.positions import LearnedPositions
from course_lib.nn.relative_bias import RelativeBias
from course_lib.nn.rotary import Rotary, rotate


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def seeded(kind, *sizes, **options):
    torch.manual_seed(0)
    return kind(*sizes, **options)


def attend(attention, *options):
    return lambda put: attention(*(put(draws(2, 3, 8, 16, seed=s)) for s in (1, 2, 3)), *options)


def attend_masked(attention):
    mask = causal_mask(8).roll(1, dims=0)
    mask[2] = False
    return lambda put: attend(attention, put(mask))(put)


def llama_block(put):
    block = put(seeded(TransformerBlock, 32, 4, 48, n_kv_heads=2, norm=RMSNorm, gated=True))
    x, cache = put(draws(2, 7, 32)), KVCache(2, 2, 9, 8, device=put(draws(1)).device)
    block.self_attention.attention = causal_attention
    positions = put(torch.arange(7))
    first = block(x[:, :5], cache=cache, rotary=Rotary(positions[:5], 8))
    last = block(x[:, 5:], cache=cache, rotary=Rotary(positions[5:], 8))
    return torch.cat((first, last), dim=1)


def t5_block(put):
    block = put(seeded(TransformerBlock, 32, 4, 48, cross_attention=True))
    bias = seeded(RelativeBias, 4)
    nn.init.normal_(bias.table)
    x, context = put(draws(2, 7, 32)), put(draws(2, 5, 32, seed=1))
    mask = causal_mask(7, device=x.device)
    return block(x, context, mask, score_bias=put(bias)(7, 7))


# Each takes a function that puts a tensor or a module on the device, and returns a tensor.
ANYWHERE = {
    "by hand": attend(scaled_dot_product_attention),
    "by hand, masked": attend_masked(scaled_dot_product_attention),
    "fused": attend(fused_attention),
    "fused, masked": attend_masked(fused_attention),
    "causal": attend(causal_attention),
    "weights": lambda put: attention_weights(put(draws(2, 8, 16)), put(draws(2, 9, 16))),
    "layer_norm": lambda put: layer_norm(put(draws(5, 8)), put(draws(8)), put(draws(8))),
    "BatchNorm": lambda put: put(BatchNorm(8))(put(draws(2, 5, 8))),
    "LearnedPositions": lambda put: put(seeded(LearnedPositions, 9, 8))(put(torch.arange(5))),
    "rotate": lambda put: rotate(put(draws(5, 8)), put(torch.arange(5))),
    "llama block": llama_block,
    "t5 block": t5_block,
}


@pytest.mark.gpu
@pytest.mark.parametrize("name", ANYWHERE)
def test_a_gpu_gives_what_the_cpu_gives(name):
    device = "cuda" if torch.cuda.is_available() else "mps"
    there, here = ANYWHERE[name](lambda item: item.to(device)), ANYWHERE[name](lambda item: item)
    torch.testing.assert_close(there.cpu(), here, rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_fully_masked_rows_are_zero_on_a_gpu_and_give_no_gradient(dtype):
    device = "cuda" if torch.cuda.is_available() else "mps"
    q, k, v = (draws(2, 3, 64, 64, seed=s).to(device, dtype).requires_grad_() for s in (1, 2, 3))
    mask = torch.ones(64, 64, dtype=torch.bool, device=device).tril()
    mask[:5] = False
    result = fused_attention(q, k, v, mask)
    gradients = torch.autograd.grad(result.sum(), (q, k, v))
    assert not result[:, :, :5].any()
    assert not gradients[0][:, :, :5].any()
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.gpu
def test_padding_masks_are_made_where_the_lengths_are():
    device = "cuda" if torch.cuda.is_available() else "mps"
    mask = padding_mask(torch.tensor([1, 3], device=device), 3)
    assert mask.tolist() == [[True, False, False], [True, True, True]]


@pytest.mark.parametrize("name", ANYWHERE)
def test_no_tensor_is_left_on_the_cpu(name):
    result = ANYWHERE[name](lambda item: item.to("meta"))  # no data; torch refuses to mix devices
    assert result.device.type == "meta"
