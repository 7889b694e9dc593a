"""How well a vocabulary fits a text."""

from course_lib.tokenizer.base import Tokenizer
from course_lib.tokenizer.validation import check_text


def bytes_per_token(tokenizer: Tokenizer, text: str) -> float:
    """How many bytes of a text a token stands for, on average.

        bytes per token = bytes of the text in UTF-8 / tokens that the text becomes

    Bytes and not characters are counted, so that languages can be compared.

    Raises ValueError for a text without a character, or with half of a surrogate pair.
    """
    check_text(text)
    if not text:
        raise ValueError("text must have at least one character, got ''")
    return len(text.encode()) / len(tokenizer.encode(text))
