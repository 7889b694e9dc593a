"""The cache: what is put in comes out, no copies; decoding with it equals reading at once."""

from functools import partial

import pytest
import torch
from torch import nn

from course_lib.nn.attention import causal_attention
from course_lib.nn.attention_layer import AttentionLayer
from course_lib.nn.block import TransformerBlock
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.norms import RMSNorm
from course_lib.nn.relative_bias import RelativeBias
from course_lib.nn.rotary import Rotary


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_what_is_appended_comes_out_in_order():
    cache, k, v = KVCache(2, 3, 7, 4), draws(2, 3, 6, 4), draws(2, 3, 6, 4, seed=1)
    for start, end in [(0, 1), (1, 4), (4, 6)]:
        keys, values = cache.append(k[:, :, start:end], v[:, :, start:end])
        assert cache.length == end
        assert torch.equal(keys, k[:, :, :end])
        assert torch.equal(values, v[:, :, :end])


def test_views_are_returned_and_memory_is_never_asked_for_again():
    cache = KVCache(1, 2, 4, 3)
    places = cache.keys.data_ptr(), cache.values.data_ptr()
    for _ in range(4):
        keys, values = cache.append(draws(1, 2, 1, 3), draws(1, 2, 1, 3))
        assert (keys.data_ptr(), values.data_ptr()) == places


def test_the_newest_tokens_can_be_forgotten():
    cache, k = KVCache(1, 2, 4, 3), draws(1, 2, 4, 3)
    cache.append(k, k)
    cache.length = 2
    keys, _ = cache.append(-k[:, :, :1], k[:, :, :1])
    assert torch.equal(keys, torch.cat((k[:, :, :2], -k[:, :, :1]), dim=2))


def test_a_full_cache_says_so_and_stays_as_it_was():
    cache, k = KVCache(1, 2, 4, 3), draws(1, 2, 3, 3)
    cache.append(k, k)
    with pytest.raises(
        ValueError, match=r"full: context_length is 4, 3 are taken, 2 more were given"
    ):
        cache.append(k[:, :, :2], k[:, :, :2])
    assert cache.length == 3


@pytest.mark.parametrize("shape", [(1, 2, 1, 3), (2, 1, 1, 3), (2, 2, 1, 4)])
def test_keys_of_another_shape_are_refused_rather_than_broadcast(shape):
    with pytest.raises(ValueError, match=r"shaped \(2, 2, new, 3\), got \("):
        KVCache(2, 2, 4, 3).append(torch.zeros(shape), torch.zeros(shape))


def test_as_many_values_as_keys_are_needed():
    with pytest.raises(ValueError, match=r"got \(2, 2, 1, 3\) and \(2, 2, 2, 3\)"):
        KVCache(2, 2, 4, 3).append(torch.zeros(2, 2, 1, 3), torch.zeros(2, 2, 2, 3))


@pytest.mark.parametrize("place", range(4))
def test_a_cache_without_room_is_refused(place):
    shape = [2, 2, 4, 3]
    shape[place] = 0
    with pytest.raises(ValueError, match=r"must be at least 1, got \(.*0.*\)"):
        KVCache(*shape)


def test_dtype_and_device_are_those_asked_for():
    cache = KVCache(1, 1, 2, 2, dtype=torch.bfloat16, device="meta")
    assert cache.keys.dtype == cache.values.dtype == torch.bfloat16
    assert cache.keys.device.type == cache.values.device.type == "meta"


def test_no_gradient_passes_through_the_cache():
    cache, k = KVCache(1, 1, 2, 2), draws(1, 1, 1, 2).requires_grad_()
    keys, values = cache.append(k, k)
    assert not keys.requires_grad
    assert not values.requires_grad


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
@pytest.mark.parametrize("chunks", [[1] * 12, [5, 1, 1, 5], [12], [1, 11]])
@torch.no_grad()
def test_attention_with_a_cache_equals_attention_to_everything_at_once(n_kv_heads, chunks):
    torch.manual_seed(0)
    attention = AttentionLayer(16, 4, n_kv_heads, attention=causal_attention)
    x, cache = draws(3, 12, 16), KVCache(3, n_kv_heads, 12, 4)
    steps = [attention(part, cache=cache) for part in x.split(chunks, dim=1)]
    torch.testing.assert_close(torch.cat(steps, dim=1), attention(x), rtol=0, atol=1e-6)


class Decoder(nn.Module):
    """Three Llama-like blocks, or T5-like ones with a relative bias and a context."""

    def __init__(self, n_kv_heads, t5):
        super().__init__()
        torch.manual_seed(0)
        self.blocks = nn.ModuleList(
            TransformerBlock(
                16,
                4,
                24,
                n_kv_heads=n_kv_heads,
                activation="silu",
                gated=True,
                norm=RMSNorm,
                cross_attention=t5,
                attention=causal_attention,
            )
            for _ in range(3)
        )
        self.bias = RelativeBias(4, 8, 20, bidirectional=False) if t5 else None
        if t5:
            nn.init.normal_(self.bias.table)

    def forward(self, x, contexts, caches, start):
        n = x.shape[1]
        place = (
            {"rotary": Rotary(torch.arange(start, start + n), 4)}
            if self.bias is None
            else {"score_bias": self.bias(n, start + n)}
        )
        for block, context, cache in zip(self.blocks, contexts, caches, strict=True):
            x = block(x, context, cache=cache, **place)
        return x


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
@pytest.mark.parametrize("t5", [False, True])
@torch.no_grad()
def test_decoding_with_caches_equals_one_pass(n_kv_heads, t5):
    model, x = Decoder(n_kv_heads, t5), draws(2, 10, 16)
    context = draws(2, 7, 16, seed=1) if t5 else None
    whole = model(x, [context] * 3, [None] * 3, 0)
    known = [block.cross_attention.keys_values(context) if t5 else None for block in model.blocks]
    new_cache = partial(KVCache, 2, n_kv_heads, 10, 4)
    caches, steps = [new_cache() for _ in range(3)], []
    for part in x.split([4, 1, 1, 3, 1], dim=1):
        steps.append(model(part, known, caches, caches[0].length))
    torch.testing.assert_close(torch.cat(steps, dim=1), whole, rtol=0, atol=1e-6)
