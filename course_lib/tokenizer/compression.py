"""How much shorter a text becomes as tokens."""

from course_lib.tokenizer.base import Tokenizer


def bytes_per_token(tokenizer: Tokenizer, text: str) -> float:
    """How many bytes of a text, in UTF-8, stand behind one token on average.

    Bytes are counted, not characters, so that texts in different scripts, and tokenizers with
    different vocabularies, can be compared; and a loss per token becomes one per byte.

    Raises ValueError for an empty text.
    """
    if not text:
        raise ValueError("text must hold at least one character, got ''")
    return len(text.encode("utf-8")) / len(tokenizer.encode(text))
