"""Other correct ways to write train_bpe."""

from collections import Counter, defaultdict
from itertools import pairwise

from course_lib.tokenizer.bpe import count_pairs, merge
from course_lib.tokenizer.pretokenize import pretokens, split_special


def on_byte_strings(text, vocab_size, special_tokens=()):
    """Words as tuples of byte strings, each occurrence on its own, pairs as their own sort key."""
    words = [[bytes([b]) for b in w.encode("utf-8")] for w in pretokens(text, special_tokens)]
    vocab = {i: bytes([i]) for i in range(256)}
    merges = []
    while len(vocab) < vocab_size - len(special_tokens):
        counts = Counter(pair for word in words for pair in pairwise(word))
        if not counts:
            break
        _, best = max((n, pair) for pair, n in counts.items())
        merges.append(best)
        vocab[len(vocab)] = b"".join(best)
        for word in words:
            i = 0
            while i < len(word) - 1:
                if (word[i], word[i + 1]) == best:
                    word[i : i + 2] = [best[0] + best[1]]
                i += 1
    vocab.update(enumerate((t.encode() for t in special_tokens), start=len(vocab)))
    return vocab, merges


def with_the_given_parts(text, vocab_size, special_tokens=()):
    """A for loop, sorted in place of max, a list of words with a list of counts."""
    vocab = [bytes([b]) for b in range(256)]
    counted = Counter(pretokens(text, special_tokens))
    words, times = [list(w.encode()) for w in counted], list(counted.values())
    merges = []
    for new_id in range(256, vocab_size - len(special_tokens)):
        counts = defaultdict(int)
        for word, n in zip(words, times, strict=True):
            for place in range(len(word) - 1):
                counts[word[place], word[place + 1]] += n
        ranked = sorted(counts.items(), key=lambda item: (item[1], *(vocab[i] for i in item[0])))
        if ranked == []:
            break
        left, right = ranked[-1][0]
        vocab.append(vocab[left] + vocab[right])
        merges.append([vocab[left], vocab[right]])
        words = [merge(word, (left, right), new_id) for word in words]
    vocab += [token.encode() for token in special_tokens]
    return dict(enumerate(vocab)), merges


def with_recursion_and_split(text, vocab_size, special_tokens=()):
    """Special tokens cut out first, a helper that adds one merge."""
    parts = [p for p in split_special(text, special_tokens) if p not in special_tokens]
    words = dict(Counter(tuple(w.encode()) for part in parts for w in pretokens(part)))
    vocab = {b: b.to_bytes(1, "big") for b in range(256)}
    merges = []

    def add_one(words):
        counts = count_pairs(words)
        if not counts or len(vocab) + len(special_tokens) == vocab_size:
            return
        most = max(counts.values())
        left, right = max(
            (p for p in counts if counts[p] == most), key=lambda p: (vocab[p[0]], vocab[p[1]])
        )
        new_id = len(vocab)
        vocab[new_id] = vocab[left] + vocab[right]
        merges.append((vocab[left], vocab[right]))
        add_one({tuple(merge(w, (left, right), new_id)): n for w, n in words.items()})

    add_one(words)
    for token in special_tokens:
        vocab[len(vocab)] = bytes(token, "utf-8")
    return vocab, merges


VARIANTS = [on_byte_strings, with_the_given_parts, with_recursion_and_split]
