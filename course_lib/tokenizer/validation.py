"""What a tokenizer refuses, in words: vocabularies that contradict themselves, and non-text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence


def check_vocabulary(
    vocab: Mapping[int, bytes], merges: Sequence[tuple[bytes, bytes]], special_tokens: Sequence[str]
) -> None:
    """Raise ValueError or TypeError, naming the culprit, unless the three fit together.

    Ids are whole numbers from 0, and may have gaps. Two ids have different bytes, unless one is a
    special token's. A merge joins two tokens to a third, and stands there once.
    """
    check_special_tokens(special_tokens)
    special = {token.encode() for token in special_tokens}
    if not isinstance(vocab, Mapping):
        raise TypeError(f"vocab must be a dict from ids to bytes, got {type(vocab).__name__}")
    first_id: dict[bytes, int] = {}
    for token_id, token in vocab.items():
        if not isinstance(token_id, int) or isinstance(token_id, bool) or token_id < 0:
            raise ValueError(f"vocab must have whole numbers from 0 as ids, got {token_id!r}")
        if not isinstance(token, bytes) or not token:
            raise ValueError(f"vocab[{token_id}] must be at least one byte, got {token!r}")
        if token in first_id and token not in special:
            raise ValueError(f"vocab has {token!r} twice: as {first_id[token]} and as {token_id}")
        first_id[token] = token_id
    seen = set()
    for rank, pair in enumerate(merges):
        if not isinstance(pair, tuple) or [type(token) for token in pair] != [bytes, bytes]:
            raise TypeError(f"merges[{rank}] must be a tuple of two bytes objects, got {pair!r}")
        left, right = pair
        for token in (left, right, left + right):
            if token not in first_id:
                raise ValueError(
                    f"merges[{rank}] is {(left, right)!r}, but the vocabulary lacks {token!r}"
                )
        if (left, right) in seen:
            raise ValueError(f"merges[{rank}] is {(left, right)!r}, which was merged before")
        seen.add((left, right))


def check_special_tokens(special_tokens: Sequence[str]) -> None:
    """Raise ValueError or TypeError unless they are texts, none empty and none twice."""
    if isinstance(special_tokens, Iterator):  # it would be used up by looking at it
        raise TypeError(f"special_tokens must be a list, got {type(special_tokens).__name__}")
    seen = set()
    for token in several_texts(special_tokens, "special_tokens"):
        check_text(token, "a special token")
        if not token:
            raise ValueError("a special token must have at least one character, got ''")
        if token in seen:
            raise ValueError(f"special_tokens has {token!r} twice")
        seen.add(token)


def several_texts(texts: Iterable[str], name: str) -> Iterable[str]:
    """The texts, unless they are one, whose letters would be taken for several: then TypeError."""
    if isinstance(texts, str):
        raise TypeError(f"{name} must be several texts, got the text {texts[:40]!r}")
    return texts


def check_text(text: str, name: str = "text") -> None:
    """Raise TypeError for what is no str, and ValueError for half of a surrogate pair in it."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, got {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} has {text[error.start]!r} at {error.start}: half of a surrogate pair is no "
            "character"
        ) from None
