"""Greedy translation against the same made without caches, one text at a time."""

import pytest
import torch
from model_copies import random_ids

from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.models.encoder_decoder_config import EncoderDecoderConfig
from course_lib.models.loss import IGNORED, token_loss
from course_lib.models.t5 import T5
from course_lib.models.t5_config import T5Config
from course_lib.models.translate import translate

SIZES = {"vocab_size": 20, "d_model": 16, "n_heads": 4, "n_layers": 2, "d_ff": 24}
START, N_TOKENS = 0, 10
ENDS = {"encoder_decoder": 14, "t5": 6}  # tokens that these models write in some texts only


def model_named(name):
    """A model with matrices so large that its targets differ."""
    torch.manual_seed(1 if name == "encoder_decoder" else 0)
    if name == "t5":
        model = T5(T5Config(**SIZES))
    else:
        model = EncoderDecoder(EncoderDecoderConfig(**SIZES, context_length=12))
    for parameter in model.parameters():
        if parameter.ndim >= 2:
            torch.nn.init.normal_(parameter, std=0.5)
    return model.eval()


@torch.no_grad()
def without_caches(model, source_ids, end=None):
    """The likeliest next token of the whole target so far, until the end."""
    target = [START]
    while len(target) <= N_TOKENS and target[-1] != end:
        target.append(int(model(source_ids[None], torch.tensor([target]))[0, -1].argmax()))
    return target[1:]


EACH = pytest.mark.parametrize("name", ["encoder_decoder", "t5"])


@EACH
def test_equals_translation_without_caches_or_padding(name):
    model, end = model_named(name), ENDS[name]
    source_ids = random_ids(12, 7)
    lengths = torch.arange(12) % 6 + 2
    source_mask = torch.arange(7) < lengths[:, None]
    written = translate(model, source_ids, START, end, N_TOKENS, source_mask)
    ended = 0
    for row, source, length in zip(written.tolist(), source_ids, lengths, strict=True):
        expected = without_caches(model, source[:length], end)
        ended += expected[-1] == end
        assert row == expected + [end] * (len(row) - len(expected))
    assert 1 < ended < 12  # texts that end early and texts that are cut off were both seen


@EACH
def test_stops_when_every_text_has_ended(name):
    model = model_named(name)
    with torch.no_grad():
        steps = without_caches(model, random_ids(1, 4)[0])
    written = translate(model, random_ids(1, 4), START, steps[2], N_TOKENS)
    assert written.tolist() == [steps[: steps.index(steps[2]) + 1]]


@EACH
def test_the_loss_counts_what_comes_next(name):
    model = model_named(name)
    source_ids, target_ids = random_ids(3, 5), random_ids(3, 4, seed=1)
    targets = random_ids(3, 4, seed=2)
    targets[0, 2:] = IGNORED
    source_mask = torch.arange(5) < torch.tensor([[5], [2], [3]])
    expected = token_loss(model(source_ids, target_ids, source_mask), targets)
    assert torch.equal(model.loss(source_ids, target_ids, targets, source_mask), expected)
    assert model.loss(source_ids, target_ids, targets) != expected


def test_no_token_to_write_is_refused():
    with pytest.raises(ValueError, match="n_tokens must be at least 1, got 0"):
        translate(model_named("t5"), random_ids(1, 4), START, 1, 0)
