"""The n-gram model against counting with dictionaries, its formulas by hand, and bad input."""

from collections import Counter

import pytest
import torch

from course_lib.models.ngram import PADDING, NGramModel, contexts_of

# a b a b c and, in another text, b a b: with a, b, c, d = 0, 1, 2, 3.
TEXTS = [torch.tensor([0, 1, 0, 1, 2]), torch.tensor([1, 0, 1])]


def random_texts(seed, vocab_size=6, lengths=(1, 2, 40, 0, 60)):
    rng = torch.Generator().manual_seed(seed)
    return [torch.randint(vocab_size, (length,), generator=rng) for length in lengths]


def all_grams(texts, k):
    """How often each run of k words occurs inside the texts, by slicing."""
    lists = [text.tolist() for text in texts]
    return Counter(tuple(t[i : i + k]) for t in lists for i in range(len(t) - k + 1))


def slow_discounted(texts, context, word, n, vocab_size, discount):
    """The recursion of the docstring, one word at a time, on dictionaries."""
    if n == 0:
        return 1 / vocab_size
    shorter = slow_discounted(texts, context[1:], word, n - 1, vocab_size, discount)
    followed = {g[-1]: c for g, c in all_grams(texts, n).items() if g[:-1] == tuple(context)}
    if not followed:
        return shorter
    kept = max(followed.get(word, 0) - discount, 0)
    return (kept + discount * len(followed) * shorter) / sum(followed.values())


def test_contexts_are_the_words_before_each_word():
    assert contexts_of(torch.tensor([5, 6, 7]), 2).tolist() == [[-1, -1], [-1, 5], [5, 6]]
    assert contexts_of(torch.tensor([5, 6]), 0).shape == (2, 0)
    assert contexts_of(torch.tensor([], dtype=torch.int64), 2).shape == (0, 2)
    with pytest.raises(ValueError, match="n_before must be at least 0, got -1"):
        contexts_of(torch.tensor([5]), -1)


def test_relative_frequencies_by_hand():
    model = NGramModel.count(TEXTS, 2, vocab_size=4)
    # b is followed by a (2 times) and by c (once); the b that ends the second text by nothing.
    torch.testing.assert_close(
        model.next_word(torch.tensor([1])), torch.tensor([2, 0, 1, 0], dtype=torch.float64) / 3
    )
    assert model.next_word(torch.tensor([2])).tolist() == [0, 0, 0, 0]  # c is followed by nothing
    # The first word of a text has no word before it: 3 of 8 words are a.
    assert model.next_word(torch.tensor([PADDING]))[0].item() == pytest.approx(3 / 8)


def test_adding_one_by_hand():
    model = NGramModel.count(TEXTS, 2, vocab_size=4)
    contexts, words = torch.tensor([[1], [1], [2], [PADDING]]), torch.tensor([0, 3, 0, 3])
    p = model.relative_frequency(contexts, words, add=1)
    assert p.tolist() == pytest.approx([3 / 7, 1 / 7, 1 / 4, 1 / 12])


def test_discounting_by_hand():
    model = NGramModel.count(TEXTS, 2, vocab_size=4)
    # One word alone: a 3, b 4, c 1 of 8; three kinds, so 3 d are spread over the four words.
    p_a, p_d = (3 - 0.5 + 1.5 / 4) / 8, (1.5 / 4) / 8
    after_b = model.next_word(torch.tensor([1]), discount=0.5)
    assert after_b[0].item() == pytest.approx((2 - 0.5 + 2 * 0.5 * p_a) / 3)
    assert after_b[3].item() == pytest.approx(2 * 0.5 * p_d / 3)
    after_c = model.next_word(torch.tensor([2]), discount=0.5)
    assert after_c[0].item() == pytest.approx(p_a)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_counts_equal_those_of_dictionaries(n):
    texts = random_texts(0)
    table = NGramModel.count(texts, n, vocab_size=6).tables[-1]
    expected = all_grams(texts, n)
    assert sorted(table.counts.tolist()) == sorted(expected.values())
    assert table.totals.sum().item() == sum(expected.values())
    assert table.kinds.sum().item() == len(expected)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_probabilities_equal_those_of_dictionaries(n):
    texts, held_out = random_texts(0), random_texts(1, vocab_size=7, lengths=(50,))[0]
    model = NGramModel.count(texts, n, vocab_size=7)  # word 6 never occurs in the texts
    contexts = contexts_of(held_out, n - 1)
    discounted = model.discounted(contexts, held_out, discount=0.6)
    frequencies = model.relative_frequency(contexts, held_out)
    for place, (context, word) in enumerate(zip(contexts.tolist(), held_out.tolist(), strict=True)):
        known = [w for w in context if w != PADDING]
        expected = slow_discounted(texts, known, word, len(known) + 1, 7, 0.6)
        assert discounted[place].item() == pytest.approx(expected, rel=1e-12)
        grams = all_grams(texts, len(known) + 1)
        total = sum(count for gram, count in grams.items() if gram[:-1] == tuple(known))
        frequency = grams[(*known, word)] / total if total else 0
        assert frequencies[place].item() == pytest.approx(frequency, rel=1e-12)


@pytest.mark.parametrize("context", [[0, 0], [5, 5], [6, 0], [PADDING, 3], [PADDING, PADDING]])
def test_probabilities_of_all_words_sum_to_one(context):
    model = NGramModel.count(random_texts(2), 3, vocab_size=7)
    context, words = torch.tensor(context), torch.arange(7)
    assert model.next_word(context, discount=0.75).sum().item() == pytest.approx(1)
    smoothed = model.relative_frequency(context.expand(7, -1), words, add=0.5)
    assert smoothed.sum().item() == pytest.approx(1)
    assert (smoothed > 0).all()


def test_a_shorter_model_and_longer_contexts():
    texts, held_out = random_texts(3), random_texts(4, lengths=(30,))[0]
    long, short = NGramModel.count(texts, 4, 6), NGramModel.count(texts, 2, 6)
    contexts = contexts_of(held_out, 3)
    expected = short.discounted(contexts[:, 2:], held_out)
    torch.testing.assert_close(long.shorter(2).discounted(contexts, held_out), expected)
    torch.testing.assert_close(short.discounted(contexts, held_out), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: NGramModel.count(TEXTS, 0, 4), "n must be between 1 and 5.*, got 0"),
        (lambda m: NGramModel.count(TEXTS, 6, 4), "n must be between 1 and 5.*, got 6"),
        (lambda m: NGramModel.count([], 1, 4), "n must be between 1 and 0.*, got 1"),
        (lambda m: NGramModel.count(TEXTS, 1, 2), "numbers from 0 to 1, got 0 to 2"),
        (lambda m: m.shorter(3), "n must be between 1 and 2, got 3"),
        (lambda m: m.next_word(torch.tensor([1]), discount=1.0), "discount must lie.*, got 1.0"),
        (lambda m: m.next_word(torch.empty(0).long(), 0.5), "must have 1 words for n = 2, got 0"),
        (
            lambda m: m.relative_frequency(torch.ones(1, 1).long(), torch.tensor([1]), -1.0),
            "got -1",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(NGramModel.count(TEXTS, 2, 4))
