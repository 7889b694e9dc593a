"""Hugging Face's weights of T5, for ours."""

from torch import Tensor

from course_lib.models.pretrained_names import NORMS, rename
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
COPIES = ["encoder.embed_tokens.", "decoder.embed_tokens."]  # of `shared`
UNUSED = ["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias."]


def state_from_hugging_face(state: dict[str, Tensor], config: T5Config) -> dict[str, Tensor]:
    """What `T5.load_state_dict` takes, from the state of a `T5ForConditionalGeneration`.

    T5 does not divide scores by √d_head and ours does, so the queries' weights are multiplied by
    it. A tied head's table is left out, since it is the embedding's.

    Raises:
        ValueError: if the heads together are not d_model wide. That is so in T5 3B and 11B and in
            small of version 1.1, which are not supported.
    """
    left_out = COPIES + UNUSED + (["lm_head."] if config.tied_head else [])
    encoder = {name: weight for name, weight in state.items() if name.startswith("encoder.")}
    others = {name: weight for name, weight in state.items() if name not in encoder}
    ours = rename(encoder, ENCODER_NAMES, left_out) | rename(others, DECODER_NAMES, left_out)
    d_head = config.d_model // config.n_heads
    for name, weight in ours.items():
        if name.endswith("q_proj.weight"):
            if weight.shape[0] != config.d_model:
                raise ValueError(
                    f"the heads must be d_model = {config.d_model} wide together, "
                    f"got {weight.shape[0]} in {name}"
                )
            ours[name] = weight * d_head**0.5
    return ours
