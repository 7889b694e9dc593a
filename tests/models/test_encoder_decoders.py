"""What every encoder–decoder promises: who sees what, caches that change nothing, known tokens."""

import pytest
import torch
from model_copies import random_ids, randomised

from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.models.encoder_decoder_config import EncoderDecoderConfig
from course_lib.models.t5 import T5
from course_lib.models.t5_config import T5Config
from course_lib.nn.masks import padding_mask

SIZES = {"vocab_size": 20, "d_model": 16, "n_heads": 4, "n_layers": 2, "d_ff": 24}
BUCKETS = {"n_buckets": 8, "max_distance": 12}
CONFIGS = {
    "the original": EncoderDecoderConfig(**SIZES, context_length=16),
    "the original, pre-norm": EncoderDecoderConfig(**SIZES, context_length=16, norm_position="pre"),
    "t5 1.0": T5Config(**SIZES, **BUCKETS),
    "t5 1.1": T5Config(**SIZES, **BUCKETS, activation="gelu_tanh", gated=True, tied_head=False),
}
EACH = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def model_of(config):
    return randomised((T5 if isinstance(config, T5Config) else EncoderDecoder)(config))


def texts():
    return random_ids(2, 6), random_ids(2, 16, seed=1)


@EACH
def test_a_target_token_sees_no_later_one(config):
    ours, (source, target) = model_of(config), texts()
    before = ours(source, target)
    for changed in range(16):
        other = target.clone()
        other[:, changed] = (other[:, changed] + 1) % 20
        moved = (ours(source, other) - before).abs().amax(dim=(0, 2))
        assert moved[:changed].sum() == 0
        assert moved[changed] > 1e-3


@EACH
def test_every_real_source_token_matters_and_padding_does_not(config):
    ours, (source, target) = model_of(config), texts()
    real = padding_mask(torch.tensor([4, 6]), 6)
    before = ours(source, target, real)
    for changed in range(6):
        other = source.clone()
        other[:, changed] = (other[:, changed] + 1) % 20
        moved = (ours(other, target, real) - before).abs().amax(dim=(1, 2))
        assert (moved[0] > 1e-4) == (changed < 4)
        assert moved[1] > 1e-4
    cut = ours(source[:1, :4], target[:1])
    torch.testing.assert_close(before[:1], cut, **CLOSE)


@EACH
@pytest.mark.parametrize("pieces", [[1] * 16, [3, 1, 12]])
@torch.no_grad()
def test_token_by_token_equals_all_at_once(config, pieces):
    ours, (source, target) = model_of(config), texts()
    real, projected = padding_mask(torch.tensor([4, 6]), 6), []
    for block in ours.decoder.blocks:
        block.cross_attention.k_proj.register_forward_hook(lambda *_: projected.append(1))
    contexts = ours.decoder.keys_values(ours.encode(source, real))
    caches = ours.decoder.new_caches(2, 16)
    logits = [ours.decode(piece, contexts, real, caches) for piece in target.split(pieces, dim=1)]
    assert len(projected) == config.n_layers
    torch.testing.assert_close(torch.cat(logits, 1), ours(source, target, real), **CLOSE)


@EACH
def test_dropout_acts_in_training_only(config):
    ours, (source, target) = model_of(config), texts()
    assert torch.equal(ours(source, target), ours(source, target))
    ours.train()
    assert not torch.equal(ours(source, target), ours(source, target))


@EACH
def test_bfloat16_stays_near(config):
    ours, (source, target) = model_of(config), texts()
    expected = ours(source, target)
    logits = ours.bfloat16()(source, target)
    assert logits.dtype == torch.bfloat16
    assert (logits - expected).abs().mean() < 0.05 * expected.std()


@EACH
def test_token_ids_that_do_not_exist_are_refused(config):
    ours, (ids, _) = model_of(config), texts()
    with pytest.raises(ValueError, match="source_ids must lie between 0 and 19, got 20"):
        ours(ids.clone().fill_(20), ids)
    with pytest.raises(ValueError, match="target_ids must lie between 0 and 19, got -1"):
        ours(ids, ids.clone().fill_(-1))
