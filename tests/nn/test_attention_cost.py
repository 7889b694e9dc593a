"""What attention costs, against the module's parameters and torch's count of operations."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_lib.nn.attention_cost import attention_flops, attention_parameters
from course_lib.nn.attention_layer import AttentionLayer
from course_lib.nn.multi_head import MultiHeadAttention

SIZES = [(12, 1, None), (12, 3, None), (12, 12, None), (24, 6, 2), (24, 6, 1), (1, 1, 1)]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", SIZES)
def test_the_module_has_as_many_parameters(sizes, bias):
    module = AttentionLayer(*sizes, bias=bias)
    assert attention_parameters(*sizes, bias) == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("n_keys", [None, 9])
@pytest.mark.parametrize("sizes", SIZES)
def test_torch_counts_as_many_operations(sizes, n_keys):
    module = MultiHeadAttention(*sizes)
    x = torch.zeros(1, 5, sizes[0])
    context = None if n_keys is None else torch.zeros(1, n_keys, sizes[0])
    with FlopCounterMode(display=False) as counter:
        module(x, context)
    assert attention_flops(5, *sizes, n_keys) == counter.get_total_flops()


def test_by_hand():
    assert attention_parameters(2, 1) == 4 * (2 * 2 + 2)
    assert attention_parameters(4, 2, 1, bias=False) == 16 + 8 + 8 + 16
    assert attention_flops(3, 2, 1) == 4 * (2 * 3 * 2 * 2) + 2 * (2 * 3 * 3 * 2) == 168
    assert attention_flops(1, 4, 2, 1, n_keys=3) == 2 * (2 * 16) + 2 * (2 * 3 * 8) + 2 * (2 * 3 * 4)


def test_more_heads_cost_nothing_and_fewer_key_heads_less():
    assert len({attention_parameters(24, n_heads) for n_heads in (1, 2, 8, 24)}) == 1
    assert len({attention_flops(7, 24, n_heads) for n_heads in (1, 2, 8, 24)}) == 1
    parameters = [attention_parameters(24, 8, n_kv_heads) for n_kv_heads in (1, 2, 4, 8)]
    assert parameters == sorted(set(parameters))


@pytest.mark.parametrize("cost", [attention_parameters, lambda *sizes: attention_flops(5, *sizes)])
def test_heads_that_do_not_divide_are_refused(cost):
    with pytest.raises(ValueError, match="n_heads must divide d_model = 12, got 5"):
        cost(12, 5)
    with pytest.raises(ValueError, match="n_heads must divide d_model = 0, got 1"):
        cost(0, 1)
    with pytest.raises(ValueError, match="n_kv_heads must divide n_heads = 4, got 3"):
        cost(12, 4, 3)
