"""Folders as they are published, and those whose weights or settings ours does not take."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from hugging_face import outputs, their_model
from safetensors.torch import load_file, save_file

from course_lib.models import from_pretrained

SEQUENCES = (2, 6, 2)  # batch, tokens, padding


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write a model of theirs to a folder, once; returns the model and a copy of the folder."""
    done = {}

    def write(name, folder):
        if name not in done:
            done[name] = their_model(name), tmp_path_factory.mktemp("theirs")
            done[name][0].save_pretrained(done[name][1])
        shutil.copytree(done[name][1], folder, dirs_exist_ok=True)
        return done[name][0]

    return write


def change_config(folder, **changes):
    path = folder / "config.json"
    config = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({name: value for name, value in config.items() if value != "gone"}))


def change_weights(folder, change):
    path = folder / "model.safetensors"
    state = change(load_file(path))
    save_file({name: weight.clone().contiguous() for name, weight in state.items()}, path)


def assert_same_outputs(ours, theirs):
    for result, expected in zip(*outputs(ours, theirs, *SEQUENCES), strict=True):
        torch.testing.assert_close(
            result, expected, rtol=0, atol=1e-5 * expected.abs().max().item()
        )


def as_gpt2_is(state):
    """No prefix, no head, and the causal mask of each block."""
    bare = {name.removeprefix("transformer."): weight for name, weight in state.items()}
    masks = {f"h.{i}.attn.bias": torch.ones(1, 1, 16, 16).tril() for i in range(2)}
    return {name: weight for name, weight in bare.items() if name != "lm_head.weight"} | masks


def as_bert_is(state):
    """The oldest names of a norm's weights, positions, and the head's copies."""
    table = state["bert.embeddings.word_embeddings.weight"]
    state |= {"bert.embeddings.position_ids": torch.arange(16)[None]}
    state |= {"cls.predictions.decoder.weight": table}
    state |= {"cls.predictions.decoder.bias": state["cls.predictions.bias"]}
    names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    for new, old in names.items():
        state = {name.replace(new, old): weight for name, weight in state.items()}
    return state


def as_roberta_is(state):
    pooler = {"roberta.pooler.dense.weight": torch.ones(24, 24)}
    return state | pooler | {"roberta.embeddings.position_ids": torch.arange(18)[None]}


def as_llama_is(state):
    return state | {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)}


def as_t5_is(state):
    copies = {
        f"{stack}.embed_tokens.weight": state["shared.weight"] for stack in ("encoder", "decoder")
    }
    bias = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    return state | copies | {bias: torch.ones(8, 3), "lm_head.weight": state["shared.weight"]}


PUBLISHED = {
    "gpt2": as_gpt2_is,
    "bert": as_bert_is,
    "roberta": as_roberta_is,
    "llama, all heads": as_llama_is,
    "t5 1.0": as_t5_is,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_files_as_published_give_the_same_model(name, written, tmp_path):
    theirs = written(name, tmp_path)
    change_weights(tmp_path, PUBLISHED[name])
    change_config(tmp_path, model_type="gone")  # old configurations name the architecture only
    assert_same_outputs(from_pretrained(tmp_path), theirs)


@pytest.mark.parametrize("name", ["gpt2", "t5 1.1"])
def test_weights_in_several_files(name, written, tmp_path):
    theirs = their_model(name)
    theirs.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-0*-of-0*.safetensors"))) > 1
    assert_same_outputs(from_pretrained(str(tmp_path)), theirs)


def test_weights_become_float32_on_the_device_in_evaluation_mode(written, tmp_path):
    theirs = their_model("gpt2").bfloat16()
    theirs.save_pretrained(tmp_path)
    before = torch.get_rng_state()
    ours = from_pretrained(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert not ours.training
    assert {weight.dtype for weight in ours.parameters()} == {torch.float32}
    assert_same_outputs(ours, theirs.float())
    assert from_pretrained(tmp_path, "meta").positions.table.device.type == "meta"


@pytest.mark.parametrize("name", ["bert", "albert"])
def test_a_head_that_is_not_there_is_named(name, written, tmp_path):
    written(name, tmp_path)
    expected = from_pretrained(tmp_path)
    prefix = f"{name}."
    change_weights(
        tmp_path,
        lambda state: {
            key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)
        },
    )
    with pytest.warns(UserWarning, match=r"no weights for lm_head\.bias, .*train them before use"):
        ours = from_pretrained(tmp_path)
    ids = torch.tensor([[3, 1, 4, 1, 5]])
    torch.testing.assert_close(ours.encode(ids), expected.encode(ids), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda s: {k: v for k, v in s.items() if "mlp.c_fc.bias" not in k},
         r"do not fit a GPT .* missing: blocks\.0\.feed_forward\.up_proj\.bias, blocks\.1"),
        (lambda s: s | {"score.weight": torch.ones(2, 24)},
         r"without a place in the model: score\.weight"),
        (lambda s: s | {"transformer.ln_f.bias": torch.ones(25)},
         r"of another shape: final_norm\.shift, \(25,\) instead of \(24,\)"),
        (lambda s: s | {"lm_head.weight": torch.ones(50, 24)},
         r"lm_head\.weight must equal wte\.weight, got other values"),
        (lambda s: {},
         r"missing: blocks\.0\.feed_forward\.down_proj\.bias, .* and 32 more"),
    ],
)  # fmt: skip
def test_weights_that_do_not_fit_are_named(changed, message, written, tmp_path):
    written("gpt2", tmp_path)
    change_weights(tmp_path, changed)
    with pytest.raises(ValueError, match=message):
        from_pretrained(tmp_path)


def test_t5_without_its_own_head_is_refused(written, tmp_path):
    written("t5 1.1", tmp_path)
    change_weights(tmp_path, lambda s: {k: v for k, v in s.items() if k != "lm_head.weight"})
    with pytest.raises(ValueError, match=r"do not fit a T5 .* missing: lm_head\.weight"):
        from_pretrained(tmp_path)


def test_t5_without_a_relative_bias_is_refused(written, tmp_path):
    written("t5 1.0", tmp_path)
    change_weights(
        tmp_path, lambda s: {k: v for k, v in s.items() if "relative_attention_bias" not in k}
    )
    with pytest.raises(ValueError, match=r"encoder\..*relative_attention_bias.* is missing"):
        from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("gpt2", {"model_type": "gptj"}, "model_type .* must be one of gpt2, bert, .* got 'gptj'"),
        ("gpt2", {"model_type": "gone", "architectures": None}, "must be one of .* got None"),
        ("gpt2", {"n_embd": "gone"}, "'n_embd' is missing"),
        ("gpt2", {"n_embd": None}, "a setting in config.json is of the wrong kind: .*NoneType"),
        ("gpt2", {"n_head": 5}, "n_heads must divide d_model = 24, got 5"),
        ("gpt2", {"n_layer": 3}, "missing: blocks.2"),
        ("gpt2", {"activation_function": "relu"}, "activation_function must be 'gelu_new'"),
        ("gpt2", {"layer_norm_epsilon": 1e-6}, "layer_norm_epsilon must be 1e-05 .* got 1e-06"),
        ("bert", {"position_embedding_type": "relative_key"}, "position_embedding_type must be"),
        ("bert", {"hidden_act": "mish"}, "activation must be one of relu, gelu, .* got 'mish'"),
        ("bert", {"type_vocab_size": 3}, "type_vocab_size must be 2 .* got 3"),
        ("albert", {"num_hidden_groups": 2}, "num_hidden_groups must be 1 .* got 2"),
        ("t5 1.0", {"d_kv": 16}, r"num_heads · d_kv must be d_model = 24 .* got 3 · 16"),
        ("t5 1.0", {"num_decoder_layers": 5}, "num_decoder_layers must be 2 .* got 5"),
        ("llama, all heads", {"rope_scaling": {"rope_type": "llama3"}}, "rescaled .* got 'llama3'"),
        ("llama, all heads", {"head_dim": 16}, "head_dim must be .* = 8, got 16"),
        ("llama, all heads", {"attention_bias": True}, "attention_bias must be False .* got True"),
    ],
)
def test_a_configuration_that_ours_is_not_is_refused(name, changes, message, written, tmp_path):
    written(name, tmp_path)
    change_config(tmp_path, **changes)
    with pytest.raises(ValueError, match=message):
        from_pretrained(tmp_path)


def test_importing_the_package_imports_no_torch():
    program = "import sys, course_lib.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_the_package_has_no_other_names():
    import course_lib.models

    with pytest.raises(AttributeError, match="no attribute 'from_pretraind'"):
        _ = course_lib.models.from_pretraind
