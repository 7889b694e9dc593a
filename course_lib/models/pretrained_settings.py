"""From Hugging Face's settings to ours, as far as models share them."""

from typing import Any

from course_lib.models.bert_config import BERTConfig

ACTIVATION_NAMES = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "silu": "silu",
    "swish": "silu",
}
"""Activations: their name in Hugging Face's configurations, and ours."""


def activation_name(theirs: str) -> str:
    """Our name of an activation.

    Raises:
        ValueError: if we have none like it.
    """
    if theirs not in ACTIVATION_NAMES:
        raise ValueError(
            f"the activation must be one of {', '.join(ACTIVATION_NAMES)}, got {theirs!r}"
        )
    return ACTIVATION_NAMES[theirs]


def check_settings(config: dict[str, Any], **expected: Any) -> None:
    """Refuse a configuration that asks for what our model cannot do.

    Raises:
        ValueError: naming the first setting that is there and not as expected.
    """
    for name, value in expected.items():
        if config.get(name, value) != value:
            raise ValueError(f"{name} must be {value!r} for our model, got {config[name]!r}")


def bert_settings(config: dict[str, Any], **others: Any) -> BERTConfig:
    """What is called alike in BERT, RoBERTa and ALBERT; `others` are added, or replace it.

    Raises:
        KeyError: if a size is missing.
        ValueError: if it asks for what our models cannot do.
    """
    check_settings(config, position_embedding_type="absolute", is_decoder=False)
    settings = {
        "vocab_size": config["vocab_size"],
        "context_length": config["max_position_embeddings"],
        "d_model": config["hidden_size"],
        "n_heads": config["num_attention_heads"],
        "n_layers": config["num_hidden_layers"],
        "d_ff": config["intermediate_size"],
        "d_embedding": config["hidden_size"],
        "padding_id": config.get("pad_token_id") or 0,
        "activation": activation_name(config["hidden_act"]),
        "dropout": float(config["hidden_dropout_prob"]),
        "norm_epsilon": float(config.get("layer_norm_eps", 1e-12)),
    }
    return BERTConfig(**settings | others)
