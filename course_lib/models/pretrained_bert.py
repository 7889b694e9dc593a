"""Hugging Face's settings and weights of BERT, for ours."""

from typing import Any

from torch import Tensor

from course_lib.models.bert_config import BERTConfig
from course_lib.models.pretrained_names import (
    BERT_BLOCK,
    BERT_EMBEDDINGS,
    NORMS,
    rename,
    without_copies,
    without_prefix,
)
from course_lib.models.pretrained_settings import bert_settings, check_settings

NAMES = BERT_EMBEDDINGS | {
    "encoder.layer.": "encoder.blocks.",
    **BERT_BLOCK,
    "pooler.dense": "sentence_head.dense",
    "cls.seq_relationship": "sentence_head.output",
    "cls.predictions.transform.dense": "lm_head.dense",
    "cls.predictions.transform.LayerNorm": "lm_head.norm",
    "cls.predictions.bias": "lm_head.bias",
    **NORMS,
}
COPIES = {
    "cls.predictions.decoder.weight": "embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}


def config_from_hugging_face(config: dict[str, Any]) -> BERTConfig:
    """Our sizes, from those of a `BertConfig`; errors as in `bert_settings`."""
    check_settings(config, type_vocab_size=2)
    return bert_settings(config)


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `BERT.load_state_dict` takes, from the state of a `BertForPreTraining`.

    Raises:
        ValueError: if the head is not tied to the embedding.
    """
    state = without_copies(without_prefix(state, "bert."), COPIES)
    return rename(state, NAMES, ["embeddings.position_ids"])
