"""Hugging Face's settings and weights of Llama, for ours."""

from typing import Any

import torch
from torch import Tensor

from course_lib.models.llama import LlamaConfig
from course_lib.models.pretrained_names import rename
from course_lib.models.pretrained_settings import check_settings

EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
NAMES = {
    "model.embed_tokens.": "token_embedding.",
    "model.layers.": "blocks.",
    "input_layernorm.weight": "self_attention_norm.scale",
    "self_attn.o_proj": "self_attention.out_proj",
    "self_attn.": "self_attention.",
    "post_attention_layernorm.weight": "feed_forward_norm.scale",
    "mlp.": "feed_forward.",
    "model.norm.weight": "final_norm.scale",
    "lm_head.": "head.",
}


def config_from_hugging_face(config: dict[str, Any]) -> LlamaConfig:
    """Our sizes, from those of a `LlamaConfig` of transformers.

    Raises:
        KeyError: if a size is missing.
        ValueError: if it asks for what our model cannot do, such as rescaled rotary angles.
    """
    d_model, n_heads = config["hidden_size"], config["num_attention_heads"]
    check_settings(config, hidden_act="silu", attention_bias=False, mlp_bias=False)
    if config.get("head_dim") not in (None, d_model // n_heads):
        raise ValueError(
            f"head_dim must be hidden_size / num_attention_heads = {d_model // n_heads}, "
            f"got {config['head_dim']}"
        )
    rotary = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rotary.get("rope_type", rotary.get("type", "default"))
    if kind != "default":
        raise ValueError(f"rotary angles must not be rescaled for our model, got {kind!r}")
    return LlamaConfig(
        vocab_size=config["vocab_size"],
        context_length=config["max_position_embeddings"],
        d_model=d_model,
        n_heads=n_heads,
        n_kv_heads=config.get("num_key_value_heads") or n_heads,
        n_layers=config["num_hidden_layers"],
        d_ff=config["intermediate_size"],
        rope_base=float(rotary.get("rope_theta", config.get("rope_theta", 10_000.0))),
        norm_epsilon=float(config.get("rms_norm_eps", 1e-6)),
        tied_head=config.get("tie_word_embeddings", False),
    )


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `Llama.load_state_dict` takes, from the state of a `LlamaForCausalLM`.

    Rotary pairs lie the same way in both, so nothing is reordered. A head that equals the
    embedding is tied to it, and left out. So are the rotary angles that old files hold.
    """
    left_out = []
    if HEAD in state and torch.equal(state[HEAD], state[EMBEDDING]):
        left_out.append(HEAD)
    angles = [name for name in state if name.endswith(".rotary_emb.inv_freq")]
    return rename(state, NAMES, left_out + angles)
