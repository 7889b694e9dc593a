"""Word embeddings: both models by their formulas, what they learn, and questions to them."""

import math

import pytest
import torch
from torch.nn.functional import cosine_similarity, cross_entropy, one_hot

from course_lib.nn.embeddings import CBOW, SkipGram, analogy, nearest
from course_lib.nn.negative_sampling import draw_negatives, negative_sampling_loss
from course_lib.nn.skip_gram_pairs import PADDING, cbow_pairs, skip_gram_pairs


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def filled(model):
    rng = seeded(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng))
    return model


def test_skip_gram_scores_every_word_with_the_centre():
    model = filled(SkipGram(vocab_size=7, d_embedding=3))
    centres = torch.tensor([2, 0, 6, 2])
    v, u = model.embedding.weight, model.output.weight
    expected = one_hot(centres, 7).float() @ v @ u.T
    torch.testing.assert_close(model(centres), expected)
    torch.testing.assert_close(model.hidden(centres), v[centres])


def test_cbow_averages_what_there_is_of_a_context():
    model = filled(CBOW(vocab_size=7, d_embedding=3))
    contexts = torch.tensor([[PADDING, 2, 2, 5], [1, 2, 3, 4], [PADDING, PADDING, 6, PADDING]])
    v, u = model.embedding.weight, model.output.weight
    known = [[2, 2, 5], [1, 2, 3, 4], [6]]
    hidden = torch.stack([v[words].mean(dim=0) for words in known])
    torch.testing.assert_close(model.hidden(contexts), hidden)
    torch.testing.assert_close(model(contexts), hidden @ u.T)


def test_padding_gets_no_gradient_and_an_empty_context_gives_zeros():
    model = filled(CBOW(vocab_size=3, d_embedding=2))
    model(torch.tensor([[PADDING, 1], [PADDING, PADDING]])).sum().backward()
    assert not model.embedding.weight.grad[0].any()
    assert model.embedding.weight.grad[1].all()
    assert not model.hidden(torch.tensor([[PADDING, PADDING]])).any()


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (SkipGram(11, 4), torch.tensor([3, 5])),
        (CBOW(11, 4), torch.tensor([[3, PADDING], [1, 2]])),
    ],
)
def test_at_first_every_word_is_as_likely(model, inputs):
    loss = cross_entropy(model(inputs), torch.tensor([1, 9]))
    assert loss.item() == pytest.approx(math.log(11))
    assert 0 < model.embedding.weight.abs().max() <= 0.5 / 4


# Cats and dogs (0, 1) do the same things (4, 5); so do cars and ships (2, 3), but others (6, 7).
def small_world():
    rng = seeded(2)
    which = torch.randint(2, (600,), generator=rng)
    nouns = 2 * which + torch.randint(2, (600,), generator=rng)
    verbs = 4 + 2 * which + torch.randint(2, (600,), generator=rng)
    return [torch.stack(sentence) for sentence in zip(nouns, verbs, strict=True)]


def skip_gram_with_softmax(model):
    centres, contexts = torch.cat([skip_gram_pairs(s, 1) for s in small_world()]).unbind(dim=1)
    return lambda: cross_entropy(model(centres), contexts)


def skip_gram_with_negatives(model):
    centres, contexts = torch.cat([skip_gram_pairs(s, 1) for s in small_world()]).unbind(dim=1)
    counts, rng = centres.bincount(minlength=8), seeded(3)
    return lambda: negative_sampling_loss(
        model.hidden(centres),
        model.output.weight,
        contexts,
        draw_negatives(counts, len(centres), 5, rng),
    )


def cbow_with_softmax(model):
    pairs = [cbow_pairs(sentence, 1) for sentence in small_world()]
    contexts, centres = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    return lambda: cross_entropy(model(contexts), centres)


@pytest.mark.parametrize(
    ("model_class", "loss_of"),
    [
        (SkipGram, skip_gram_with_softmax),
        (SkipGram, skip_gram_with_negatives),
        (CBOW, cbow_with_softmax),
    ],
)
def test_words_with_the_same_neighbours_end_as_nearest(model_class, loss_of):
    torch.manual_seed(0)
    model = model_class(vocab_size=8, d_embedding=6)
    loss = loss_of(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(150):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    partner = [nearest(model.embedding.weight, word, 1).item() for word in range(8)]
    assert partner == [1, 0, 3, 2, 5, 4, 7, 6]


def test_nearest_is_the_order_of_the_cosines():
    vectors = torch.randn(20, 4, generator=seeded())
    for word in (0, 7, 19):
        similarity = [cosine_similarity(vectors[word], other, dim=0).item() for other in vectors]
        order = sorted(set(range(20)) - {word}, key=lambda other: -similarity[other])
        assert nearest(vectors, word, 19).tolist() == order
        assert nearest(vectors, word, 3).tolist() == order[:3]


def test_length_does_not_count():
    vectors = torch.tensor([[1.0, 0.0], [100.0, 100.0], [0.01, 0.001], [-5.0, 0.0]])
    assert nearest(vectors, 0, 3).tolist() == [2, 1, 3]


def test_an_analogy_that_holds():
    royal, female, child = torch.eye(6)[:3]
    base = torch.eye(6)[3]
    man, woman, king, queen, boy, girl = (
        base + part for part in (0 * base, female, royal, royal + female, child, child + female)
    )
    vectors = torch.stack([man, woman, king, queen, boy, girl])
    vectors = (
        vectors * torch.tensor([1.0, 3.0, 0.5, 2.0, 1.0, 7.0])[:, None]
    )  # lengths do not count
    assert analogy(vectors, a=0, b=1, c=2, n=1).tolist() == [3]
    assert analogy(vectors, a=1, b=0, c=3, n=1).tolist() == [2]
    assert analogy(vectors, a=0, b=2, c=1, n=1).tolist() == [3]


def test_an_analogy_is_the_order_of_the_cosines_without_the_three():
    vectors = torch.randn(12, 5, generator=seeded())
    unit = [vector / vector.norm() for vector in vectors]
    wanted = unit[4] - unit[2] + unit[9]
    similarity = [cosine_similarity(wanted, vector, dim=0).item() for vector in unit]
    order = sorted(set(range(12)) - {2, 4, 9}, key=lambda word: -similarity[word])
    assert analogy(vectors, 2, 4, 9, n=9).tolist() == order


@pytest.mark.parametrize("n", [0, 4])
def test_more_answers_than_words_and_no_answer_are_refused(n):
    with pytest.raises(ValueError, match=f"n must be between 1 and the 3 other words, got {n}"):
        nearest(torch.ones(4, 2), 0, n)


def test_an_analogy_counts_a_word_given_twice_once():
    vectors = torch.randn(4, 3, generator=seeded())
    assert sorted(analogy(vectors, 0, 1, 0, n=2).tolist()) == [2, 3]
    with pytest.raises(ValueError, match=r"the 2 other words, got 3"):
        analogy(vectors, 0, 1, 0, n=3)
