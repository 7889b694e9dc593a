"""Questions for word embeddings: all that can be made from the pairs, and no others."""

import pytest

from course_lib.data.analogies import RELATIONS, pairs, questions


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_is_a_list_of_different_pairs_of_words(relation):
    found = pairs(relation)
    assert all(len(pair) == 2 and pair[0] != pair[1] for pair in found)
    assert len({frozenset(pair) for pair in found}) == len(found) > 10


def test_every_ordered_couple_of_known_pairs_makes_a_question():
    numbers = {"france": 0, "french": 1, "spain": 2, "spanish": 3, "china": 4, "chinese": 5}
    assert questions("country and people", numbers | {"mexico": 6}) == [
        (0, 1, 2, 3),
        (0, 1, 4, 5),
        (2, 3, 0, 1),
        (2, 3, 4, 5),
        (4, 5, 0, 1),
        (4, 5, 2, 3),
    ]


def test_couples_that_share_a_word_are_left_out():
    numbers = {"great": 0, "greater": 1, "near": 2, "nearer": 3, "import": 4, "export": 5}
    assert len(questions("comparative", numbers)) == 2
    assert questions("opposite", numbers) == []
    for relation in RELATIONS:
        everything = {word: i for i, word in enumerate(dict.fromkeys(sum(pairs(relation), ())))}
        assert all(len(set(question)) == 4 for question in questions(relation, everything))


def test_an_unknown_relation_is_named():
    with pytest.raises(ValueError, match=r"relation must be one of plural, .* got 'rhyme'"):
        pairs("rhyme")
