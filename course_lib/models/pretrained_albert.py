"""Hugging Face's weights of ALBERT, for ours."""

from torch import Tensor

from course_lib.models.pretrained_names import BERT_EMBEDDINGS, NORMS, rename

NAMES = BERT_EMBEDDINGS | {
    "albert.embeddings.": "embeddings.",
    "albert.encoder.embedding_hidden_mapping_in": "embedding_proj",
    "albert.encoder.albert_layer_groups.0.albert_layers.0.": "block.",
    "attention.query": "self_attention.q_proj",
    "attention.key": "self_attention.k_proj",
    "attention.value": "self_attention.v_proj",
    "attention.dense": "self_attention.out_proj",
    "attention.LayerNorm": "self_attention_norm",
    "ffn.": "feed_forward.up_proj.",
    "ffn_output.": "feed_forward.down_proj.",
    "full_layer_layer_norm": "feed_forward_norm",
    "albert.pooler.": "sentence_head.dense.",
    "sop_classifier.classifier.": "sentence_head.output.",
    "predictions.dense": "lm_head.dense",
    "predictions.LayerNorm": "lm_head.norm",
    "predictions.bias": "lm_head.bias",
    **NORMS,
}


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `ALBERT.load_state_dict` takes, from the state of an `AlbertForPreTraining`.

    The head's table and its second copy of the bias are left out: the table is the embedding's.
    """
    return rename(state, NAMES, ["predictions.decoder.", "albert.embeddings.position_ids"])
