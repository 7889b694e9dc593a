"""Text as bytes: 256 tokens write every text there is."""

import torch
from jaxtyping import Int, Integer
from torch import Tensor


def to_token_ids(text: str) -> Int[Tensor, "n"]:
    """The bytes of a text in UTF-8, each a token from 0 to 255: so vocab_size is 256.

    A Latin letter is one byte, an accented one two, a Japanese or Thai character three.

    Raises UnicodeEncodeError for half of a surrogate pair, which is no character.
    """
    encoded = bytearray(text.encode("utf-8"))
    if not encoded:  # which frombuffer refuses
        return torch.empty(0, dtype=torch.int64)
    return torch.frombuffer(encoded, dtype=torch.uint8).long()


def to_text(token_ids: Integer[Tensor, "n"]) -> str:
    """The text that bytes spell, with U+FFFD (�) in place of those that are no UTF-8.

    Raises ValueError if a number is not a byte.
    """
    token_ids = token_ids.long()  # some other integers cannot be compared
    wrong = token_ids[(token_ids < 0) | (token_ids > 255)]
    if len(wrong):
        raise ValueError(f"token_ids must be bytes, from 0 to 255, got {wrong[0].item()}")
    return bytes(token_ids.cpu().to(torch.uint8).numpy()).decode("utf-8", errors="replace")
