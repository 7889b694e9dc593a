"""Windows of a long text, with the tokens that follow."""

from collections.abc import Iterator

import torch
from jaxtyping import Int, Integer
from torch import Tensor


def get_batch(
    token_ids: Integer[Tensor, "n"],
    batch_size: int,
    context_length: int,
    generator: torch.Generator,
) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"]]:
    """Windows drawn at random from a text, and what comes after each of their tokens.

        inputs[b]  = token_ids[s : s + context_length]
        targets[b] = token_ids[s + 1 : s + 1 + context_length]

    Each start s from 0 to n − context_length − 1 is as likely as any other, and each row draws its
    own. Both come as int64, which embeddings and losses take, on the device of `token_ids`, in
    whatever integers these are stored.

    Raises:
        ValueError: if token_ids are not a row of whole numbers or too few for one window, or a
            size is below 1.
    """
    if token_ids.ndim != 1 or token_ids.is_floating_point() or token_ids.dtype == torch.bool:
        raise ValueError(
            "token_ids must be a row of whole numbers, "
            f"got {token_ids.dtype} shaped {tuple(token_ids.shape)}"
        )
    if batch_size < 1 or context_length < 1:
        raise ValueError(
            "batch_size and context_length must be at least 1, "
            f"got {batch_size} and {context_length}"
        )
    n_starts = len(token_ids) - context_length
    if n_starts < 1:
        raise ValueError(
            f"token_ids must be more than context_length = {context_length}, got {len(token_ids)}"
        )
    drawn = torch.randint(n_starts, (batch_size, 1), generator=generator, device=generator.device)
    places = drawn + torch.arange(context_length + 1, device=drawn.device)
    windows = token_ids[places.to(token_ids.device)].long()
    return windows[:, :-1], windows[:, 1:]


def random_batches(
    token_ids: Integer[Tensor, "n"],
    batch_size: int,
    context_length: int,
    generator: torch.Generator,
) -> Iterator[tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"]]]:
    """One `get_batch` after the other, without end."""
    while True:
        yield get_batch(token_ids, batch_size, context_length, generator)
