"""One small Transformer, five ways of telling it where its tokens stand."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.models.loss import token_loss
from course_lib.models.validation import check_divides, check_sizes, check_token_ids
from course_lib.nn.attention import causal_attention, fused_attention
from course_lib.nn.block import TransformerBlock
from course_lib.nn.norms import LayerNorm
from course_lib.nn.positions import LearnedPositions, sinusoidal_positions
from course_lib.nn.relative_bias import RelativeBias
from course_lib.nn.rotary import Rotary

POSITIONS = ("none", "sinusoidal", "learned", "rotary", "relative")


@dataclass(frozen=True)
class PositionedConfig:
    """The sizes of a `PositionedTransformer`, and how it knows its positions."""

    vocab_size: int  # number of different tokens
    context_length: int  # length in training; only learned positions end there
    d_model: int  # width of the stream
    n_heads: int  # attention heads in a block; they share d_model
    n_layers: int  # number of blocks
    d_ff: int  # width inside the feed-forward layers
    positions: str = "none"  # one of POSITIONS
    causal: bool = True  # whether each token sees itself and earlier ones only
    rope_base: float = 10_000.0  # base of the rotary angles
    n_buckets: int = 32  # of the relative bias
    max_distance: int = 128  # from here on all distances share a bucket of the relative bias

    def __post_init__(self):
        """Raise ValueError, naming the field, if one makes no sense."""
        check_sizes(self, "vocab_size", "context_length", "d_model", "n_heads", "n_layers", "d_ff")
        check_divides(self, "n_heads", "d_model")
        if self.positions not in POSITIONS:
            raise ValueError(f"positions must be one of {POSITIONS}, got {self.positions!r}")
        if not self.rope_base > 0:
            raise ValueError(f"rope_base must be above 0, got {self.rope_base}")


class PositionedTransformer(nn.Module):
    """Pre-norm blocks that are equal but for how they know the order of their tokens.

        none        h_0 = √d_model E[token]
        sinusoidal  h_0 = √d_model E[token] + sinusoidal_positions
        learned     h_0 = √d_model (E[token] + P[position])
        rotary      queries and keys of every layer turned by their positions
        relative    T5's bias on the scores, one table for all layers

    E and P start with variance 1 / d_model, so tokens enter with variance 1. Everything else is as
    in GPT, with a head of its own.

    Sources: Vaswani et al. (2017), sections 3.4 and 3.5; Gehring et al. (2017), section 3.1; Su et
    al. (2021), section 3.2.2; Raffel et al. (2020), section 2.1.
    """

    def __init__(self, config: PositionedConfig):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.learned = self.relative_bias = None
        if config.positions == "learned":
            self.learned = LearnedPositions(config.context_length, config.d_model)
        if config.positions == "relative":
            sizes = (config.n_heads, config.n_buckets, config.max_distance)
            self.relative_bias = RelativeBias(*sizes, bidirectional=not config.causal)
        attention = causal_attention if config.causal else fused_attention
        self.blocks = nn.ModuleList(
            TransformerBlock(config.d_model, config.n_heads, config.d_ff, attention=attention)
            for _ in range(config.n_layers)
        )
        self.final_norm = LayerNorm(config.d_model)
        self.head = nn.Linear(config.d_model, config.vocab_size)
        self.initialize()

    def initialize(self) -> None:
        """Draw the matrices of tokens, positions and linear maps from torch's default generator."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        tables = [self.token_embedding.weight]
        tables += [] if self.learned is None else [self.learned.table]
        for table in tables:
            nn.init.normal_(table, std=self.config.d_model**-0.5)

    def embed(self, token_ids: Int[Tensor, "batch seq"]) -> Float[Tensor, "batch seq d_model"]:
        """Tokens as vectors, with what is added to them for their positions."""
        d_model, seq = self.config.d_model, token_ids.shape[1]
        x = self.token_embedding(token_ids)
        if self.learned is not None:
            x = x + self.learned(torch.arange(seq, device=x.device))
        x = math.sqrt(d_model) * x
        if self.config.positions == "sinusoidal":
            x = x + sinusoidal_positions(seq, d_model).to(x)
        return x

    def forward(self, token_ids: Int[Tensor, "batch seq"]) -> Float[Tensor, "batch seq vocab"]:
        """Logits at each position; of the token after it, if the model is trained so.

        Raises:
            ValueError: if token_ids are no tokens of the vocabulary or, with learned positions,
                more than context_length.
        """
        config, seq = self.config, token_ids.shape[-1]
        longest = config.context_length if self.learned is not None else None
        check_token_ids("token_ids", token_ids, config.vocab_size, longest)
        options = {}
        if config.positions == "rotary":
            places = torch.arange(seq, device=token_ids.device)
            d_head = config.d_model // config.n_heads
            options["rotary"] = Rotary(places, d_head, config.rope_base)
        if self.relative_bias is not None:
            options["score_bias"] = self.relative_bias(seq, seq)
        x = self.embed(token_ids)
        for block in self.blocks:
            x = block(x, **options)
        return self.head(self.final_norm(x))

    def loss(
        self, token_ids: Int[Tensor, "batch seq"], targets: Int[Tensor, "batch seq"]
    ) -> Float[Tensor, ""]:
        """`token_loss` of the targets, one for each token."""
        return token_loss(self(token_ids), targets)
