"""What heads are for, as a task: read, at each token, the tokens at given offsets from it."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.models.loss import token_loss
from course_lib.models.validation import check_token_ids
from course_lib.nn.multi_head import MultiHeadAttention


def neighbours(
    token_ids: Int[Tensor, "batch seq"], offsets: tuple[int, ...]
) -> Int[Tensor, "batch seq {len(offsets)}"]:
    """For each token, the tokens at these offsets from it; the two ends are joined to a ring."""
    return torch.stack([token_ids.roll(-offset, dims=1) for offset in offsets], dim=-1)


class NeighbourReader(nn.Module):
    """One layer of attention, then a linear map that names a token for each offset.

        h = attention(E[token] + P[position])
        logits = reader(h)                   reader linear, or with one hidden layer before it

    There is no residual connection: whatever the reader knows came through the heads.

    Args:
        seq: the number of tokens, always the same.
        n_offsets: how many neighbours of each token are asked for.
        d_hidden: width of a hidden ReLU layer before the linear map; None for none.

    Raises:
        ValueError: if a size is below 1, or n_heads does not divide d_model.
    """

    def __init__(
        self,
        vocab_size: int,
        seq: int,
        d_model: int,
        n_heads: int,
        n_offsets: int,
        d_hidden: int | None = None,
    ):
        super().__init__()
        sizes = (vocab_size, seq, d_model, n_offsets, 1 if d_hidden is None else d_hidden)
        if min(sizes) < 1:
            raise ValueError(
                "vocab_size, seq, d_model, n_offsets and d_hidden must be at least 1, "
                f"got {(*sizes[:4], d_hidden)}"
            )
        self.n_offsets = n_offsets
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        self.positions = nn.Embedding(seq, d_model)
        self.attention = MultiHeadAttention(d_model, n_heads)
        reader = nn.Linear(d_model, n_offsets * vocab_size)
        if d_hidden is not None:
            wide = nn.Linear(d_hidden, n_offsets * vocab_size)
            reader = nn.Sequential(nn.Linear(d_model, d_hidden), nn.ReLU(), wide)
        self.reader = reader

    def forward(
        self, token_ids: Int[Tensor, "batch seq"]
    ) -> Float[Tensor, "batch seq n_offsets vocab"]:
        """Logits of the neighbour at each offset.

        Raises:
            ValueError: if token_ids are no tokens of the vocabulary, or not seq of them.
        """
        vocab_size, seq = self.token_embedding.num_embeddings, self.positions.num_embeddings
        check_token_ids("token_ids", token_ids, vocab_size)
        if token_ids.shape[1] != seq:
            raise ValueError(f"token_ids must be seq = {seq} long, got {token_ids.shape[1]}")
        h = self.attention(self.token_embedding(token_ids) + self.positions.weight)
        return self.reader(h).unflatten(-1, (self.n_offsets, -1))

    def loss(
        self, token_ids: Int[Tensor, "batch seq"], targets: Int[Tensor, "batch seq n_offsets"]
    ) -> Float[Tensor, ""]:
        """`token_loss` over all tokens and offsets."""
        return token_loss(self(token_ids), targets)
