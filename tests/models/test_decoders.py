"""What every decoder promises: no look ahead, caches that change nothing, inputs that fit."""

import pytest
import torch
from torch.nn import functional as F

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.llama import Llama, LlamaConfig
from course_lib.models.loss import IGNORED

VOCAB, CONTEXT = 37, 12
SIZES = {"vocab_size": VOCAB, "context_length": CONTEXT, "d_model": 16, "n_layers": 3, "d_ff": 24}
CONFIGS = {
    "gpt": GPTConfig(n_heads=4, **SIZES),
    "llama": LlamaConfig(n_heads=4, n_kv_heads=2, **SIZES),
    "llama, one key head, tied": LlamaConfig(n_heads=2, n_kv_heads=1, tied_head=True, **SIZES),
}
EACH = pytest.mark.parametrize("name", CONFIGS)


def model_named(name, seed=0):
    """A model whose weights are large enough for each token to matter."""
    torch.manual_seed(seed)
    model = (GPT if name == "gpt" else Llama)(CONFIGS[name])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape)
    return model


def tokens(batch, seq, seed=0):
    return torch.randint(VOCAB, (batch, seq), generator=torch.Generator().manual_seed(seed))


@EACH
@pytest.mark.parametrize(("batch", "seq"), [(1, 1), (2, 5), (3, CONTEXT)])
def test_there_is_a_logit_for_each_token_of_the_vocabulary(name, batch, seq):
    model, token_ids = model_named(name), tokens(batch, seq)
    logits = model(token_ids)
    assert logits.shape == (batch, seq, VOCAB)
    assert torch.equal(model.logits(model.hidden(token_ids)), logits)


@EACH
@torch.no_grad()
def test_a_token_changes_its_own_and_later_logits_and_no_earlier_one(name):
    model, token_ids = model_named(name), tokens(2, CONTEXT)
    logits = model(token_ids)
    for place in range(CONTEXT):
        other = token_ids.clone()
        other[:, place] = (other[:, place] + 1) % VOCAB
        change = (model(other) - logits).abs().amax(dim=-1)  # batch seq
        assert not change[:, :place].any()
        assert (change[:, place:] > 1e-4).all()


@EACH
@torch.no_grad()
def test_the_order_of_earlier_tokens_matters(name):
    model, token_ids = model_named(name), torch.tensor([[3, 1, 4, 8], [1, 4, 3, 8]])
    first, second = model(token_ids)[:, -1]
    assert not torch.allclose(first, second, atol=1e-3)


@EACH
@pytest.mark.parametrize("chunks", [[1] * CONTEXT, [5, 1, 1, 5], [CONTEXT], [1, 7, 4]])
@torch.no_grad()
def test_decoding_with_caches_equals_one_pass(name, chunks):
    model, token_ids = model_named(name), tokens(3, CONTEXT)
    caches = model.new_caches(3)
    steps = [model(part, caches=caches) for part in token_ids.split(chunks, dim=1)]
    torch.testing.assert_close(torch.cat(steps, dim=1), model(token_ids), rtol=1e-5, atol=1e-5)


@EACH
@torch.no_grad()
def test_decoding_behind_padding_equals_one_pass_with_the_same_mask(name):
    model, token_ids = model_named(name), tokens(2, 9)
    real = torch.ones(2, 9, dtype=torch.bool)
    real[1, :3] = False  # padding on the left, as when prompts differ in length
    mask, caches, steps, start = real[:, None, None, :], model.new_caches(2, 9), [], 0
    for part in token_ids.split([4, 1, 1, 3], dim=1):
        end = start + part.shape[1]
        steps.append(model(part, mask[..., :end], caches))
        start = end
    expected = model(token_ids, mask)
    torch.testing.assert_close(torch.cat(steps, dim=1), expected, rtol=1e-5, atol=1e-5)


@EACH
@torch.no_grad()
def test_masked_tokens_have_no_influence(name):
    model, token_ids = model_named(name), tokens(2, 8)
    mask = torch.ones(2, 1, 1, 8, dtype=torch.bool)
    mask[..., 2:4] = False
    other = token_ids.clone()
    other[:, 2:4] = (other[:, 2:4] + 5) % VOCAB
    kept = [0, 1, 4, 5, 6, 7]
    assert torch.equal(model(other, mask)[:, kept], model(token_ids, mask)[:, kept])
    assert not torch.allclose(model(other)[:, 4:], model(token_ids)[:, 4:], atol=1e-3)


@EACH
@torch.no_grad()
def test_a_mask_cannot_allow_the_future(name):
    model, token_ids = model_named(name), tokens(2, 6)
    everything = torch.ones(6, 6, dtype=torch.bool)
    torch.testing.assert_close(model(token_ids, everything), model(token_ids))


@EACH
def test_the_loss_is_the_mean_of_what_counts(name):
    model, token_ids, targets = model_named(name), tokens(2, 6), tokens(2, 6, seed=1)
    targets[0, 2:] = IGNORED
    surprises = [
        -F.log_softmax(model(token_ids)[b, t], dim=-1)[targets[b, t]]
        for b in range(2)
        for t in range(6)
        if targets[b, t] != IGNORED
    ]
    assert len(surprises) == 8
    torch.testing.assert_close(model.loss(token_ids, targets), torch.stack(surprises).mean())


@EACH
def test_every_parameter_gets_a_finite_gradient(name):
    model = model_named(name)
    model.loss(tokens(2, CONTEXT), tokens(2, CONTEXT, seed=1)).backward()
    for parameter in model.parameters():
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any()


@EACH
def test_an_untrained_model_finds_all_tokens_about_as_likely(name):
    torch.manual_seed(0)
    model = (GPT if name == "gpt" else Llama)(CONFIGS[name])
    loss = model.loss(tokens(8, CONTEXT), tokens(8, CONTEXT, seed=1))
    assert loss.item() == pytest.approx(torch.tensor(VOCAB).log().item(), abs=0.1)


@EACH
def test_the_default_generator_decides_the_weights(name):
    states = [model_named(name, seed).state_dict() for seed in (5, 5, 6)]
    same = [
        all(torch.equal(states[0][key], other[key]) for key in states[0]) for other in states[1:]
    ]
    assert same == [True, False]


@EACH
@torch.no_grad()
def test_half_precision_is_kept_and_comes_close(name):
    model, token_ids = model_named(name), tokens(2, CONTEXT)
    expected = model(token_ids)
    model.to(torch.bfloat16)
    caches = model.new_caches(2)
    assert {cache.keys.dtype for cache in caches} == {torch.bfloat16}
    for logits in (model(token_ids), model(token_ids, caches=caches)):
        assert logits.dtype == torch.bfloat16
        assert (logits - expected).abs().max() < 0.1 * expected.abs().max()
    assert model.loss(token_ids, token_ids).dtype == torch.float32


@EACH
def test_caches_have_the_models_shape(name):
    model = model_named(name)
    n_kv_heads = getattr(model.config, "n_kv_heads", model.config.n_heads)
    shape = (5, n_kv_heads, CONTEXT, 16 // model.config.n_heads)
    assert [cache.keys.shape for cache in model.new_caches(5)] == [shape] * 3
    assert model.new_caches(5, n_tokens=7)[0].keys.shape[2] == 7
    with pytest.raises(ValueError, match=r"must be at least 1, got \(5, .*0"):
        model.new_caches(5, n_tokens=0)


@EACH
@pytest.mark.parametrize("wrong", [-1, VOCAB])
def test_a_token_that_is_not_in_the_vocabulary_is_refused(name, wrong):
    token_ids = tokens(2, 5)
    token_ids[1, 3] = wrong
    with pytest.raises(ValueError, match=f"token_ids must lie between 0 and 36, got {wrong}"):
        model_named(name)(token_ids)


@EACH
@pytest.mark.parametrize(
    ("seq", "problem"),
    [(0, r"shaped \(batch, seq\), both at least 1"), (13, "at most 12 .* got 13")],
)
def test_too_many_tokens_or_none_are_refused(name, seq, problem):
    with pytest.raises(ValueError, match=f"token_ids must be {problem}"):
        model_named(name)(tokens(2, seq))


@EACH
def test_too_many_tokens_after_those_in_the_caches_are_refused(name):
    model = model_named(name)
    caches = model.new_caches(2)
    model(tokens(2, 10), caches=caches)
    with pytest.raises(ValueError, match=r"at most 2 tokens long, got 3 .*12, 10 are taken"):
        model(tokens(2, 3), caches=caches)
    assert {cache.length for cache in caches} == {10}


@EACH
@pytest.mark.parametrize(
    "mask",
    [
        torch.ones(2, 1, 1, 5),
        torch.ones(5, 5, dtype=torch.int64),
        torch.ones(2, 5, dtype=torch.bool),
        torch.ones(2, 1, 1, 6, dtype=torch.bool),
        torch.ones(1, 2, 1, 1, 5, dtype=torch.bool),
    ],
    ids=["float", "whole numbers", "batch × key", "too long", "five axes"],
)
def test_a_mask_of_the_wrong_kind_is_refused(name, mask):
    n_heads, shape = CONFIGS[name].n_heads, tuple(mask.shape)
    message = f"(batch, heads, query, key) = (2, {n_heads}, 5, 5), got {mask.dtype} shaped {shape}"
    with pytest.raises(ValueError, match="mask must be boolean") as caught:
        model_named(name)(tokens(2, 5), mask)
    assert message in str(caught.value)


@EACH
def test_caches_of_other_blocks_are_refused(name):
    model = model_named(name)
    for caches in ([], model.new_caches(2)[:2]):
        with pytest.raises(ValueError, match=r"caches must be 3, one a block, .* got lengths \["):
            model(tokens(2, 5), caches=caches)
    caches = model.new_caches(2)
    caches[1].length = 2
    with pytest.raises(ValueError, match=r"of equal length, got lengths \[0, 2, 0\]"):
        model(tokens(2, 5), caches=caches)


@EACH
@pytest.mark.parametrize(
    "field", ["vocab_size", "context_length", "d_model", "n_heads", "n_layers", "d_ff"]
)
@pytest.mark.parametrize("value", [0, -3])
def test_a_size_below_one_is_refused(name, field, value):
    fields = {**vars(CONFIGS[name]), field: value}
    message = f"{field} must be at least 1, got {value}"
    with pytest.raises(ValueError, match=message):
        type(CONFIGS[name])(**fields)


@EACH
def test_heads_that_do_not_divide_the_width_are_refused(name):
    fields = {**vars(CONFIGS[name]), "n_heads": 3}
    with pytest.raises(ValueError, match="n_heads must divide d_model = 16, got 3"):
        type(CONFIGS[name])(**fields)


@EACH
def test_a_config_is_frozen(name):
    with pytest.raises(AttributeError):
        CONFIGS[name].d_model = 3
