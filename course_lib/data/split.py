"""Which documents to learn from, and which to be judged by."""

from collections.abc import Sequence
from typing import TypeVar

import torch

Document = TypeVar("Document")


def split_documents(
    documents: Sequence[Document], validation_fraction: float, generator: torch.Generator
) -> tuple[list[Document], list[Document]]:
    """Whole documents at random into those to train on and those held out: (train, validation).

    A document is never cut, so no sentence of it can stand on both sides; and documents are
    shuffled first, since a corpus is often sorted, by date for example, and its last part unlike
    the rest.

    Args:
        validation_fraction: share held out, rounded to a whole number of documents.

    Raises:
        ValueError: if one of the two sides would be empty.
    """
    n = len(documents)
    n_validation = round(validation_fraction * n)
    if not 0 < n_validation < n:
        raise ValueError(
            "validation_fraction must leave at least one document on each side, "
            f"got {validation_fraction} of {n}"
        )
    order = torch.randperm(n, generator=generator, device=generator.device).tolist()
    validation, train = order[:n_validation], order[n_validation:]
    return [documents[i] for i in train], [documents[i] for i in validation]
