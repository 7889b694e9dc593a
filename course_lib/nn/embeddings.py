"""Word embeddings: two models that learn them from neighbours, and what can be asked of them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import normalize

from course_lib.nn.skip_gram_pairs import PADDING


class SkipGram(nn.Module):
    """Predict each neighbour of a word from the word:

        p(context | centre) = softmax over the vocabulary of u_context · v_centre

    v is a row of `embedding`, which is what one keeps; u is a row of `output.weight`.

    Source: Mikolov et al. (2013a), section 3.2; Mikolov et al. (2013b), eq. 2.
    """

    def __init__(self, vocab_size: int, d_embedding: int):
        super().__init__()
        self.embedding, self.output = _embedding_and_output(vocab_size, d_embedding)

    def hidden(self, centres: Int[Tensor, "batch"]) -> Float[Tensor, "batch d_embedding"]:
        """v of the word in the centre."""
        return self.embedding(centres)

    def forward(self, centres: Int[Tensor, "batch"]) -> Float[Tensor, "batch vocab"]:
        """Logits of the words that may stand beside the centre."""
        return self.output(self.hidden(centres))


class CBOW(nn.Module):
    """Predict a word from its neighbours (a continuous bag of words, since order is ignored):

        p(centre | context) = softmax over the vocabulary of u_centre · (mean of v over the context)

    v is a row of `embedding`, which is what one keeps; u is a row of `output.weight`.

    Source: Mikolov et al. (2013a), section 3.1.
    """

    def __init__(self, vocab_size: int, d_embedding: int):
        super().__init__()
        self.embedding, self.output = _embedding_and_output(vocab_size, d_embedding)

    def hidden(
        self, contexts: Int[Tensor, "batch n_context"]
    ) -> Float[Tensor, "batch d_embedding"]:
        """Mean of v over the context, without its `PADDING`; zeros where there is nothing else."""
        known = (contexts != PADDING).unsqueeze(2)  # batch n_context 1
        vectors = self.embedding(contexts.clamp(min=0)) * known
        return vectors.sum(dim=1) / known.sum(dim=1).clamp(min=1)

    def forward(self, contexts: Int[Tensor, "batch n_context"]) -> Float[Tensor, "batch vocab"]:
        """Logits of the words that may stand in the middle."""
        return self.output(self.hidden(contexts))


def _embedding_and_output(vocab_size: int, d_embedding: int) -> tuple[nn.Embedding, nn.Linear]:
    """Small random v and u = 0, as in the authors' program: at first all words are as likely."""
    embedding = nn.Embedding(vocab_size, d_embedding)
    output = nn.Linear(d_embedding, vocab_size, bias=False)
    nn.init.uniform_(embedding.weight, -0.5 / d_embedding, 0.5 / d_embedding)
    nn.init.zeros_(output.weight)
    return embedding, output


def nearest(
    embedding: Float[Tensor, "vocab d_embedding"], token_id: int, n: int
) -> Int[Tensor, "n"]:
    """The n words whose vectors have the greatest cosine with a word's own, without the word.

    Raises ValueError unless 1 ≤ n ≤ vocab − 1.
    """
    unit = normalize(embedding, dim=1)
    return _most_similar(unit, unit[token_id], [token_id], n)


def analogy(
    embedding: Float[Tensor, "vocab d_embedding"], a: int, b: int, c: int, n: int
) -> Int[Tensor, "n"]:
    """The n best answers to "a is to b as c is to …", without a, b and c.

    The best have the greatest cosine with b − a + c, where each of the three is first brought to
    length 1.

    Raises ValueError unless n is at least 1 and at most the number of the other words.
    Source: Mikolov et al. (2013a), section 4; Mikolov, Yih and Zweig (2013), section 4.
    """
    unit = normalize(embedding, dim=1)
    return _most_similar(unit, unit[b] - unit[a] + unit[c], [a, b, c], n)


def _most_similar(unit: Tensor, query: Tensor, left_out: list[int], n: int) -> Tensor:
    """The n rows that point most in the direction of the query."""
    n_others = len(unit) - len(set(left_out))
    if not 1 <= n <= n_others:
        raise ValueError(f"n must be between 1 and the {n_others} other words, got {n}")
    similarity = unit @ query
    similarity[left_out] = -torch.inf
    return similarity.topk(n).indices
