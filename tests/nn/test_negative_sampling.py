"""Negative sampling: the loss by its formula, word by word, and the draws as a distribution."""

import math

import pytest
import torch
from scipy.stats import chisquare
from torch.nn.functional import binary_cross_entropy_with_logits

from course_lib.nn.negative_sampling import draw_negatives, negative_sampling_loss


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def example(batch=4, n_negatives=3, vocab=7, d_embedding=5):
    rng = seeded()
    hidden = torch.randn(batch, d_embedding, generator=rng, requires_grad=True)
    output_weight = torch.randn(vocab, d_embedding, generator=rng, requires_grad=True)
    targets = torch.randint(vocab, (batch,), generator=rng)
    negatives = torch.randint(vocab, (batch, n_negatives), generator=rng)
    return hidden, output_weight, targets, negatives


def by_the_formula(hidden, output_weight, targets, negatives):
    total = 0.0
    for h, target, drawn in zip(hidden.tolist(), targets.tolist(), negatives.tolist(), strict=True):
        for word, sign in [(target, 1), *((word, -1) for word in drawn)]:
            score = sum(a * b for a, b in zip(h, output_weight[word].tolist(), strict=True))
            total += math.log(1 + math.exp(-sign * score))
    return total / len(targets)


@pytest.mark.parametrize("shape", [(1, 1, 2, 1), (4, 3, 7, 5), (6, 0, 3, 2)])
def test_the_loss_is_that_of_the_formula(shape):
    arguments = example(*shape)
    loss = negative_sampling_loss(*arguments)
    assert loss.item() == pytest.approx(by_the_formula(*arguments), rel=1e-6)


def test_gradients_are_those_of_a_classifier_of_true_and_drawn_words():
    hidden, output_weight, targets, negatives = example()
    ours = torch.autograd.grad(
        negative_sampling_loss(hidden, output_weight, targets, negatives), (hidden, output_weight)
    )
    scores = torch.einsum(
        "bd,bkd->bk", hidden, output_weight[torch.cat([targets[:, None], negatives], 1)]
    )
    is_true = torch.zeros_like(scores)
    is_true[:, 0] = 1
    loss = binary_cross_entropy_with_logits(scores, is_true, reduction="sum") / len(hidden)
    theirs = torch.autograd.grad(loss, (hidden, output_weight))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


def test_without_any_knowledge_each_word_costs_log_2():
    _, output_weight, targets, negatives = example()
    loss = negative_sampling_loss(torch.zeros(4, 5), output_weight, targets, negatives)
    assert loss.item() == pytest.approx((1 + 3) * math.log(2))


def test_huge_scores_overflow_nowhere():
    hidden = torch.tensor([[1e4]])
    weight = torch.tensor([[1e4], [-1e4]])
    right = negative_sampling_loss(hidden, weight, torch.tensor([0]), torch.tensor([[1]]))
    wrong = negative_sampling_loss(hidden, weight, torch.tensor([1]), torch.tensor([[0]]))
    assert right.item() == 0
    assert wrong.item() == pytest.approx(2e8)


def test_draws_follow_the_counts_to_the_power_of_three_quarters():
    counts = torch.tensor([1, 16, 0, 81, 256])
    drawn = draw_negatives(counts, 20_000, 5, seeded())
    assert drawn.shape == (20_000, 5)
    seen = drawn.flatten().bincount(minlength=5)
    assert seen[2] == 0
    shares = torch.tensor([1, 8, 27, 64], dtype=torch.float64) / 100
    assert chisquare(seen[[0, 1, 3, 4]], shares * drawn.numel()).pvalue > 1e-6


def test_draws_of_a_row_and_of_its_neighbour_do_not_depend_on_each_other():
    drawn = draw_negatives(torch.tensor([1, 1]), 40_000, 2, seeded()).double()
    for one, other in [(drawn[:, 0], drawn[:, 1]), (drawn[1:, 0], drawn[:-1, 0])]:
        correlation = torch.corrcoef(torch.stack([one, other]))[0, 1]
        assert abs(correlation) < 6 / math.sqrt(40_000)


def test_all_chance_comes_from_the_generator():
    counts, before = torch.arange(1, 50), torch.get_rng_state()
    first, again, other = (draw_negatives(counts, 8, 4, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
