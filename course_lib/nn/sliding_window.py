"""Attention within a sliding window, at the cost of the window."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn.functional import pad


def with_previous_chunk(
    x: Shaped[Tensor, "*batch n_chunks chunk d"],
) -> Shaped[Tensor, "*batch n_chunks two_chunks d"]:
    """Each chunk of a sequence behind the chunk before it; zeros stand before the first."""
    previous = pad(x[..., :-1, :, :], (0, 0, 0, 0, 1, 0))
    return torch.cat([previous, x], dim=-2)


def sliding_window_attention(
    q: Float[Tensor, "batch heads seq d_head"],
    k: Float[Tensor, "batch heads seq d_head"],
    v: Float[Tensor, "batch heads seq d_head"],
    window: int,
) -> Float[Tensor, "batch heads seq d_head"]:
    """Attention to the last `window` positions, in time and memory proportional to seq · window.

        output_i = Σ_j softmax_j(q_i · k_j / √d_head) v_j    over i − window < j ≤ i

    The sequence is cut into chunks as long as the window. All that a query sees is then in its own
    chunk or in the one before, so there are seq · 2 · window scores and not seq · seq.

    Raises ValueError if window or seq is below 1.
    Source: Beltagy et al. (2020), section 3.1 and appendix A.
    """
    seq, d_head = q.shape[-2:]
    if min(window, seq) < 1:
        raise ValueError(f"window and seq must be at least 1, got {window} and {seq}")
    chunk = min(window, seq)
    n_chunks = -(-seq // chunk)  # rounded up
    to_fill = n_chunks * chunk - seq
    q, k, v = (pad(x, (0, 0, 0, to_fill)).unflatten(2, (n_chunks, chunk)) for x in (q, k, v))

    place = torch.arange(1, n_chunks * chunk + 1, device=q.device).view(n_chunks, chunk, 1)
    key_place = with_previous_chunk(place).mT  # n_chunks 1 2·chunk, from 1; 0: nothing is there
    distance = place - key_place  # n_chunks chunk 2·chunk
    mask = (key_place > 0) & (distance >= 0) & (distance < window)

    scores = q @ with_previous_chunk(k).mT / d_head**0.5  # batch heads n_chunks chunk 2·chunk
    weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
    return (weights @ with_previous_chunk(v)).flatten(2, 3)[:, :, :seq]
