"""Negative sampling: learn embeddings by telling true neighbours from words drawn at random."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding, logsigmoid


def draw_negatives(
    counts: Int[Tensor, "vocab"], n_pairs: int, n_negatives: int, generator: torch.Generator
) -> Int[Tensor, "n_pairs n_negatives"]:
    """Words drawn in proportion to counts^0.75, independently, `n_negatives` for each pair.

    The power lies between the words' own frequencies (1) and all words alike (0). A word drawn may
    happen to be the pair's true neighbour.

    Source: Mikolov et al. (2013b), section 2.2.
    """
    weights = counts.to(generator.device, torch.float32) ** 0.75
    drawn = weights.multinomial(n_pairs * n_negatives, replacement=True, generator=generator)
    return drawn.view(n_pairs, n_negatives).to(counts.device)


def negative_sampling_loss(
    hidden: Float[Tensor, "batch d_embedding"],
    output_weight: Float[Tensor, "vocab d_embedding"],
    targets: Int[Tensor, "batch"],
    negatives: Int[Tensor, "batch n_negatives"],
) -> Float[Tensor, ""]:
    """How badly the true word is told from those drawn: the mean over the batch of

        −log σ(u_target · h) − Σ_k log σ(−u_k · h)

    where h is a row of `hidden`, σ the logistic function, u_k the row of `output_weight` that
    belongs to word k, and k runs over the row's negatives. It costs 1 + n_negatives scores a row,
    whatever the vocabulary's size; a softmax costs vocab.

    Source: Mikolov et al. (2013b), eq. 4.
    """
    words = torch.cat([targets[:, None], negatives], dim=1)  # batch 1 + n_negatives
    scores = (embedding(words, output_weight) * hidden[:, None]).sum(dim=2)
    true, drawn = scores[:, 0], scores[:, 1:]
    return -(logsigmoid(true) + logsigmoid(-drawn).sum(dim=1)).mean()
