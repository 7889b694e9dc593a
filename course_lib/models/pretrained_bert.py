"""Hugging Face's weights of BERT, for ours."""

from torch import Tensor

from course_lib.models.pretrained_names import BERT_BLOCK, BERT_EMBEDDINGS, NORMS, rename

NAMES = BERT_EMBEDDINGS | {
    "bert.encoder.layer.": "encoder.blocks.",
    "bert.embeddings.": "embeddings.",
    **BERT_BLOCK,
    "bert.pooler.dense": "sentence_head.dense",
    "cls.seq_relationship": "sentence_head.output",
    "cls.predictions.transform.dense": "lm_head.dense",
    "cls.predictions.transform.LayerNorm": "lm_head.norm",
    "cls.predictions.bias": "lm_head.bias",
    **NORMS,
}


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `BERT.load_state_dict` takes, from the state of a `BertForPreTraining`.

    The head's table and its second copy of the bias are left out: the table is the embedding's.
    """
    return rename(state, NAMES, ["cls.predictions.decoder.", "bert.embeddings.position_ids"])
