"""A task that no one can solve without knowing order: which of two letters came first?"""

import torch
from jaxtyping import Int
from torch import Tensor

from course_lib.models.loss import IGNORED


def which_came_first(
    n: int, n_letters: int, vocab_size: int, generator: torch.Generator
) -> tuple[Int[Tensor, "n seq"], Int[Tensor, "n seq"]]:
    """Texts of different letters, letters 0 and 1 among them, and which of the two came first.

    A text has n_letters of the letters 0 to vocab_size − 2 in random order, then the token
    vocab_size − 1, where the answer is asked for: so seq = n_letters + 1. The target there is 0 or
    1, whichever stands further to the front; the other targets are `IGNORED`. Each text holds the
    same letters as the one with 0 and 1 exchanged, whose answer is the other.

    Raises:
        ValueError: if n is below 1, or n_letters is not between 2 and vocab_size − 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 2 <= n_letters < vocab_size:
        raise ValueError(
            f"n_letters must lie between 2 and vocab_size - 1 = {vocab_size - 1}, got {n_letters}"
        )
    others = torch.rand(n, vocab_size - 3, generator=generator).argsort(dim=1) + 2
    two = torch.tensor([[0, 1]]).expand(n, 2)
    letters = torch.cat((two, others[:, : n_letters - 2]), dim=1)
    order = torch.rand(n, n_letters, generator=generator).argsort(dim=1)
    letters = letters.gather(1, order)
    place_0, place_1 = ((letters == letter).int().argmax(dim=1) for letter in (0, 1))
    question = torch.full((n, 1), vocab_size - 1)
    token_ids = torch.cat((letters, question), dim=1)
    targets = torch.full_like(token_ids, IGNORED)
    targets[:, -1] = (place_1 < place_0).long()
    return token_ids, targets
