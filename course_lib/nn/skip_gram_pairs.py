"""From a text to the examples that word embeddings learn from: words and their neighbours."""

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.functional import pad

PADDING = -1  # stands in a context where the text has no token


def cbow_pairs(
    token_ids: Int[Tensor, "seq"], window: int
) -> tuple[Int[Tensor, "seq n_context"], Int[Tensor, "seq"]]:
    """For each token of a text, the neighbours from which CBOW predicts it: (contexts, centres).

    Row t of `contexts` holds the tokens at t − window, …, t − 1, t + 1, …, t + window, so
    n_context is 2 · window. Where one of these places lies before the start or after the end of
    the text, the row holds `PADDING` (−1), which is no token's number. `centres` is the text.

    Example: the text [5, 6, 7] and window 1 give the contexts [[−1, 6], [5, 7], [6, −1]].

    Raises ValueError if window is below 1. Source: Mikolov et al. (2013a), section 3.1.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    padded = pad(token_ids, (window, window), value=PADDING)
    starts = [start for start in range(2 * window + 1) if start != window]
    contexts = torch.stack([padded[start : start + len(token_ids)] for start in starts], dim=1)
    return contexts, token_ids


def skip_gram_pairs(token_ids: Int[Tensor, "seq"], window: int) -> Int[Tensor, "n_pairs 2"]:
    """Each token of a text with each neighbour that skip-gram predicts from it: (centre, context).

    The neighbours of the token at place t are those at t − window, …, t + window without t itself,
    as far as the text reaches. Rows come in the order of the text: by the place of the centre, then
    by the place of the neighbour.

    Example: the text [5, 6, 7] and window 1 give [[5, 6], [6, 5], [6, 7], [7, 6]].

    Raises ValueError if window is below 1. Source: Mikolov et al. (2013b), section 2, eq. 1.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    places = torch.arange(len(token_ids), device=token_ids.device)
    steps = torch.arange(-window, window + 1, device=token_ids.device)
    neighbours = places[:, None] + steps  # (seq, 2 · window + 1)
    in_text = (neighbours >= 0) & (neighbours < len(token_ids)) & (steps != 0)
    centres = places[:, None].expand_as(neighbours)
    return token_ids[torch.stack([centres[in_text], neighbours[in_text]], dim=1)]
