"""Llama's weights as Hugging Face keeps them, under the names of `Llama`."""

from collections.abc import Mapping

import torch
from torch import Tensor

PARTS = {
    "input_layernorm.weight": "self_attention_norm.scale",
    "self_attn.q_proj.weight": "self_attention.q_proj.weight",
    "self_attn.k_proj.weight": "self_attention.k_proj.weight",
    "self_attn.v_proj.weight": "self_attention.v_proj.weight",
    "self_attn.o_proj.weight": "self_attention.out_proj.weight",
    "post_attention_layernorm.weight": "feed_forward_norm.scale",
    "mlp.gate_proj.weight": "feed_forward.gate_proj.weight",
    "mlp.up_proj.weight": "feed_forward.up_proj.weight",
    "mlp.down_proj.weight": "feed_forward.down_proj.weight",
}
"""Weights of a block: their name in Hugging Face's implementation, and ours."""


def state_from_hugging_face(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `Llama.load_state_dict` takes, from the state of a `LlamaForCausalLM`.

    Rotary pairs lie the same way in both, so nothing is reordered. A head that is missing, or
    equal to the embedding, is tied to it.

    Raises:
        KeyError: if a weight is missing.
    """
    embedding = state_dict["model.embed_tokens.weight"]
    head = state_dict.get("lm_head.weight", embedding)
    ours = {
        "token_embedding.weight": embedding,
        "final_norm.scale": state_dict["model.norm.weight"],
    }
    if not torch.equal(head, embedding):
        ours["head.weight"] = head
    n_layers = sum(name.endswith(".input_layernorm.weight") for name in state_dict)
    for layer in range(n_layers):
        for their_name, our_name in PARTS.items():
            ours[f"blocks.{layer}.{our_name}"] = state_dict[f"model.layers.{layer}.{their_name}"]
    return ours
