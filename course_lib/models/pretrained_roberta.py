"""Hugging Face's weights of RoBERTa, for ours."""

from torch import Tensor

from course_lib.models.pretrained_names import BERT_BLOCK, BERT_EMBEDDINGS, NORMS, rename

NAMES = BERT_EMBEDDINGS | {
    "roberta.encoder.layer.": "encoder.blocks.",
    "roberta.embeddings.": "embeddings.",
    **BERT_BLOCK,
    "lm_head.layer_norm": "lm_head.norm",
    **NORMS,
}


def state_from_hugging_face(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `RoBERTa.load_state_dict` takes, from the state of a `RobertaForMaskedLM`.

    There, one segment vector is added to every token; here it is part of every position's vector.
    The head's table is left out, since it is the embedding's, and so is a pooler, which pretraining
    does not train.
    """
    left_out = ["lm_head.decoder.", "roberta.pooler.", "roberta.embeddings.position_ids"]
    ours = rename(state, NAMES, left_out)
    segment = ours.pop("embeddings.segments.weight")  # (1, d_model)
    ours["embeddings.positions.table"] = ours["embeddings.positions.table"] + segment
    return ours
