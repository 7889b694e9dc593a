"""GPT: causal blocks that say, after each token, which one may come next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.caches import n_cached, new_caches
from course_lib.models.loss import token_loss
from course_lib.models.validation import (
    check_divides,
    check_dropout,
    check_mask,
    check_sizes,
    check_token_ids,
)
from course_lib.nn.attention import causal_attention
from course_lib.nn.block import TransformerBlock
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.norms import LayerNorm
from course_lib.nn.positions import LearnedPositions


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT."""

    vocab_size: int  # number of different tokens
    context_length: int  # longest sequence
    d_model: int  # width of the stream
    n_heads: int  # attention heads in a block; they share d_model
    n_layers: int  # number of blocks
    d_ff: int  # width inside the feed-forward layers
    dropout: float = 0.0  # share dropped in training, of the embeddings and in every block

    def __post_init__(self):
        """Raise ValueError, naming the field, if one makes no sense."""
        check_sizes(self, "vocab_size", "context_length", "d_model", "n_heads", "n_layers", "d_ff")
        check_divides(self, "n_heads", "d_model")
        check_dropout(self)


class GPT(nn.Module):
    """GPT-2's network: token plus position, pre-norm blocks, a last norm, logits.

        h_0 = E[token] + P[position]
        h_ℓ = block_ℓ(h_{ℓ−1})                          ℓ = 1, …, n_layers
        logits = norm(h_n_layers) Eᵀ

    E is (vocab_size, d_model) and P (context_length, d_model), both learned. The head is tied: the
    matrix that reads tokens also writes them. Weights start normal with standard deviation 0.02,
    biases at zero. The 2 n_layers maps whose results are added to the stream start smaller by
    √(2 n_layers), so that the stream does not grow with depth.

    Sources: Radford et al. (2018), sections 3.1 and 4.1; Radford et al. (2019), section 2.3; tied
    head: Press and Wolf (2017), section 3.
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = LearnedPositions(config.context_length, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(
                config.d_model,
                config.n_heads,
                config.d_ff,
                activation="gelu_tanh",
                dropout=config.dropout,
                attention=causal_attention,
            )
            for _ in range(config.n_layers)
        )
        self.final_norm = LayerNorm(config.d_model)
        self.initialize()

    def initialize(self) -> None:
        """Draw the matrices of tokens and linear maps afresh, from torch's default generator."""
        for module in self.modules():
            if isinstance(module, nn.Embedding | nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        for block in self.blocks:
            for last in (block.self_attention.out_proj, block.feed_forward.down_proj):
                nn.init.normal_(last.weight, std=0.02 / math.sqrt(2 * self.config.n_layers))

    def hidden(
        self,
        token_ids: Int[Tensor, "batch seq"],
        mask: Tensor | None = None,
        caches: Sequence[KVCache] | None = None,
    ) -> Float[Tensor, "batch seq d_model"]:
        """What the model has made of each token, before the head.

        Args:
            mask: boolean, broadcast against (batch, heads, query, key); False forbids attention
                to more than the future, for example to padding.
            caches: from `new_caches`; token_ids then go on where the cached tokens ended.

        Raises:
            ValueError: if token_ids are too many or (seen on the CPU only) not in the vocabulary,
                the mask is not boolean or does not fit, or there is not one cache for each block.
        """
        config, start = self.config, n_cached(caches, self.config.n_layers)
        check_token_ids("token_ids", token_ids, config.vocab_size, config.context_length, start)
        batch, seq = token_ids.shape
        check_mask(mask, (batch, config.n_heads, seq, start + seq))
        positions = torch.arange(start, start + seq, device=token_ids.device)
        x = self.dropout(self.token_embedding(token_ids) + self.positions(positions))
        for block, cache in zip(self.blocks, caches or [None] * config.n_layers, strict=True):
            x = block(x, mask=mask, cache=cache)
        return self.final_norm(x)

    def logits(self, hidden: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch vocab"]:
        """The head: a logit for each token of the vocabulary."""
        return F.linear(hidden, self.token_embedding.weight)

    def forward(
        self,
        token_ids: Int[Tensor, "batch seq"],
        mask: Tensor | None = None,
        caches: Sequence[KVCache] | None = None,
    ) -> Float[Tensor, "batch seq vocab"]:
        """Logits of the token after each of these; mask, caches and errors as in `hidden`."""
        return self.logits(self.hidden(token_ids, mask, caches))

    def loss(
        self, token_ids: Int[Tensor, "batch seq"], targets: Int[Tensor, "batch seq"]
    ) -> Float[Tensor, ""]:
        """`token_loss` of the targets, where targets[b, t] is what follows token_ids[b, t]."""
        return token_loss(self(token_ids), targets)

    def new_caches(self, batch: int, n_tokens: int | None = None) -> list[KVCache]:
        """Empty caches, one a block, with room for n_tokens, or else for context_length."""
        n_tokens = self.config.context_length if n_tokens is None else n_tokens
        return new_caches(self.blocks, batch, n_tokens)
