"""From the names of Hugging Face's weights to ours."""

from collections.abc import Iterable

import torch
from torch import Tensor

BERT_BLOCK = {
    "attention.self.query": "self_attention.q_proj",
    "attention.self.key": "self_attention.k_proj",
    "attention.self.value": "self_attention.v_proj",
    "attention.output.dense": "self_attention.out_proj",
    "attention.output.LayerNorm": "self_attention_norm",
    "intermediate.dense": "feed_forward.up_proj",
    "output.dense": "feed_forward.down_proj",
    "output.LayerNorm": "feed_forward_norm",
}
"""Parts of names within a block of Hugging Face's BERT and RoBERTa, and what they are here."""

BERT_EMBEDDINGS = {
    "LayerNorm.gamma": "LayerNorm.weight",  # as in the oldest checkpoints
    "LayerNorm.beta": "LayerNorm.bias",
    "embeddings.word_embeddings": "embeddings.tokens",
    "embeddings.position_embeddings.weight": "embeddings.positions.table",
    "embeddings.token_type_embeddings": "embeddings.segments",
    "embeddings.LayerNorm": "embeddings.norm",
}
"""The same for what lies below the blocks of BERT, RoBERTa and ALBERT."""

NORMS = {"norm.weight": "norm.scale", "norm.bias": "norm.shift"}
"""The same for any normalisation, once its name here ends in "norm"."""


def without_prefix(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Weights by the names that they have in the model without a head, which needs no prefix."""
    return {name.removeprefix(prefix): weight for name, weight in state.items()}


def without_copies(state: dict[str, Tensor], copies: dict[str, str]) -> dict[str, Tensor]:
    """Weights that are kept once under two names, if they are, by one of them.

    Args:
        copies: from the name that goes to the name that stays.

    Raises:
        ValueError: if the two differ, so that the model is not tied as ours is.
    """
    once = dict(state)
    for copy, original in copies.items():
        if copy in once:
            weight = once.pop(copy)
            if not torch.equal(once.setdefault(original, weight), weight):
                raise ValueError(f"{copy} must equal {original}, got other values")
    return once


def rename(
    state: dict[str, Tensor], names: dict[str, str], left_out: Iterable[str] = ()
) -> dict[str, Tensor]:
    """Weights by new names: each part of a name found in `names` is replaced, in that order.

    Names that begin with one of `left_out` have no place in the new model.
    """
    renamed = {}
    for name, weight in state.items():
        if not name.startswith(tuple(left_out)):
            for old, new in names.items():
                name = name.replace(old, new)
            renamed[name] = weight
    return renamed
