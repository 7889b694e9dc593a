"""Settings that make no sense are refused by name."""

import math

import pytest

from course_lib.training import TrainingConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_steps", 0),
        ("learning_rate", 0.0),
        ("learning_rate", -1e-3),
        ("learning_rate", math.inf),
        ("learning_rate", math.nan),
        ("weight_decay", -0.1),
        ("weight_decay", math.nan),
        ("n_warmup_steps", -1),
        ("n_warmup_steps", 11),
        ("max_norm", 0.0),
        ("max_norm", math.nan),
    ],
)
def test_nonsense_is_refused(field, value):
    with pytest.raises(ValueError, match=f"{field} must be .* got {value}"):
        TrainingConfig(**{"n_steps": 10, field: value})


def test_the_ends_of_what_makes_sense_are_taken():
    TrainingConfig(n_steps=1, weight_decay=0.0, n_warmup_steps=1, max_norm=math.inf)
