"""The n-gram model against counting with dictionaries, its formulas by hand, and bad input."""

from collections import Counter

import pytest
import torch

from course_lib.models.ngram import NGramModel

# a b a b c and, in another text, b a b: with a, b, c, d = 0, 1, 2, 3.
TEXTS = [torch.tensor([0, 1, 0, 1, 2]), torch.tensor([1, 0, 1])]
EMPTY = torch.tensor([], dtype=torch.int64)


def random_texts(seed, vocab_size=6, lengths=(1, 2, 40, 0, 60)):
    rng = torch.Generator().manual_seed(seed)
    return [torch.randint(vocab_size, (length,), generator=rng) for length in lengths]


def all_grams(texts, k):
    """How often each run of k words occurs inside the texts, by slicing."""
    lists = [text.tolist() for text in texts]
    return Counter(tuple(t[i : i + k]) for t in lists for i in range(len(t) - k + 1))


def followers(texts, context):
    """How often each word followed the context."""
    grams = all_grams(texts, len(context) + 1)
    return {gram[-1]: count for gram, count in grams.items() if gram[:-1] == tuple(context)}


def slow_discounted(texts, context, word, vocab_size, discount):
    """The recursion of the docstring, one word at a time, on dictionaries."""
    followed = followers(texts, context)
    if context:
        shorter = slow_discounted(texts, context[1:], word, vocab_size, discount)
    else:
        shorter = 1 / vocab_size
    if not followed:
        return shorter
    kept = max(followed.get(word, 0) - discount, 0)
    return (kept + discount * len(followed) * shorter) / sum(followed.values())


def test_relative_frequencies_by_hand():
    model = NGramModel.count(TEXTS, 2, vocab_size=4)
    # The first word, with none before it: 3 of 8 words are a. Then b is followed by a 2 times, by c
    # once; the b that ends the second text by nothing. After c comes nothing.
    p = model.relative_frequency(torch.tensor([0, 1, 0, 1, 2, 0, 3, 0]))
    assert p.tolist() == pytest.approx([3 / 8, 1, 2 / 3, 1, 1 / 3, 0, 0, 0])


def test_adding_one_by_hand():
    model = NGramModel.count(TEXTS, 2, vocab_size=4)
    p = model.relative_frequency(torch.tensor([3, 1, 0, 3, 2, 0]), add=1.0)
    assert p.tolist() == pytest.approx([1 / 12, 1 / 4, 3 / 7, 1 / 7, 1 / 4, 1 / 4])


def test_discounting_by_hand():
    model = NGramModel.count(TEXTS, 2, vocab_size=4)
    # One word alone: a 3, b 4, c 1 of 8; three kinds, so 3 d are spread over the four words.
    p_a, p_d = (3 - 0.5 + 1.5 / 4) / 8, (1.5 / 4) / 8
    after_b = model.next_word(torch.tensor([1]), discount=0.5)
    assert after_b[0].item() == pytest.approx((2 - 0.5 + 2 * 0.5 * p_a) / 3)
    assert after_b[3].item() == pytest.approx(2 * 0.5 * p_d / 3)
    assert model.next_word(torch.tensor([2]), discount=0.5)[0].item() == pytest.approx(p_a)


def test_without_discount_the_longest_context_seen_decides():
    model = NGramModel.count(TEXTS, 3, vocab_size=4)
    a_b = model.next_word(torch.tensor([0, 1]), discount=0.0)
    assert a_b.tolist() == pytest.approx([1 / 2, 0, 1 / 2, 0])
    assert model.next_word(torch.tensor([3, 0]), discount=0.0).tolist() == [0, 1, 0, 0]
    assert model.next_word(EMPTY, discount=0.0).tolist() == pytest.approx([3 / 8, 1 / 2, 1 / 8, 0])


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
    discounted = model.discounted(held_out, discount=0.6)
    frequencies = model.relative_frequency(held_out)
    for place, word in enumerate(held_out.tolist()):
        context = held_out[max(0, place - n + 1) : place].tolist()
        expected = slow_discounted(texts, context, word, 7, 0.6)
        assert discounted[place].item() == pytest.approx(expected, rel=1e-12)
        after = model.next_word(held_out[:place], discount=0.6)
        assert after[word].item() == pytest.approx(expected, rel=1e-12)
        followed = followers(texts, context)
        frequency = followed.get(word, 0) / max(sum(followed.values()), 1)
        assert frequencies[place].item() == pytest.approx(frequency, rel=1e-12)


@pytest.mark.parametrize("context", [[], [3], [0, 0], [5, 5], [6, 0], [0, 6], [1, 2, 3]])
@pytest.mark.parametrize("discount", [0.0, 0.75, 1.0])
def test_probabilities_of_all_words_sum_to_one(context, discount):
    model = NGramModel.count(random_texts(2), 3, vocab_size=7)
    p = model.next_word(torch.tensor(context, dtype=torch.int64), discount)
    assert p.sum().item() == pytest.approx(1)
    assert (p >= 0).all()
    assert (p > 0).all() == (discount > 0)


def test_added_counts_sum_to_one():
    model = NGramModel.count(random_texts(2), 3, vocab_size=7)
    texts = [torch.tensor([4, 1, word]) for word in range(7)]
    p = torch.stack([model.relative_frequency(text, add=0.5)[-1] for text in texts])
    assert p.sum().item() == pytest.approx(1)


def test_a_shorter_model_forgets_the_long_runs():
    texts, held_out = random_texts(3), random_texts(4, lengths=(30,))[0]
    long, short = NGramModel.count(texts, 4, 6), NGramModel.count(texts, 2, 6)
    torch.testing.assert_close(long.shorter(2).discounted(held_out), short.discounted(held_out))
    assert long.shorter(2).n == 2


def test_an_empty_text_has_no_probabilities():
    model = NGramModel.count(TEXTS, 3, vocab_size=4)
    assert model.discounted(EMPTY).shape == model.relative_frequency(EMPTY).shape == (0,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: NGramModel.count(TEXTS, 0, 4), "n must be from 1 to 5.*, got 0"),
        (lambda m: NGramModel.count(TEXTS, 6, 4), "n must be from 1 to 5.*, got 6"),
        (lambda m: NGramModel.count([], 1, 4), "n must be from 1 to 0.*, got 1"),
        (lambda m: NGramModel.count(TEXTS, 1, 2), "numbers from 0 to 1, got 0 to 2"),
        (lambda m: NGramModel.count([TEXTS[0] - 1], 1, 2), "numbers from 0 to 1, got -1 to 1"),
        (lambda m: m.next_word(torch.tensor([4])), "context must .* from 0 to 3, got 4 to 4"),
        (lambda m: m.discounted(torch.tensor([0, 4])), "token_ids must .* 0 to 3, got 0 to 4"),
        (lambda m: m.relative_frequency(TEXTS[0] - 1), "token_ids must .* 0 to 3, got -1 to"),
        (lambda m: m.shorter(3), "n must be from 1 to 2, got 3"),
        (lambda m: m.next_word(EMPTY, discount=1.5), "discount must be from 0 to 1, got 1.5"),
        (lambda m: m.discounted(EMPTY, discount=-0.5), "discount must be from 0 to 1, got -0.5"),
        (lambda m: m.relative_frequency(EMPTY, add=-1.0), "add must be at least 0, got -1.0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(NGramModel.count(TEXTS, 2, 4))
