"""GPT-2's weights as Hugging Face keeps them, under the names of `GPT`."""

from collections.abc import Mapping

import torch
from torch import Tensor

NORMS = {"ln_1": "self_attention_norm", "ln_2": "feed_forward_norm"}
LINEAR = {
    "attn.c_proj": "self_attention.out_proj",
    "mlp.c_fc": "feed_forward.up_proj",
    "mlp.c_proj": "feed_forward.down_proj",
}
"""Modules of a block: their name in Hugging Face's implementation, and ours."""


def state_from_hugging_face(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `GPT.load_state_dict` takes, from the state of a `GPT2LMHeadModel` or `GPT2Model`.

    GPT-2's linear maps are kept as (in, out), where torch has (out, in); and one matrix of them
    holds queries, keys and values side by side.

    Raises:
        ValueError: if the head is not tied to the embedding.
        KeyError: if a weight is missing.
    """
    theirs = {name.removeprefix("transformer."): weight for name, weight in state_dict.items()}
    embedding = theirs["wte.weight"]
    if not torch.equal(theirs.get("lm_head.weight", embedding), embedding):
        raise ValueError("lm_head.weight must equal wte.weight, got other values")
    ours = {
        "token_embedding.weight": embedding,
        "positions.table": theirs["wpe.weight"],
        "final_norm.scale": theirs["ln_f.weight"],
        "final_norm.shift": theirs["ln_f.bias"],
    }
    n_layers = sum(name.endswith(".ln_1.weight") for name in theirs)
    for layer in range(n_layers):
        block, h = f"blocks.{layer}", f"h.{layer}"
        for their_name, our_name in NORMS.items():
            ours[f"{block}.{our_name}.scale"] = theirs[f"{h}.{their_name}.weight"]
            ours[f"{block}.{our_name}.shift"] = theirs[f"{h}.{their_name}.bias"]
        for their_name, our_name in LINEAR.items():
            ours[f"{block}.{our_name}.weight"] = theirs[f"{h}.{their_name}.weight"].T
            ours[f"{block}.{our_name}.bias"] = theirs[f"{h}.{their_name}.bias"]
        weights = theirs[f"{h}.attn.c_attn.weight"].T.chunk(3)  # (d_model, d_model) each
        biases = theirs[f"{h}.attn.c_attn.bias"].chunk(3)
        for letter, weight, bias in zip("qkv", weights, biases, strict=True):
            ours[f"{block}.self_attention.{letter}_proj.weight"] = weight
            ours[f"{block}.self_attention.{letter}_proj.bias"] = bias
    return ours
