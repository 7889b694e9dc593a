"""Other correct ways to write skip_gram_pairs and cbow_pairs."""

import numpy as np
import torch
from torch.nn.functional import pad


def two_loops(token_ids, window):
    tokens, pairs = token_ids.tolist(), []
    for i, centre in enumerate(tokens):
        for j in range(i - window, i + window + 1):
            if j != i and 0 <= j < len(tokens):
                pairs.append((centre, tokens[j]))
    return torch.tensor(pairs, dtype=torch.long).view(-1, 2)


def rows_by_loops(token_ids, window):
    padded = [-1] * window + token_ids.tolist() + [-1] * window
    rows = [
        padded[i : i + window] + padded[i + window + 1 : i + 2 * window + 1]
        for i in range(len(token_ids))
    ]
    return torch.tensor(rows), token_ids.clone()


def windows_unfolded(token_ids, window):
    windows = pad(token_ids, (window, window), value=-1).unfold(0, 2 * window + 1, 1)
    contexts = torch.cat([windows[:, :window], windows[:, window + 1 :]], dim=1)
    return [contexts, windows[:, window]]


def filtered_windows(token_ids, window):
    if len(token_ids) == 0:
        return torch.empty(0, 2, dtype=torch.int64)
    contexts, centres = windows_unfolded(token_ids, window)
    centres = centres.repeat_interleave(2 * window)
    return torch.stack([centres, contexts.flatten()], 1)[contexts.flatten() >= 0]


def distances(token_ids, window):
    """All pairs of places whose distance is from 1 to window."""
    n = len(token_ids)
    distance = (torch.arange(n)[:, None] - torch.arange(n)).abs()
    places = ((distance > 0) & (distance <= window)).nonzero()
    return token_ids[places]


def numpy_columns(token_ids, window):
    text = token_ids.numpy()
    columns = []
    for step in [*range(-window, 0), *range(1, window + 1)]:
        places = np.arange(len(text)) + step
        inside = (places >= 0) & (places < len(text))
        columns.append(np.where(inside, text[np.clip(places, 0, len(text) - 1)], -1))
    return torch.from_numpy(np.stack(columns, axis=1)), torch.from_numpy(text.copy())


VARIANTS = [
    (two_loops, rows_by_loops),
    (filtered_windows, windows_unfolded),
    (distances, numpy_columns),
]
