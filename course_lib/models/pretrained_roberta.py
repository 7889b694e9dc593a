"""Hugging Face's settings and weights of RoBERTa, for ours."""

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
    "lm_head.layer_norm": "lm_head.norm",
    **NORMS,
}
COPIES = {
    "lm_head.decoder.weight": "embeddings.word_embeddings.weight",
    "lm_head.decoder.bias": "lm_head.bias",
}


def config_from_hugging_face(config: dict[str, Any]) -> BERTConfig:
    """Our sizes, from those of a `RobertaConfig`; errors as in `bert_settings`.

    Their positions begin after padding_id, and they count the rows of the table.
    """
    check_settings(config, type_vocab_size=1)
    padding_id = config.get("pad_token_id", 1)
    context_length = config["max_position_embeddings"] - padding_id - 1
    return bert_settings(config, padding_id=padding_id, context_length=context_length)


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `RoBERTa.load_state_dict` takes, from the state of a `RobertaForMaskedLM`.

    There, one segment vector is added to every token; here it is part of every position's vector.
    A pooler is left out, since pretraining does not train it.

    Raises:
        KeyError: if the segment's or the positions' vectors are missing.
        ValueError: if the head is not tied to the embedding.
    """
    state = without_copies(without_prefix(state, "roberta."), COPIES)
    segment = state.pop("embeddings.token_type_embeddings.weight")  # (1, d_model)
    positions = "embeddings.position_embeddings.weight"
    state[positions] = state[positions] + segment
    return rename(state, NAMES, ["pooler.", "embeddings.position_ids"])
