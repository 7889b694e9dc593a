"""Encoders and encoder–decoders on a GPU compute what they do on the CPU."""

import pytest
import torch
from model_copies import random_ids, randomised

from course_lib.device import best_device
from course_lib.models.albert import ALBERT
from course_lib.models.bert import BERT
from course_lib.models.bert_config import BERTConfig
from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.models.encoder_decoder_config import EncoderDecoderConfig
from course_lib.models.roberta import RoBERTa
from course_lib.models.t5 import T5
from course_lib.models.t5_config import T5Config
from course_lib.nn.masks import padding_mask

SIZES = {"vocab_size": 20, "d_model": 16, "n_heads": 4, "n_layers": 2, "d_ff": 24}
ENCODERS = [BERT, RoBERTa, ALBERT]
TRANSLATORS = [
    (EncoderDecoder, EncoderDecoderConfig(**SIZES, context_length=12)),
    (T5, T5Config(**SIZES)),
]
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ENCODERS)
def test_encoders_on_a_gpu(kind):
    model = randomised(kind(BERTConfig(**SIZES, context_length=12, d_embedding=16)))
    ids, mask = random_ids(2, 7), padding_mask(torch.tensor([4, 7]), 7)
    expected, device = model(ids, mask=mask), best_device()
    logits = model.to(device)(ids.to(device), mask=mask.to(device))
    torch.testing.assert_close(logits.cpu()[mask], expected[mask], **CLOSE)


@pytest.mark.gpu
@pytest.mark.parametrize(("kind", "config"), TRANSLATORS)
def test_encoder_decoders_on_a_gpu(kind, config):
    model, source, target = randomised(kind(config)), random_ids(2, 7), random_ids(2, 5, seed=1)
    mask = padding_mask(torch.tensor([4, 7]), 7)
    expected, device = model(source, target, mask), best_device()
    source, target, mask, model = (x.to(device) for x in (source, target, mask, model))
    with torch.no_grad():
        contexts = model.decoder.keys_values(model.encode(source, mask))
        caches = model.decoder.new_caches(2, 5)
        tokens = target.split(1, dim=1)
        logits = [model.decode(token, contexts, mask, caches) for token in tokens]
    torch.testing.assert_close(torch.cat(logits, 1).cpu(), expected.detach(), **CLOSE)
