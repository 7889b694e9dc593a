"""What models refuse, with the shape checks of the tests switched off, as a reader has them."""

import pytest
import torch
from jaxtyping import config
from model_copies import random_ids

from course_lib.models.bert import BERT
from course_lib.models.bert_config import BERTConfig
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.validation import check_token_ids, key_mask


@pytest.fixture(autouse=True)
def _unchecked_shapes():
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


def test_token_ids_that_fit_pass():
    check_token_ids("token_ids", random_ids(2, 5), 20)
    check_token_ids("token_ids", random_ids(2, 5).int(), 20, longest=5)
    check_token_ids("token_ids", random_ids(2, 5), 20, longest=9, start=4)


def test_values_are_not_looked_at_away_from_the_cpu():
    check_token_ids("token_ids", torch.empty(2, 5, dtype=torch.int64, device="meta"), 20)


@pytest.mark.parametrize(
    ("token_ids", "message"),
    [
        (torch.zeros(2, 5), "ids must be int64 or int32, got torch.float32"),
        (torch.zeros(2, 5) > 1, "ids must be int64 or int32, got torch.bool"),
        (random_ids(5), r"ids must be shaped \(batch, seq\), both at least 1, got \(5,\)"),
        (random_ids(2, 0), r"both at least 1, got \(2, 0\)"),
        (random_ids(0, 2), r"both at least 1, got \(0, 2\)"),
        (random_ids(2, 6), r"at most 5 tokens long, got 6 \(context_length is 7, 2 are taken\)"),
        (torch.tensor([[0, 20]]), "ids must lie between 0 and 19, got 20"),
        (torch.tensor([[-3, 2]]), "ids must lie between 0 and 19, got -3"),
    ],
)
def test_token_ids_that_do_not_fit_are_named(token_ids, message):
    with pytest.raises(ValueError, match=message):
        check_token_ids("ids", token_ids, 20, longest=7, start=2)


def test_a_mask_is_spread_over_heads_and_queries():
    mask = torch.tensor([[True, False], [True, True], [False, True]])
    assert torch.equal(key_mask("mask", mask, (3, 2)), mask.view(3, 1, 1, 2))
    assert key_mask("mask", None, (3, 2)) is None


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.ones(3, 2), "mask must be boolean, True for real tokens, got torch.float32"),
        (torch.ones(3, 3).bool(), r"mask must be shaped \(3, 2\), got \(3, 3\)"),
        (torch.ones(3, 2, 2).bool(), r"mask must be shaped \(3, 2\), got \(3, 2, 2\)"),
    ],
)
def test_a_mask_that_does_not_fit_is_named(mask, message):
    with pytest.raises(ValueError, match=message):
        key_mask("mask", mask, (3, 2))


def test_a_model_passes_its_inputs_names_on():
    sizes = {"d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 8, "d_embedding": 8}
    model, ids = BERT(BERTConfig(vocab_size=20, context_length=6, **sizes)), random_ids(2, 6)
    with pytest.raises(ValueError, match="token_ids must be int64 or int32, got"):
        model(ids.float())
    with pytest.raises(ValueError, match="mask must be boolean"):
        model(ids, mask=torch.ones(2, 6))
    with pytest.raises(ValueError, match=r"segment_ids must be shaped as token_ids, \(2, 6\)"):
        model(ids, torch.zeros(2, 1, dtype=torch.int64))


@pytest.mark.parametrize("size", [2.5, "2", None, float("nan")])
def test_sizes_that_are_no_whole_numbers_are_refused_by_name(size):
    sizes = {"vocab_size": 20, "context_length": 6, "d_model": 4, "n_heads": 2, "d_ff": 8}
    with pytest.raises(TypeError, match="n_layers must be a whole number, got "):
        GPTConfig(**sizes, n_layers=size)


@pytest.mark.parametrize("shape", [(3,), (1, 3, 1)])
def test_tokens_without_a_batch_are_refused_by_name(shape):
    model = GPT(GPTConfig(20, 6, d_model=4, n_heads=2, n_layers=1, d_ff=8))
    with pytest.raises(ValueError, match=r"token_ids must be shaped \(batch, seq\)"):
        model(torch.zeros(shape, dtype=torch.int64))
