"""Llama: a GPT with RMSNorm, rotary positions, gated feed-forward layers and fewer key heads."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.caches import n_cached, new_caches
from course_lib.models.loss import token_loss
from course_lib.models.validation import (
    check_divides,
    check_mask,
    check_sizes,
    check_token_ids,
)
from course_lib.nn.attention import causal_attention
from course_lib.nn.block import TransformerBlock
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.norms import RMSNorm
from course_lib.nn.rotary import Rotary


@dataclass(frozen=True)
class LlamaConfig:
    """The sizes of a Llama."""

    vocab_size: int  # number of different tokens
    context_length: int  # longest sequence
    d_model: int  # width of the stream
    n_heads: int  # query heads in a block; they share d_model
    n_kv_heads: int  # key and value heads, each for n_heads / n_kv_heads query heads
    n_layers: int  # number of blocks
    d_ff: int  # width inside the feed-forward layers
    rope_base: float = 10_000.0  # base of the rotary angles; larger for longer contexts
    norm_epsilon: float = 1e-5  # keeps the norms' division finite
    tied_head: bool = False  # whether the matrix that reads tokens also writes them

    def __post_init__(self):
        """Raise ValueError, naming the field, if one makes no sense."""
        check_sizes(self, "vocab_size", "context_length", "d_model", "n_heads", "n_kv_heads")
        check_sizes(self, "n_layers", "d_ff")
        check_divides(self, "n_heads", "d_model")
        check_divides(self, "n_kv_heads", "n_heads")
        if self.d_head % 2:
            raise ValueError(f"d_model / n_heads must be even, got {self.d_head}")
        for name in ("rope_base", "norm_epsilon"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")

    @property
    def d_head(self) -> int:
        """Width of one head."""
        return self.d_model // self.n_heads


class Llama(nn.Module):
    """Llama's network: tokens, pre-norm blocks that turn queries and keys, a last norm, logits.

        h_0 = E[token]
        h_ℓ = block_ℓ(h_{ℓ−1})                          ℓ = 1, …, n_layers
        logits = norm(h_n_layers) Wᵀ

    E is (vocab_size, d_model), and so is W, which may be E (a tied head). Positions enter in every
    block, where `Rotary` turns queries and keys. Norms are RMSNorm, feed-forward layers gated
    by SiLU, and no map has a bias. The papers do not say how weights start; here they are normal
    with standard deviation 0.02, as in Hugging Face's implementation.

    Sources: Touvron et al. (2023), section 2.2; grouped keys and values: Grattafiori et al.
    (2024), section 3.2.
    """

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        norm = partial(RMSNorm, epsilon=config.norm_epsilon)
        self.blocks = nn.ModuleList(
            TransformerBlock(
                config.d_model,
                config.n_heads,
                config.d_ff,
                n_kv_heads=config.n_kv_heads,
                activation="silu",
                gated=True,
                bias=False,
                norm=norm,
                attention=causal_attention,
            )
            for _ in range(config.n_layers)
        )
        self.final_norm = norm(config.d_model)
        self.head = None
        if not config.tied_head:
            self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.initialize()

    def initialize(self) -> None:
        """Draw the matrices of tokens and linear maps afresh, from torch's default generator."""
        for module in self.modules():
            if isinstance(module, nn.Embedding | nn.Linear):
                nn.init.normal_(module.weight, std=0.02)

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
        rotary = Rotary(positions, config.d_head, config.rope_base)
        x = self.token_embedding(token_ids)
        for block, cache in zip(self.blocks, caches or [None] * config.n_layers, strict=True):
            x = block(x, mask=mask, rotary=rotary, cache=cache)
        return self.final_norm(x)

    def logits(self, hidden: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch vocab"]:
        """The head: a logit for each token of the vocabulary."""
        matrix = self.token_embedding if self.head is None else self.head
        return F.linear(hidden, matrix.weight)

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
