"""Pruning, rewinding and the random control of the lottery ticket experiment."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector

from course_lib.overfitting.lottery_ticket import (
    find_tickets,
    prune_lowest,
    random_masks,
    share_kept,
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2)).double()


def theta(model):
    return parameters_to_vector(model.parameters()).detach().clone()


def test_the_smallest_weights_of_each_layer_go_and_biases_stay(model):
    mask = prune_lowest(model, torch.ones(47, dtype=torch.bool), theta(model).abs(), 0.2)
    first, bias, second, last = mask.split([30, 5, 10, 2])
    assert (~first).sum() == 6
    assert (~second).sum() == 2
    assert bias.all()
    assert last.all()
    size = model[0].weight.detach().abs().flatten()
    assert size[~first].max() < size[first].min()


def test_what_was_pruned_stays_pruned_even_with_high_scores(model):
    once = prune_lowest(model, torch.ones(47, dtype=torch.bool), theta(model).abs(), 0.5)
    twice = prune_lowest(model, once, -theta(model).abs(), 0.5)
    assert (twice & ~once).sum() == 0
    assert share_kept(model, twice) == pytest.approx(10 / 40, abs=0.05)


def test_a_fraction_outside_zero_and_one_is_refused(model):
    with pytest.raises(ValueError, match=r"fraction .* got 1.5"):
        prune_lowest(model, torch.ones(47, dtype=torch.bool), theta(model), 1.5)


def test_every_round_starts_from_the_first_weights(model):
    first, seen = theta(model), []

    def train(model, mask):
        seen.append((theta(model), mask.clone()))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += torch.arange(parameter.numel()).view(parameter.shape)

    masks = find_tickets(model, train, n_rounds=3, fraction=0.2)
    assert len(masks) == 4
    assert all(torch.equal(start, first * mask) for start, mask in seen)
    assert torch.equal(theta(model), first)
    shares = [share_kept(model, mask) for mask in masks]
    assert shares == pytest.approx([1, 0.8, 0.64, 0.512], abs=0.03)


def test_tickets_follow_the_trained_magnitudes(model):
    def train(model, mask):  # the first half of every parameter becomes the largest
        with torch.no_grad():
            for parameter in model.parameters():
                flat = parameter.view(-1)
                flat[: len(flat) // 2] = 10.0
                flat[len(flat) // 2 :] = 0.1

    mask = find_tickets(model, train, n_rounds=1, fraction=0.5)[-1]
    assert mask[:15].all()
    assert not mask[15:30].any()


def test_random_masks_keep_as_many_per_layer_and_are_nested(model):
    masks = find_tickets(model, lambda model, mask: None, n_rounds=4)
    generator = torch.Generator().manual_seed(0)
    drawn = random_masks(model, masks, generator)
    for mask, lot in zip(masks, drawn, strict=True):
        for ours, theirs in zip(mask.split([30, 5, 10, 2]), lot.split([30, 5, 10, 2]), strict=True):
            assert ours.sum() == theirs.sum()
    assert all((b & ~a).sum() == 0 for a, b in itertools.pairwise(drawn))
    assert not torch.equal(drawn[-1], masks[-1])
