"""Hugging Face's settings and weights of GPT-2, for ours."""

from typing import Any

from torch import Tensor

from course_lib.models.gpt import GPTConfig
from course_lib.models.pretrained_names import NORMS, rename, without_copies, without_prefix
from course_lib.models.pretrained_settings import check_settings

NAMES = {
    "wte.": "token_embedding.",
    "wpe.weight": "positions.table",
    "h.": "blocks.",
    "ln_1": "self_attention_norm",
    "attn.c_attn": "self_attention.qkv_proj",
    "attn.c_proj": "self_attention.out_proj",
    "ln_2": "feed_forward_norm",
    "mlp.c_fc": "feed_forward.up_proj",
    "mlp.c_proj": "feed_forward.down_proj",
    "ln_f": "final_norm",
    **NORMS,
}
MASKS = (".attn.bias", ".attn.masked_bias")  # older files hold the causal mask of each block


def config_from_hugging_face(config: dict[str, Any]) -> GPTConfig:
    """Our sizes, from those of a `GPT2Config`. Of its shares of dropout, that of the blocks.

    Raises:
        KeyError: if a size is missing.
        ValueError: if it asks for what our model cannot do.
    """
    check_settings(
        config,
        activation_function="gelu_new",
        layer_norm_epsilon=1e-5,
        scale_attn_weights=True,
        scale_attn_by_inverse_layer_idx=False,
        add_cross_attention=False,
    )
    return GPTConfig(
        vocab_size=config["vocab_size"],
        context_length=config["n_positions"],
        d_model=config["n_embd"],
        n_heads=config["n_head"],
        n_layers=config["n_layer"],
        d_ff=config.get("n_inner") or 4 * config["n_embd"],
        dropout=float(config.get("resid_pdrop", 0.1)),
    )


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `GPT.load_state_dict` takes, from the state of a `GPT2LMHeadModel` or `GPT2Model`.

    GPT-2's linear maps are kept as (in, out), where torch has (out, in); and one matrix of them
    holds queries, keys and values side by side.

    Raises:
        ValueError: if the head is not tied to the embedding.
    """
    state = without_prefix(state, "transformer.")
    state = without_copies(state, {"lm_head.weight": "wte.weight"})
    state = {name: weight for name, weight in state.items() if not name.endswith(MASKS)}
    ours = {}
    for name, weight in rename(state, NAMES).items():
        if name.endswith("_proj.weight"):
            weight = weight.T
        if "qkv_proj" in name:
            for letter, part in zip("qkv", weight.chunk(3), strict=True):
                ours[name.replace("qkv", letter)] = part
        else:
            ours[name] = weight
    return ours
