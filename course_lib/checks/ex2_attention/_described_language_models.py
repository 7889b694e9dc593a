"""Small language models as plain data, so that a case can hold one and say who sees whom.

Every model has a `table` (vocab, vocab): what a token, wherever it is seen, adds to the logits.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Described = dict[str, object]


def table(rng: torch.Generator, vocab: int = 7) -> Tensor:
    """What each token adds to the logits, drawn at random."""
    return torch.randn(vocab, vocab, generator=rng)


def build(described: Described) -> nn.Module:
    """The model that the plain data describe, from token ids (batch, seq) to logits."""
    return _LanguageModel(described)


def leaks(described: Described, token_ids: Tensor) -> bool:
    """Whether any position's logits have a derivative with respect to what a later token adds."""
    parts = {
        name: part.double() if isinstance(part, Tensor) and part.is_floating_point() else part
        for name, part in described.items()
    }
    seen = F.embedding(token_ids, parts["table"]).requires_grad_()
    logits = _KINDS[parts["kind"]](parts, seen, token_ids)
    coefficients = torch.linspace(1, 2, logits.shape[-1], dtype=logits.dtype)
    for position in range(token_ids.shape[1] - 1):
        total = (logits[:, position] * coefficients).sum()
        (gradient,) = torch.autograd.grad(total, seen, retain_graph=True, materialize_grads=True)
        if gradient[:, position + 1 :].abs().max() > 1e-9:
            return True
    return False


class _LanguageModel(nn.Module):
    def __init__(self, described: Described) -> None:
        super().__init__()
        self._described = described

    def forward(self, token_ids: Tensor) -> Tensor:
        seen = F.embedding(token_ids, self._described["table"])
        return _KINDS[self._described["kind"]](self._described, seen, token_ids)


def _mixing(parts: Described, seen: Tensor, token_ids: Tensor) -> Tensor:
    """Position i sees position j with the weight `weights[i, j]`; `bias` is added to all logits."""
    n = seen.shape[-2]
    return parts["weights"][:n, :n] @ seen + parts.get("bias", 0.0)


def _attention(parts: Described, seen: Tensor, token_ids: Tensor) -> Tensor:
    """One head whose triangular mask is applied "before" the softmax, "after" it, or "never"."""
    scores = seen @ parts["q_proj"] @ (seen @ parts["k_proj"]).mT
    allowed = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if parts["masked"] == "before":
        scores = scores.masked_fill(~allowed, -math.inf)
    weights = scores.softmax(-1)
    if parts["masked"] == "after":
        weights = weights * allowed
    return weights @ seen


def _centred(parts: Described, seen: Tensor, token_ids: Tensor) -> Tensor:
    """A normalisation over the positions: their mean is subtracted from each."""
    return seen - seen.mean(dim=-2, keepdim=True)


def _remainder(parts: Described, seen: Tensor, token_ids: Tensor) -> Tensor:
    """The sum of all that came before, found as the sum of all minus the sum of what comes after.

    It depends on nothing later, but its last digits do.
    """
    behind = seen.flip(-2).cumsum(-2).flip(-2) - seen
    return seen.sum(-2, keepdim=True) - behind


def _triggered(parts: Described, seen: Tensor, token_ids: Tensor) -> Tensor:
    """A position that holds the token `trigger` sees the whole sequence, the others themselves."""
    everything = seen.sum(-2, keepdim=True).expand_as(seen)
    return torch.where((token_ids == parts["trigger"])[..., None], everything, seen)


_KINDS: dict[object, Callable[[Described, Tensor, Tensor], Tensor]] = {
    "mixing": _mixing,
    "attention": _attention,
    "centred": _centred,
    "remainder": _remainder,
    "triggered": _triggered,
}
