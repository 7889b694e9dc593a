"""Hugging Face's settings and weights of T5, for ours."""

from typing import Any

import torch
from torch import Tensor

from course_lib.models.pretrained_names import NORMS, rename, without_copies
from course_lib.models.pretrained_settings import activation_name, check_settings
from course_lib.models.t5_config import T5Config

SHARED_BIAS = ".block.0.layer.0.SelfAttention.relative_attention_bias.weight"
NAMES = {
    "shared.weight": "embedding.weight",
    f"encoder{SHARED_BIAS}": "encoder_bias.table",
    f"decoder{SHARED_BIAS}": "decoder_bias.table",
    ".block.": ".blocks.",
    "layer.0.SelfAttention": "self_attention",
    "layer.1.EncDecAttention": "cross_attention",
    "attention.q.": "attention.q_proj.",
    "attention.k.": "attention.k_proj.",
    "attention.v.": "attention.v_proj.",
    "attention.o.": "attention.out_proj.",
    "DenseReluDense.wi_0": "feed_forward.gate_proj",
    "DenseReluDense.wi_1": "feed_forward.up_proj",
    "DenseReluDense.wi.": "feed_forward.up_proj.",
    "DenseReluDense.wo": "feed_forward.down_proj",
    "layer.0.layer_norm": "self_attention_norm",
    "final_layer_norm": "final_norm",
    **NORMS,
}
ENCODER_NAMES = NAMES | {
    "layer.1.layer_norm": "feed_forward_norm",
    "layer.1.feed_forward": "feed_forward",
}
DECODER_NAMES = NAMES | {
    "layer.1.layer_norm": "cross_attention_norm",
    "layer.2.layer_norm": "feed_forward_norm",
    "layer.2.feed_forward": "feed_forward",
}
COPIES = {
    "encoder.embed_tokens.weight": "shared.weight",
    "decoder.embed_tokens.weight": "shared.weight",
}
HEAD = "lm_head.weight"
UNUSED = ["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias."]


def config_from_hugging_face(config: dict[str, Any]) -> T5Config:
    """Our sizes, from those of a `T5Config` of transformers.

    Raises:
        KeyError: if a size is missing.
        ValueError: if it asks for what our model cannot do: heads that together are not d_model
            wide, as in T5 3B and 11B and in small of version 1.1, or stacks of unequal depth.
    """
    d_model, n_heads, n_layers = config["d_model"], config["num_heads"], config["num_layers"]
    _, gate, activation = config.get("feed_forward_proj", "relu").rpartition("gated-")
    if config["d_kv"] * n_heads != d_model:
        raise ValueError(
            f"num_heads · d_kv must be d_model = {d_model} for our model, "
            f"got {n_heads} · {config['d_kv']}"
        )
    check_settings(config, num_decoder_layers=n_layers, layer_norm_epsilon=1e-6)
    return T5Config(
        vocab_size=config["vocab_size"],
        d_model=d_model,
        n_heads=n_heads,
        n_layers=n_layers,
        d_ff=config["d_ff"],
        activation="gelu_tanh" if gate and activation == "gelu" else activation_name(activation),
        gated=bool(gate),
        tied_head=config.get("tie_word_embeddings", True),
        dropout=float(config.get("dropout_rate", 0.1)),
        n_buckets=config.get("relative_attention_num_buckets", 32),
        max_distance=config.get("relative_attention_max_distance", 128),
    )


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `T5.load_state_dict` takes, from the state of a `T5ForConditionalGeneration`.

    T5 does not divide scores by √d_head and ours does, so the queries' weights are multiplied by
    it. A head that equals the embedding is tied to it, and left out.

    Raises:
        KeyError: if a relative bias is missing.
        ValueError: if a stack has an embedding of its own.
    """
    state = without_copies(state, COPIES)
    if HEAD in state and torch.equal(state[HEAD], state["shared.weight"]):
        del state[HEAD]
    encoder = {name: weight for name, weight in state.items() if name.startswith("encoder.")}
    others = {name: weight for name, weight in state.items() if name not in encoder}
    ours = rename(encoder, ENCODER_NAMES) | rename(others, DECODER_NAMES, UNUSED)
    n_heads = state[f"encoder{SHARED_BIAS}"].shape[1]
    for name, weight in ours.items():
        if name.endswith("q_proj.weight"):
            ours[name] = weight * (weight.shape[0] // n_heads) ** 0.5
    return ours
