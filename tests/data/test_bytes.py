"""Text to bytes and back, against numbers from Unicode's tables."""

import pytest
import torch

from course_lib.data.bytes import to_text, to_token_ids


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Az", [65, 122]),
        ("é", [195, 169]),
        ("注", [230, 179, 168]),
        ("🐋", [240, 159, 144, 139]),
        ("\0\r\n", [0, 13, 10]),
    ],
)
def test_bytes_and_back(text, expected):
    token_ids = to_token_ids(text)
    assert token_ids.dtype == torch.int64
    assert token_ids.tolist() == expected
    assert to_text(token_ids) == text


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.uint16, torch.int32])
def test_bytes_may_be_stored_in_any_integers(dtype):
    assert to_text(torch.tensor([65, 195, 169]).to(dtype)) == "Aé"


def test_broken_bytes_become_the_replacement_character():
    assert to_text(torch.tensor([65, 230, 179])) == "A\ufffd"
    assert to_text(torch.tensor([255, 66])) == "\ufffdB"


@pytest.mark.parametrize("wrong", [-1, 256])
def test_what_is_no_byte_is_refused(wrong):
    with pytest.raises(ValueError, match=f"from 0 to 255, got {wrong}"):
        to_text(torch.tensor([65, wrong]))


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(UnicodeEncodeError):
        to_token_ids("\ud83d")
