"""What answers of a wrong type are told by the exercises on bytes and pairs."""

import pytest

from course_lib.checks import check
from course_lib.checks.ex3_bpe._whole import whole_differs


@pytest.mark.parametrize(
    ("got", "words"),
    [
        ([97.0], "expected item 0 of the bytes to be a whole number of type int, got 97.0"),
        ([97, 98], "expected the bytes to be [97], got [97, 98]"),
        ([98], "expected the bytes to be [97], got [98]"),
        (b"a", "expected the bytes to be a list of 1 items, got b'a', of type bytes"),
        ([97], None),
        ((97,), None),
    ],
)
def test_a_wrong_kind_of_number_is_told_in_words(got, words):
    assert whole_differs(got, [97], "the bytes") == words


def test_floats_are_told_to_whoever_wrote_them():
    report = check("ex3_bpe/utf8", lambda text: [float(b) for b in text.encode()], bytes.decode)
    assert "whole number of type int" in report.findings[0].message
