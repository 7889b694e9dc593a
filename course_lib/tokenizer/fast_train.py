"""Byte-pair encoding at speed: after a merge, look again only at the words that it changed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from pathlib import Path

from course_lib.tokenizer.array_train import learn_merges
from course_lib.tokenizer.bpe import merge, room_for_merges
from course_lib.tokenizer.count_pretokens import count_pretokens_in_files
from course_lib.tokenizer.pretokenize import GPT2_PATTERN, pretokens
from course_lib.tokenizer.validation import check_text


def fast_train_bpe(
    text: str, vocab_size: int, special_tokens: Sequence[str] = ()
) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]]]:
    """Learn the same vocabulary and merges as `train_bpe`, without counting anew for every merge.

    Three things are kept up to date: how often each pair occurs, an inverted index (for each pair,
    the words that have it), and a heap with the commonest pair on top. A merge touches the words of
    one pair. It makes other pairs rarer, whose entries in the heap are mended only when they come
    to the top; and the pairs of the new token, which are new and enter the heap.

    Raises TypeError or ValueError as `room_for_merges` does, and for what is no text.

    Source: Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword Units
    (2016), whose published code keeps counts and an index.
    """
    check_text(text)
    n_merges = room_for_merges(vocab_size, special_tokens)
    vocab = {byte: bytes([byte]) for byte in range(256)}
    counted = Counter(pretokens(text, special_tokens))
    words = [list(word.encode()) for word in counted]
    word_counts = list(counted.values())

    counts, words_with = Counter(), defaultdict(set)
    for place, word in enumerate(words):
        for pair in pairwise(word):
            counts[pair] += word_counts[place]
            words_with[pair].add(place)

    # The top of a heap is its smallest entry: so counts are negative and bytes count downwards.
    # The 256 at the end of a token puts "ab" before "a", which is the smaller of the two.
    downwards = {byte: [255 - byte, 256] for byte in range(256)}
    heap = [(-n, downwards[a], downwards[b], (a, b)) for (a, b), n in counts.items()]
    heapify(heap)

    merges = []
    while heap and len(merges) < n_merges:
        negative_count, *order, pair = heappop(heap)
        if counts[pair] != -negative_count:  # it has become rarer since it entered
            if counts[pair]:
                heappush(heap, (-counts[pair], *order, pair))
            continue
        left, right = pair
        new_id = len(vocab)
        vocab[new_id] = vocab[left] + vocab[right]
        merges.append((vocab[left], vocab[right]))
        downwards[new_id] = downwards[left][:-1] + downwards[right]

        changes = Counter()
        for place in words_with.pop(pair):
            before, after = words[place], merge(words[place], pair, new_id)
            for old in pairwise(before):
                changes[old] -= word_counts[place]
            for new in pairwise(after):
                changes[new] += word_counts[place]
                words_with[new].add(place)
            words[place] = after
        for changed, change in changes.items():
            counts[changed] += change
            if new_id in changed:
                a, b = changed
                heappush(heap, (-counts[changed], downwards[a], downwards[b], changed))

    for token in special_tokens:
        vocab[len(vocab)] = token.encode()
    return vocab, merges


def train_from_files(
    paths: Iterable[str | Path],
    vocab_size: int,
    special_tokens: Sequence[str] = (),
    n_processes: int | None = None,
    pattern: str = GPT2_PATTERN,
) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]]]:
    """Learn a vocabulary from files, which may be far larger than memory; show the progress.

    Every file is a text of its own: no merge crosses from one to the next. Otherwise the result is
    that of `train_bpe`, however many processes count. Memory holds the distinct pre-tokens, and a
    few chunks of text; `read_chunks` says when a chunk is large.

    Args:
        paths: files in UTF-8; other bytes in them are read as U+FFFD.
        vocab_size: number of tokens in all: 256 bytes, the merges, the special tokens.
        special_tokens: never cut and never merged; they come last in the vocabulary.
        n_processes: how many count pre-tokens, as many as there are cores if None. Scripts that
            ask for several need the usual `if __name__ == "__main__":`.
        pattern: the regular expression that cuts text into pre-tokens.

    Raises:
        TypeError, ValueError: as `room_for_merges` does, or if there is no path.
        OSError: if a file cannot be read or changes while it is being read, or is a pipe.
        RuntimeError: if a process ends early, as in a script that lacks that line.
    """
    n_merges = room_for_merges(vocab_size, special_tokens)
    counted = count_pretokens_in_files(paths, special_tokens, pattern, n_processes)
    tokens, merged = learn_merges(counted, n_merges)
    vocab = dict(enumerate(tokens + [token.encode() for token in special_tokens]))
    return vocab, [(tokens[left], tokens[right]) for left, right in merged]
