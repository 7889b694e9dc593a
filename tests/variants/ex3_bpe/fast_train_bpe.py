"""Other correct ways to write fast_train_bpe, each touching only what changes."""

import heapq
from collections import Counter, defaultdict
from itertools import pairwise

from course_lib.tokenizer.pretokenize import pretokens


class Greatest:
    """An entry of the heap that says itself which comes first."""

    def __init__(self, count, pair):
        self.count, self.pair = count, pair

    def __lt__(self, other):
        if self.count != other.count:
            return self.count > other.count
        return self.pair > other.pair


def on_byte_strings(text, vocab_size, special_tokens=()):
    """Pairs of byte strings, an ordered heap class, whole words taken off and added."""
    frequencies = Counter(pretokens(text, special_tokens))
    words = {w: [bytes([b]) for b in w.encode()] for w in frequencies}
    counts, where = Counter(), defaultdict(set)

    def change(word, sign):
        parts = words[word]
        for i in range(len(parts) - 1):
            pair = parts[i], parts[i + 1]
            counts[pair] += sign * frequencies[word]
            (where[pair].add if sign > 0 else where[pair].discard)(word)
            touched.add(pair)

    touched = set()
    for word in words:
        change(word, +1)
    heap = [Greatest(n, pair) for pair, n in counts.items()]
    heapq.heapify(heap)
    merges = []
    while heap and 256 + len(merges) + len(special_tokens) < vocab_size:
        top = heapq.heappop(heap)
        if top.count != counts[top.pair] or not top.count:
            continue
        a, b = top.pair
        merges.append((a, b))
        touched = set()
        for word in list(where[top.pair]):
            change(word, -1)
            parts, i = words[word], 0
            while i < len(parts) - 1:
                if parts[i] == a and parts[i + 1] == b:
                    parts[i : i + 2] = [a + b]
                i += 1
            change(word, +1)
        for pair in touched:
            heapq.heappush(heap, Greatest(counts[pair], pair))
    tokens = [bytes([b]) for b in range(256)] + [a + b for a, b in merges]
    return dict(enumerate(tokens + [t.encode() for t in special_tokens])), merges


class Node:
    """One token of a word, linked with its neighbours."""

    __slots__ = ("n", "next", "previous", "token")

    def __init__(self, token, n, previous):
        self.token, self.n, self.previous, self.next = token, n, previous, None
        if previous is not None:
            previous.next = self


def linked_lists_and_buckets(text, vocab_size, special_tokens=()):
    """Places in linked lists, pairs in buckets by their count, which is walked down."""
    vocab = {i: bytes([i]) for i in range(256)}
    places, counts, buckets = defaultdict(dict), defaultdict(int), defaultdict(set)
    counts_to_try = []

    def recount(pair, change):
        buckets[counts[pair]].discard(pair)
        counts[pair] += change
        if counts[pair] > 0:
            if not buckets[counts[pair]]:
                heapq.heappush(counts_to_try, -counts[pair])
            buckets[counts[pair]].add(pair)

    def link(node):
        if node is not None and node.next is not None:
            pair = node.token, node.next.token
            places[pair][node] = True
            recount(pair, node.n)

    def unlink(node):
        if node is not None and node.next is not None:
            recount((node.token, node.next.token), -node.n)

    for word, n in Counter(pretokens(text, special_tokens)).items():
        nodes = []
        for byte in word.encode():
            nodes.append(Node(byte, n, nodes[-1] if nodes else None))
        for node in nodes:
            link(node)
    merges = []
    while len(vocab) + len(special_tokens) < vocab_size and counts_to_try:
        best = buckets[-counts_to_try[0]]
        if not best:
            heapq.heappop(counts_to_try)
            continue
        pair = max(best, key=lambda p: (vocab[p[0]], vocab[p[1]]))
        merges.append((vocab[pair[0]], vocab[pair[1]]))
        new = len(vocab)
        vocab[new] = b"".join(merges[-1])
        for node in list(places.pop(pair)):
            follower = node.next
            if follower is None or (node.token, follower.token) != pair:
                continue
            for each in (node.previous, node, follower):
                unlink(each)
            node.token, node.next = new, follower.next
            if node.next is not None:
                node.next.previous = node
            follower.token = follower.next = None
            for each in (node.previous, node):
                link(each)
    for token in special_tokens:
        vocab[len(vocab)] = token.encode()
    return vocab, merges


def pushes_every_change(text, vocab_size, special_tokens=()):
    """Counts lowered and raised at once in the heap, too: any entry that is not true is skipped."""
    vocab = [bytes([i]) for i in range(256)]
    words, numbers = [], []
    for word, n in Counter(pretokens(text, special_tokens)).items():
        words.append(tuple(word.encode()))
        numbers.append(n)
    counts, index = {}, {}
    for i, word in enumerate(words):
        for pair in pairwise(word):
            counts[pair] = counts.get(pair, 0) + numbers[i]
            index.setdefault(pair, set()).add(i)

    def reverse(token):
        return (*(-byte for byte in vocab[token]), 1)

    def entry(pair):
        return -counts[pair], reverse(pair[0]), reverse(pair[1]), pair

    heap = sorted(entry(pair) for pair in counts)
    merges = []
    for new in range(256, vocab_size - len(special_tokens)):
        while heap and (counts.get(heap[0][3]) != -heap[0][0]):
            heapq.heappop(heap)
        if not heap:
            break
        pair = heapq.heappop(heap)[3]
        vocab.append(vocab[pair[0]] + vocab[pair[1]])
        merges.append((vocab[pair[0]], vocab[pair[1]]))
        changed = set()
        for i in index[pair].copy():
            old, made = words[i], []
            for token in old:
                if made and made[-1] == pair[0] and token == pair[1]:
                    made[-1] = new
                else:
                    made.append(token)
            for gone in pairwise(old):
                counts[gone] -= numbers[i]
                index[gone].discard(i)
                changed.add(gone)
            for come in pairwise(made):
                counts[come] = counts.get(come, 0) + numbers[i]
                index.setdefault(come, set()).add(i)
                changed.add(come)
            words[i] = tuple(made)
        for other in changed:
            if counts[other]:
                heapq.heappush(heap, entry(other))
            else:
                del counts[other]
    vocab.extend(token.encode() for token in special_tokens)
    return dict(enumerate(vocab)), merges


VARIANTS = [on_byte_strings, linked_lists_and_buckets, pushes_every_change]
