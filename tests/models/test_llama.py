"""Llama against its formulas with complex numbers and loops over heads; sizes; first weights."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.models.llama import Llama, LlamaConfig
from course_lib.models.llama_presets import llama_3_2_1b, llama_teaching

SMALL = {"vocab_size": 41, "context_length": 10, "d_model": 24, "n_layers": 2, "d_ff": 40}


def turned(x, base):
    """Entries i and i + d_head / 2 as one complex number, times e^(i m θ)."""
    seq, d_head = x.shape
    half = d_head // 2
    angles = torch.tensor(
        [[m * base ** (-2 * i / d_head) for i in range(half)] for m in range(seq)]
    )
    result = torch.complex(x[:, :half], x[:, half:]) * torch.polar(torch.ones(seq, half), angles)
    return torch.cat((result.real, result.imag), dim=1)


def attention_by_head(attention, x, base):
    q, k, v = (
        projection(x) for projection in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    d_head, group = attention.d_head, attention.n_heads // attention.n_kv_heads
    heads = []
    for head in range(attention.n_heads):
        own = slice(head * d_head, (head + 1) * d_head)
        shared = slice(head // group * d_head, (head // group + 1) * d_head)
        scores = turned(q[:, own], base) @ turned(k[:, shared], base).T / math.sqrt(d_head)
        future = torch.ones_like(scores).triu(1).bool()
        heads.append(scores.masked_fill(future, -1e30).softmax(-1) @ v[:, shared])
    return attention.out_proj(torch.cat(heads, dim=1))


def by_the_formulas(model, token_ids):
    """Logits (seq, vocab) of one sequence."""
    config, x = model.config, model.token_embedding.weight[token_ids]

    def norm(x, module):
        return F.rms_norm(x, (config.d_model,), module.scale, config.norm_epsilon)

    for block in model.blocks:
        h = norm(x, block.self_attention_norm)
        x = x + attention_by_head(block.self_attention, h, config.rope_base)
        h, layer = norm(x, block.feed_forward_norm), block.feed_forward
        gate = layer.gate_proj(h)
        x = x + layer.down_proj(gate * torch.sigmoid(gate) * layer.up_proj(h))
    matrix = model.token_embedding if config.tied_head else model.head
    return norm(x, model.final_norm) @ matrix.weight.T


@pytest.mark.parametrize(("n_heads", "n_kv_heads"), [(2, 2), (6, 3), (6, 1), (1, 1)])
@pytest.mark.parametrize("tied_head", [False, True])
@pytest.mark.parametrize("rope_base", [10_000.0, 500.0])
def test_equals_the_formulas(n_heads, n_kv_heads, tied_head, rope_base):
    torch.manual_seed(0)
    options = {"tied_head": tied_head, "rope_base": rope_base, "norm_epsilon": 0.1}
    model = Llama(LlamaConfig(n_heads=n_heads, n_kv_heads=n_kv_heads, **SMALL, **options))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    token_ids = torch.randint(41, (2, 10))
    expected = torch.stack([by_the_formulas(model, sequence) for sequence in token_ids])
    torch.testing.assert_close(model(token_ids), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("preset", "n_parameters"), [(llama_3_2_1b, 1_235_814_400), (llama_teaching, 11_015_040)]
)
def test_the_presets_have_the_published_numbers_of_parameters(preset, n_parameters):
    with torch.device("meta"):
        model = Llama(preset())
    assert sum(parameter.numel() for parameter in model.parameters()) == n_parameters


@pytest.mark.parametrize("tied_head", [False, True])
def test_the_head_is_the_embedding_if_tied(tied_head):
    model = Llama(LlamaConfig(n_heads=4, n_kv_heads=2, tied_head=tied_head, **SMALL))
    assert ("head.weight" in model.state_dict()) is not tied_head
    model.logits(torch.ones(24)).sum().backward()
    assert (model.token_embedding.weight.grad is None) is not tied_head
    assert not any(name.endswith("bias") for name in model.state_dict())


def test_first_weights_are_normal_and_norms_do_nothing():
    torch.manual_seed(0)
    sizes = {**SMALL, "d_model": 128, "vocab_size": 2000, "d_ff": 300}
    model = Llama(LlamaConfig(n_heads=4, n_kv_heads=2, **sizes))
    for name, parameter in model.named_parameters():
        if name.endswith("scale"):
            assert (parameter == 1).all()
        else:
            sampling_error = 0.02 / math.sqrt(2 * parameter.numel())
            assert parameter.std().item() == pytest.approx(0.02, abs=6 * sampling_error)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_kv_heads": 0}, "n_kv_heads must be at least 1, got 0"),
        ({"n_kv_heads": 3}, "n_kv_heads must divide n_heads = 4, got 3"),
        ({"n_heads": 8, "n_kv_heads": 2}, "d_model / n_heads must be even, got 3"),
        ({"rope_base": 0.0}, "rope_base must be above 0, got 0.0"),
        ({"rope_base": float("nan")}, "rope_base must be above 0, got nan"),
        ({"norm_epsilon": -1e-5}, "norm_epsilon must be above 0, got -1e-05"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        LlamaConfig(**{"n_heads": 4, "n_kv_heads": 2, **SMALL, **wrong})
