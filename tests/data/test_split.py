"""Whole documents, each on one side, drawn from the generator."""

from collections import Counter

import pytest
import torch

from course_lib.data.split import split_documents


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("n", "fraction", "held_out"), [(2, 0.5, 1), (10, 0.25, 2), (249, 0.1, 25)]
)
def test_every_document_stands_on_one_side(n, fraction, held_out):
    documents = [f"document {i}" for i in range(n)]
    train, validation = split_documents(documents, fraction, seeded())
    assert len(validation) == held_out
    assert sorted(train + validation) == sorted(documents)


def test_each_document_is_held_out_equally_often():
    drawn = Counter()
    generator = seeded()
    for _ in range(2000):
        drawn.update(split_documents(range(5), 0.4, generator)[1])
    # Binomial with 2000 draws of 0.4: standard deviation 22, six of them allowed.
    assert all(abs(drawn[i] - 800) < 132 for i in range(5))


def test_the_generator_decides():
    documents = list(range(100))
    assert split_documents(documents, 0.2, seeded()) == split_documents(documents, 0.2, seeded())
    assert split_documents(documents, 0.2, seeded()) != split_documents(documents, 0.2, seeded(1))


@pytest.mark.parametrize(
    ("n", "fraction"), [(10, 0.0), (10, 1.0), (10, -0.5), (10, 0.01), (1, 0.5)]
)
def test_an_empty_side_is_refused(n, fraction):
    with pytest.raises(ValueError, match=f"validation_fraction must .* got {fraction} of {n}"):
        split_documents(range(n), fraction, seeded())
