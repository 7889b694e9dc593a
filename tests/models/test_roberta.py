"""RoBERTa against torch's encoder and against Hugging Face's RoBERTa with the same weights."""

from dataclasses import asdict

import pytest
import torch
from hugging_face import (
    assert_same_gradients,
    assert_same_logits,
    backward,
    gradients_of,
    import_transformers,
)
from model_copies import n_parameters, random_ids, randomised, torch_layer
from torch.nn import functional as F

from course_lib.models.bert_config import BERTConfig, albert_base, roberta_base
from course_lib.models.pretrained_roberta import state_from_hugging_face
from course_lib.models.roberta import RoBERTa
from course_lib.nn.masks import padding_mask

PADDING = 1
CONFIG = BERTConfig(
    vocab_size=20,
    context_length=9,
    d_model=16,
    n_heads=4,
    n_layers=2,
    d_ff=24,
    d_embedding=16,
    padding_id=PADDING,
    norm_epsilon=1e-5,
)
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def padded_ids(lengths, seq):
    """Random ids without padding's, then padding; and the mask of what is real."""
    real = padding_mask(torch.tensor(lengths), seq)
    return torch.where(real, random_ids(len(lengths), seq, low=2), PADDING), real


def test_positions_begin_after_the_paddings():
    ours = RoBERTa(CONFIG)
    ids = torch.tensor([[5, 9, 1, 1], [1, 1, 7, 7], [5, 1, 8, 2]])
    assert ours.positions(ids).tolist() == [[2, 3, 1, 1], [1, 1, 2, 3], [2, 1, 3, 4]]
    assert len(ours.embeddings.positions.table) == 11
    assert ours(random_ids(2, 9, low=2)).shape == (2, 9, 20)  # the table is just long enough


def test_equals_torchs_encoder():
    ours, (ids, real) = randomised(RoBERTa(CONFIG)), padded_ids([7, 2, 5], 7)
    below, head = ours.embeddings, ours.lm_head
    h = below.tokens.weight[ids] + below.positions.table[2:9]
    h = F.layer_norm(h, (16,), below.norm.scale, below.norm.shift, 1e-5)
    for block in ours.encoder.blocks:
        h = torch_layer(block, "gelu")(h, src_key_padding_mask=~real)
    torch.testing.assert_close(ours.encode(ids, real)[real], h[real], **CLOSE)
    g = F.layer_norm(F.gelu(head.dense(h)), (16,), head.norm.scale, head.norm.shift, 1e-5)
    expected = g @ below.tokens.weight.T + head.bias
    torch.testing.assert_close(ours(ids, real)[real], expected[real], **CLOSE)


@pytest.mark.parametrize("lengths", [[7, 7, 7], [7, 2, 5]])
@pytest.mark.parametrize("padding_id", [1, 0])
@pytest.mark.parametrize("size", [{}, {"d_model": 24, "d_embedding": 24, "n_layers": 3}])
def test_equals_hugging_faces(lengths, padding_id, size):
    transformers = import_transformers()
    config = BERTConfig(**asdict(CONFIG) | size | {"padding_id": padding_id})
    theirs = transformers.RobertaForMaskedLM(
        transformers.RobertaConfig(
            vocab_size=config.vocab_size,
            hidden_size=config.d_model,
            num_hidden_layers=config.n_layers,
            num_attention_heads=config.n_heads,
            intermediate_size=config.d_ff,
            max_position_embeddings=config.context_length + padding_id + 1,
            type_vocab_size=1,
            pad_token_id=padding_id,
            layer_norm_eps=config.norm_epsilon,
            attn_implementation="eager",
        )
    )
    randomised(theirs)
    ours = RoBERTa(config).eval()
    ours.load_state_dict(state_from_hugging_face(theirs.state_dict()))

    ids, real = padded_ids(lengths, 7)
    ids = torch.where(real, ids, padding_id)
    expected, logits = theirs(ids, attention_mask=real.long()).logits, ours(ids, real)
    assert_same_logits(logits[real], expected[real])

    backward(logits[real])
    backward(expected[real])
    gradients = gradients_of(theirs)
    gradients["roberta.embeddings.token_type_embeddings.weight"].zero_()  # is in the positions'
    assert_same_gradients(ours, state_from_hugging_face(gradients))


def test_it_does_not_matter_on_which_side_the_padding_is():
    ours, (ids, real) = randomised(RoBERTa(CONFIG)), padded_ids([5], 8)
    left, right = ours(ids.roll(3), real.roll(3)), ours(ids, real)
    torch.testing.assert_close(left[:, 3:], right[:, :5], **CLOSE)
    torch.testing.assert_close(ours(ids[:, :5]), right[:, :5], **CLOSE)


def test_the_base_model_has_as_many_parameters_as_the_published_one():
    with torch.device("meta"):
        ours = RoBERTa(roberta_base())
    published, segment = 124_055_040, 768
    assert n_parameters(ours.embeddings, ours.encoder) == published - segment


def test_inputs_that_do_not_fit_are_refused():
    ours = RoBERTa(CONFIG)
    with pytest.raises(ValueError, match="token_ids must lie between 0 and 19, got 20"):
        ours(torch.full((2, 6), 20))
    with pytest.raises(ValueError, match="token_ids must be at most 9 tokens long, got 10"):
        ours(random_ids(2, 10))


def test_a_factorised_embedding_is_alberts():
    with pytest.raises(ValueError, match="d_embedding must be d_model = 768, got 128"):
        RoBERTa(albert_base())
