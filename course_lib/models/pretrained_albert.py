"""Hugging Face's settings and weights of ALBERT, for ours."""

from typing import Any

from torch import Tensor

from course_lib.models.bert_config import BERTConfig
from course_lib.models.pretrained_names import (
    BERT_EMBEDDINGS,
    NORMS,
    rename,
    without_copies,
    without_prefix,
)
from course_lib.models.pretrained_settings import bert_settings, check_settings

NAMES = BERT_EMBEDDINGS | {
    "encoder.embedding_hidden_mapping_in": "embedding_proj",
    "encoder.albert_layer_groups.0.albert_layers.0.": "block.",
    "attention.query": "self_attention.q_proj",
    "attention.key": "self_attention.k_proj",
    "attention.value": "self_attention.v_proj",
    "attention.dense": "self_attention.out_proj",
    "attention.LayerNorm": "self_attention_norm",
    "ffn.": "feed_forward.up_proj.",
    "ffn_output.": "feed_forward.down_proj.",
    "full_layer_layer_norm": "feed_forward_norm",
    "pooler.": "sentence_head.dense.",
    "sop_classifier.classifier.": "sentence_head.output.",
    "predictions.dense": "lm_head.dense",
    "predictions.LayerNorm": "lm_head.norm",
    "predictions.bias": "lm_head.bias",
    **NORMS,
}
COPIES = {
    "predictions.decoder.weight": "embeddings.word_embeddings.weight",
    "predictions.decoder.bias": "predictions.bias",
}


def config_from_hugging_face(config: dict[str, Any]) -> BERTConfig:
    """Our sizes, from those of an `AlbertConfig`; errors as in `bert_settings`."""
    check_settings(config, type_vocab_size=2, num_hidden_groups=1, inner_group_num=1)
    return bert_settings(config, d_embedding=config["embedding_size"])


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `ALBERT.load_state_dict` takes, from the state of an `AlbertForPreTraining`.

    Raises:
        ValueError: if the head is not tied to the embedding.
    """
    state = without_copies(without_prefix(state, "albert."), COPIES)
    return rename(state, NAMES, ["embeddings.position_ids"])
