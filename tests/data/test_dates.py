"""Pairs of dates: what is drawn, what is held out, and how it becomes a batch."""

from collections import Counter
from datetime import date

import pytest
import torch

from course_lib.data.date_forms import FORMS
from course_lib.data.dates import LANGUAGES, all_days, date_batch, date_of, date_pairs
from course_lib.data.split import split_documents


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_all_days_are_every_day_once():
    days = all_days()
    assert (days[0], days[-1]) == (date(1900, 1, 1), date(2029, 12, 31))
    assert len(days) == len(set(days)) == 130 * 365 + 32  # 1900 was no leap year, 1904 … 2028 were
    assert days == sorted(days)


def test_each_pair_is_a_way_of_writing_its_day():
    for human, iso in date_pairs(500, seeded()):
        day = date.fromisoformat(iso)
        assert human in {form(day) for forms in FORMS.values() for form in forms}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_can_be_asked_for_and_all_its_ways_come(language):
    pairs = date_pairs(400, seeded(), languages=[language])
    ways = Counter()
    for human, iso in pairs:
        ways.update(
            number
            for number, form in enumerate(FORMS[language])
            if form(date.fromisoformat(iso)) == human
        )
    assert set(ways) == set(range(len(FORMS[language])))


def test_days_and_languages_are_drawn_equally_often():
    days = [date(1999, 12, 31), date(2000, 1, 1)]
    pairs = date_pairs(4000, seeded(), days=days, languages=["Korean", "French"])
    counts = Counter(pairs)
    # Binomial with 4000 draws of 1/4: standard deviation 27, six of them allowed.
    assert len(counts) == 4
    assert all(abs(count - 1000) < 165 for count in counts.values())


def test_days_held_out_never_occur_among_the_others():
    train, validation = split_documents(all_days(), 0.1, seeded())
    assert not set(train) & set(validation)
    trained = date_pairs(3000, seeded(1), days=train)
    held_out = date_pairs(300, seeded(2), days=validation)
    assert not {iso for _, iso in trained} & {iso for _, iso in held_out}
    assert not {human for human, _ in trained} & {human for human, _ in held_out}


def test_the_generator_decides():
    assert date_pairs(20, seeded()) == date_pairs(20, seeded())
    assert date_pairs(20, seeded()) != date_pairs(20, seeded(1))
    assert date_pairs(0, seeded()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": -1}, "n = -1"),
        ({"days": []}, "0 days"),
        ({"languages": []}, "0 languages"),
        ({"languages": ["Klingon"]}, "'Klingon'"),
        ({"languages": ["Thai"], "days": [date(1940, 1, 1)]}, "Thai wrote them, got 1940-01-01"),
    ],
)
def test_what_gives_no_pairs_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        date_pairs(**{"n": 3, "generator": seeded(), **arguments})


def test_a_batch_written_out_by_hand():
    source_ids, target_ids, targets, source_mask = date_batch(
        [("S9.1.2", "1934-01-02"), ("年", "2000-02-29")]
    )
    assert source_ids.tolist() == [[83, 57, 46, 49, 46, 50], [229, 185, 180, 0, 0, 0]]
    assert source_mask.tolist() == [[True] * 6, [True] * 3 + [False] * 3]
    assert target_ids[0].tolist() == [2, 49, 57, 51, 52, 45, 48, 49, 45, 48, 50]
    assert targets[0].tolist() == [49, 57, 51, 52, 45, 48, 49, 45, 48, 50, 3]
    assert date_of(targets[1]) == "2000-02-29"


def test_what_is_written_is_read_up_to_its_end():
    assert date_of(torch.tensor([50, 48, 3, 49, 3])) == "20"
    assert date_of(torch.tensor([50, 48])) == "20"
    assert date_of(torch.tensor([3])) == ""
