"""Weights under Hugging Face's names reach their place in ours, whatever the file leaves out."""

import pytest
import torch

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.llama import Llama, LlamaConfig
from course_lib.models.pretrained_gpt import state_from_hugging_face as gpt_state
from course_lib.models.pretrained_llama import state_from_hugging_face as llama_state

SIZES = {"vocab_size": 9, "context_length": 5, "d_model": 4, "n_heads": 2, "n_layers": 2, "d_ff": 6}


def draws(*shape):
    return torch.randn(shape)


def gpt2_file():
    """Names and shapes as in the published file: no prefix, no head, a mask in each block."""
    state = {"wte.weight": draws(9, 4), "wpe.weight": draws(5, 4)}
    shapes = {
        "ln_1.weight": (4,),
        "ln_1.bias": (4,),
        "attn.bias": (1, 1, 5, 5),
        "attn.c_attn.weight": (4, 12),
        "attn.c_attn.bias": (12,),
        "attn.c_proj.weight": (4, 4),
        "attn.c_proj.bias": (4,),
        "ln_2.weight": (4,),
        "ln_2.bias": (4,),
        "mlp.c_fc.weight": (4, 6),
        "mlp.c_fc.bias": (6,),
        "mlp.c_proj.weight": (6, 4),
        "mlp.c_proj.bias": (4,),
    }
    for layer in range(2):
        state |= {f"h.{layer}.{name}": draws(*shape) for name, shape in shapes.items()}
    return state | {"ln_f.weight": draws(4), "ln_f.bias": draws(4)}


def llama_file():
    state, prefix = {"model.embed_tokens.weight": draws(9, 4)}, "model.layers"
    shapes = {
        "self_attn.q_proj": (4, 4),
        "self_attn.k_proj": (2, 4),
        "self_attn.v_proj": (2, 4),
        "self_attn.o_proj": (4, 4),
        "mlp.gate_proj": (6, 4),
        "mlp.up_proj": (6, 4),
        "mlp.down_proj": (4, 6),
        "input_layernorm": (4,),
        "post_attention_layernorm": (4,),
    }
    for layer in range(2):
        state |= {f"{prefix}.{layer}.{name}.weight": draws(*shapes[name]) for name in shapes}
    return state | {"model.norm.weight": draws(4)}


def test_every_weight_of_gpt2_has_its_place():
    theirs, model = gpt2_file(), GPT(GPTConfig(**SIZES))
    model.load_state_dict(gpt_state(theirs))
    h = draws(3, 4)
    attention, feed_forward = model.blocks[1].self_attention, model.blocks[1].feed_forward
    joined = h @ theirs["h.1.attn.c_attn.weight"] + theirs["h.1.attn.c_attn.bias"]
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    for projection, expected in zip(projections, joined.split(4, dim=-1), strict=True):
        torch.testing.assert_close(projection(h), expected)
    for linear, name in [
        (attention.out_proj, "attn.c_proj"),
        (feed_forward.up_proj, "mlp.c_fc"),
        (feed_forward.down_proj, "mlp.c_proj"),
    ]:
        h = draws(3, linear.in_features)
        expected = h @ theirs[f"h.1.{name}.weight"] + theirs[f"h.1.{name}.bias"]
        torch.testing.assert_close(linear(h), expected)
    for norm, name in [
        (model.blocks[1].self_attention_norm, "h.1.ln_1"),
        (model.blocks[1].feed_forward_norm, "h.1.ln_2"),
        (model.final_norm, "ln_f"),
    ]:
        assert torch.equal(norm.scale, theirs[f"{name}.weight"])
        assert torch.equal(norm.shift, theirs[f"{name}.bias"])
    assert torch.equal(model.positions.table, theirs["wpe.weight"])


def test_a_prefix_and_a_tied_head_change_nothing():
    theirs = gpt2_file()
    prefixed = {f"transformer.{name}": weight for name, weight in theirs.items()}
    prefixed["lm_head.weight"] = theirs["wte.weight"]
    expected, result = gpt_state(theirs), gpt_state(prefixed)
    assert result.keys() == expected.keys()
    assert all(torch.equal(result[name], expected[name]) for name in expected)


def test_another_head_is_refused_by_gpt():
    theirs = gpt2_file() | {"lm_head.weight": draws(9, 4)}
    with pytest.raises(ValueError, match=r"lm_head.weight must equal wte.weight"):
        gpt_state(theirs)


@pytest.mark.parametrize(
    ("head", "tied"), [("missing", True), ("the embedding", True), ("another", False)]
)
def test_llamas_head_is_tied_unless_the_file_has_another(head, tied):
    theirs = llama_file()
    if head != "missing":
        embedding = theirs["model.embed_tokens.weight"]
        theirs["lm_head.weight"] = embedding.clone() if tied else embedding + 1
    model = Llama(LlamaConfig(n_kv_heads=1, tied_head=tied, **SIZES))
    model.load_state_dict(llama_state(theirs))
    hidden = draws(3, 4)
    matrix = theirs.get("lm_head.weight", theirs["model.embed_tokens.weight"])
    torch.testing.assert_close(model.logits(hidden), hidden @ matrix.T)


@pytest.mark.parametrize(
    ("state", "file", "missing"),
    [
        (gpt_state, gpt2_file, "h.1.mlp.c_fc.bias"),
        (llama_state, llama_file, "model.layers.1.mlp.up_proj.weight"),
    ],
)
def test_a_missing_weight_is_named(state, file, missing):
    theirs = file()
    del theirs[missing]
    with pytest.raises(KeyError, match=missing):
        state(theirs)
