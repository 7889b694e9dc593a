"""Other correct ways to write merge."""

import numpy as np


def token_with_token(ids, pair, new_id):
    merged, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]:
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def shortening_a_copy(ids, pair, new_id):
    merged = list(ids)
    for i in range(len(merged)):
        if tuple(merged[i : i + 2]) == pair:
            merged[i : i + 2] = [new_id]
    return merged


def iterator(ids, pair, new_id):
    """One token is held back until it is known whether the next completes the pair."""
    merged, waiting = [], False
    for token in ids:
        if waiting and token == pair[1]:
            merged.append(new_id)
            waiting = False
            continue
        if waiting:
            merged.append(pair[0])
        waiting = token == pair[0]
        if not waiting:
            merged.append(token)
    return tuple(merged + [pair[0]] * waiting)


def recursive(ids, pair, new_id):
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            return [*ids[:i], new_id, *recursive(ids[i + 2 :], pair, new_id)]
    return list(ids)


def as_characters(ids, pair, new_id):
    text = "".join(map(chr, ids)).replace(chr(pair[0]) + chr(pair[1]), chr(new_id))
    return [ord(character) for character in text]


def numpy_matches(ids, pair, new_id):
    tokens = np.array(ids, dtype=np.int64)
    starts = np.zeros(len(ids), dtype=bool)
    starts[:-1] = (tokens[:-1] == pair[0]) & (tokens[1:] == pair[1])
    for i in starts.nonzero()[0]:
        starts[i + 1 : i + 2] &= not starts[i]
    keep = ~np.concatenate([[False], starts[:-1]]) if len(ids) else starts
    return np.where(starts, new_id, tokens)[keep].tolist()


VARIANTS = [
    token_with_token,
    shortening_a_copy,
    iterator,
    recursive,
    as_characters,
    numpy_matches,
]
