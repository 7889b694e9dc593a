"""Byte-pair encoding, step by step: count the pairs, merge the commonest, again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import index

from course_lib.tokenizer.pretokenize import pretokens
from course_lib.tokenizer.validation import check_special_tokens, check_text

Pair = tuple[int, int]


def count_pairs(words: Mapping[tuple[int, ...], int]) -> dict[Pair, int]:
    """How often each pair of neighbouring tokens occurs, over words with their counts.

    Every place counts where a pair stands, places that overlap too: "aaa" has the pair (a, a)
    twice. The last token of one word and the first of the next are no neighbours.
    """
    counts: dict[Pair, int] = {}
    for word, n in words.items():
        for pair in pairwise(word):
            counts[pair] = counts.get(pair, 0) + n
    return counts


def merge(ids: Sequence[int], pair: Pair, new_id: int) -> list[int]:
    """The tokens with each occurrence of a pair replaced by one new token, from left to right.

    A token takes part in one merge only: in "aaa" the first two become one, the third stays.
    """
    merged = []
    place = 0
    while place < len(ids):
        if tuple(ids[place : place + 2]) == pair:
            merged.append(new_id)
            place += 2
        else:
            merged.append(ids[place])
            place += 1
    return merged


def room_for_merges(vocab_size: int, special_tokens: Sequence[str] = ()) -> int:
    """How many merges a vocabulary has room for, beside the 256 bytes and the special tokens.

    Raises:
        TypeError: if vocab_size is no whole number, special_tokens is one text or an iterator, or
            one of them is no text.
        ValueError: if not even those fit, or a special token is empty, occurs twice, or has half
            of a surrogate pair.
    """
    check_special_tokens(special_tokens)
    try:
        vocab_size = index(vocab_size)
    except TypeError:
        raise TypeError(f"vocab_size must be a whole number, got {vocab_size!r}") from None
    n_merges = vocab_size - 256 - len(special_tokens)
    if n_merges < 0:
        raise ValueError(
            f"vocab_size must be at least 256 + {len(special_tokens)}, got {vocab_size}"
        )
    return n_merges


def train_bpe(
    text: str, vocab_size: int, special_tokens: Sequence[str] = ()
) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]]]:
    """Learn a vocabulary by merging the commonest pair of neighbours until it is full.

    Args:
        text: what to learn from.
        vocab_size: number of tokens in all: 256 bytes, the merges, the special tokens.
        special_tokens: never cut and never merged; they come last in the vocabulary.

    Returns:
        vocab: the bytes of each token. Tokens 0 to 255 are the single bytes, then come those that
            merging made, in order, then the special tokens.
        merges: the pairs that were merged, in order.

    Of pairs that are equally common the lexicographically greatest pair of byte strings is taken.
    Merging ends early when no word has two tokens left, and the vocabulary is smaller then.

    Raises TypeError or ValueError as `room_for_merges` does, and for what is no text.

    Source: Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword Units
    (2016), algorithm 1; on bytes as in Radford et al. (2019), section 2.2.
    """
    check_text(text)
    n_merges = room_for_merges(vocab_size, special_tokens)
    vocab = {byte: bytes([byte]) for byte in range(256)}
    words = Counter(tuple(word.encode()) for word in pretokens(text, special_tokens))
    merges = []
    while len(merges) < n_merges and (counts := count_pairs(words)):
        pair = max(counts, key=lambda pair: (counts[pair], vocab[pair[0]], vocab[pair[1]]))
        left, right = vocab[pair[0]], vocab[pair[1]]
        new_id = len(vocab)
        vocab[new_id] = left + right
        merges.append((left, right))
        words = Counter({tuple(merge(word, pair, new_id)): n for word, n in words.items()})
    for token in special_tokens:
        vocab[len(vocab)] = token.encode()
    return vocab, merges
