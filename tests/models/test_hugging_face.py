"""Our models against Hugging Face's, loaded from the folders that these write."""

from dataclasses import replace

import pytest
import torch
from hugging_face import CONTEXT, SETTINGS, VOCAB, gradients, outputs, their_model
from model_copies import random_ids

from course_lib.models import from_pretrained
from course_lib.models.bert_config import bert_base
from course_lib.models.gpt_presets import gpt2_small
from course_lib.models.pretrained import FAMILIES
from course_lib.models.t5_config import t5_small
from course_lib.nn.rotary import Rotary, rotate

SHAPES = [(1, 1, 0), (3, 5, 0), (3, 5, 2), (3, 5, -2), (2, CONTEXT, 0), (2, CONTEXT, 9)]
DECODERS = [name for name, (kind, _) in SETTINGS.items() if kind in ("gpt2", "llama")]


@pytest.fixture(scope="module")
def models(request, tmp_path_factory):
    """Ours, read from the folder that theirs has written; and theirs."""
    theirs, folder = their_model(request.param), tmp_path_factory.mktemp("theirs")
    theirs.save_pretrained(folder)
    return from_pretrained(folder), theirs


def each(names):
    return pytest.mark.parametrize("models", names, indirect=True)


def assert_close(result, expected, tolerance):
    """The largest difference, relative to the largest number."""
    difference, scale = (result - expected).abs().max(), expected.abs().max()
    assert scale > 0.1  # else there is nothing to compare
    assert difference <= tolerance * scale, f"{difference / scale:.1e} > {tolerance}"


@each(SETTINGS)
@pytest.mark.parametrize(("batch", "seq", "n_padding"), SHAPES)
def test_logits_and_gradients_are_theirs(models, batch, seq, n_padding):
    ours, theirs = models
    results, expected = outputs(ours, theirs, batch, seq, n_padding)
    for result, reference in zip(results, expected, strict=True):
        assert_close(result, reference, 1e-5)

    for model, all_logits in ((ours, results), (theirs, expected)):
        model.zero_grad()
        generator = torch.Generator().manual_seed(0)
        sums = [(x * torch.randn(x.shape, generator=generator)).sum() for x in all_logits]
        torch.stack(sums).sum().backward()
    their_gradients = gradients(theirs, FAMILIES[theirs.config.model_type].state)
    largest = max(gradient.abs().max() for gradient in their_gradients.values())
    floor = largest * (1e-2 if seq == 1 else 1e-3)  # with one key, those of keys are but rounding
    for name, weight in ours.named_parameters():
        gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
        difference = (gradient - their_gradients[name]).abs().max()
        scale = max(their_gradients[name].abs().max(), floor)
        assert difference <= 1e-4 * scale, f"{name}: {difference / scale:.1e}"


@each(DECODERS)
@pytest.mark.parametrize("chunks", [[1] * CONTEXT, [7, 1, 8]])
@torch.no_grad()
def test_decoding_with_caches_gives_their_logits(models, chunks):
    ours, theirs = models
    token_ids = random_ids(2, CONTEXT, high=VOCAB)
    caches = ours.new_caches(2)
    steps = [ours(part, caches=caches) for part in token_ids.split(chunks, dim=1)]
    assert_close(torch.cat(steps, dim=1), theirs(token_ids).logits, 1e-5)


@each(DECODERS)
@torch.no_grad()
def test_the_loss_is_theirs_of_the_shifted_tokens(models):
    ours, theirs = models
    token_ids = random_ids(3, 7, high=VOCAB)
    loss = ours.loss(token_ids[:, :-1], token_ids[:, 1:])
    torch.testing.assert_close(loss, theirs(token_ids, labels=token_ids).loss)


@pytest.mark.parametrize(
    ("kind", "preset"),
    [("gpt2", replace(gpt2_small(), dropout=0.1)), ("bert", bert_base()), ("t5", t5_small())],
)
def test_their_settings_of_the_published_base_model_are_our_preset(kind, preset):
    transformers = pytest.importorskip("transformers")
    settings = transformers.AutoConfig.for_model(kind).to_dict()
    assert FAMILIES[kind].config(settings) == preset


def test_rotary_positions_of_both_layouts_are_theirs():
    pytest.importorskip("transformers")
    from transformers.models.gptj import modeling_gptj
    from transformers.models.llama import modeling_llama

    q = torch.randn(2, 3, 11, 8, generator=torch.Generator().manual_seed(0))  # batch heads seq d
    positions = torch.arange(5, 16)
    table = modeling_gptj.create_sinusoidal_positions(16, 8)[positions]  # sines, then cosines
    pairs = modeling_gptj.apply_rotary_pos_emb(q.transpose(1, 2), *table[None].chunk(2, dim=-1))
    torch.testing.assert_close(rotate(q, positions), pairs.transpose(1, 2))

    sin, cos = (part.repeat(1, 2)[None] for part in table.chunk(2, dim=-1))
    halves, _ = modeling_llama.apply_rotary_pos_emb(q, q, cos, sin)
    torch.testing.assert_close(Rotary(positions, 8)(q), halves)
