"""The search for a leak, on models of which it is known who sees whom."""

import pytest
import torch
from torch import nn

from course_lib.models.bert import BERT
from course_lib.models.bert_config import BERTConfig
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.leak import sees_the_future

SEQ, VOCAB = 6, 9


def tokens(batch=2, seq=SEQ):
    return torch.randint(VOCAB, (batch, seq), generator=torch.Generator().manual_seed(0))


def mixing(mix, dtype=torch.float32):
    """Logits at position i: the one-hot tokens j, summed with the weights mix[i, j]."""
    return lambda ids: mix.to(dtype) @ nn.functional.one_hot(ids, VOCAB).to(dtype)


@pytest.mark.parametrize("query", range(SEQ))
@pytest.mark.parametrize("key", range(SEQ))
def test_one_position_looks_at_one_other(query, key):
    mix = torch.zeros(SEQ, SEQ)
    mix[query, key] = 1.0
    assert sees_the_future(mixing(mix), tokens()) is (key > query)


def test_all_that_came_before_is_no_future():
    assert sees_the_future(mixing(torch.ones(SEQ, SEQ).tril()), tokens()) is False


@pytest.mark.parametrize(("size", "leaks"), [(1e-4, True), (1e-6, False)])
def test_what_counts_is_more_than_rounding(size, leaks):
    mix = torch.eye(SEQ)
    mix[0, 1] = size
    assert sees_the_future(mixing(mix, torch.float64), tokens()) is leaks


def test_a_leak_in_one_sequence_is_enough():
    def model(ids):
        logits = nn.functional.one_hot(ids, VOCAB).float()
        logits[1, 2] += logits[1, 4]
        return logits

    assert sees_the_future(model, tokens())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_not_finite_hides_no_leak(value):
    def model(ids):
        logits = nn.functional.one_hot(ids, VOCAB).float()
        logits[:, 0, :2] = value  # the same whatever comes after
        return torch.where(ids[:, -1:, None] == 0, value, logits) if leaks else logits

    ids = torch.full((1, SEQ), VOCAB - 1)  # the next number after the last is 0
    for leaks in (True, False):
        assert sees_the_future(model, ids) is leaks


def test_a_single_token_has_no_future():
    assert sees_the_future(mixing(torch.ones(1, 1)), tokens(seq=1)) is False


def test_the_tokens_are_left_as_they_were_and_stay_in_the_vocabulary():
    ids = torch.full((1, SEQ), VOCAB - 1)

    def model(ids):
        assert int(ids.max()) < VOCAB
        return nn.functional.one_hot(ids, VOCAB).float()

    assert sees_the_future(model, ids) is False
    assert (ids == VOCAB - 1).all()


@pytest.mark.parametrize("ruled_out", [-torch.inf, torch.nan])
@pytest.mark.parametrize("leaks", [True, False])
def test_a_logit_that_is_no_number_hides_nothing(ruled_out, leaks):
    see = mixing(torch.ones(SEQ, SEQ) if leaks else torch.ones(SEQ, SEQ).tril())

    def model(ids):
        logits = see(ids)
        logits[..., -1] = ruled_out
        return logits

    assert sees_the_future(model, tokens()) is leaks


def test_gpt_is_causal_and_bert_is_not():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sizes = {"d_model": 8, "n_heads": 2, "n_layers": 2, "d_ff": 16}
        gpt = GPT(GPTConfig(VOCAB, SEQ, **sizes)).eval()
        bert = BERT(BERTConfig(VOCAB, SEQ, **sizes, d_embedding=8)).eval()
    assert not sees_the_future(gpt, tokens())
    assert sees_the_future(bert, tokens())
