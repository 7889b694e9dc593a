"""What BERT, RoBERTa and ALBERT are made of below their heads."""

from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.models.bert_config import BERTConfig
from course_lib.models.validation import check_token_ids
from course_lib.nn.block import TransformerBlock
from course_lib.nn.norms import LayerNorm
from course_lib.nn.positions import LearnedPositions


class BERTEmbeddings(nn.Module):
    """A vector for each token: what it is, where it stands, and, if any, its segment.

        x = dropout(norm(tokens[token] + positions[position] + segments[segment]))

    Args:
        n_segments: how many kinds of segment there are; 0 for none.
        first_position: how many rows of the table of positions come before the first token's.

    Source: Devlin et al. (2019), section 3 and figure 2.
    """

    def __init__(self, config: BERTConfig, n_segments: int, first_position: int = 0):
        super().__init__()
        self.config, self.n_segments = config, n_segments
        n_positions = first_position + config.context_length
        self.tokens = nn.Embedding(config.vocab_size, config.d_embedding)
        self.positions = LearnedPositions(n_positions, config.d_embedding)
        self.segments = nn.Embedding(n_segments, config.d_embedding) if n_segments else None
        self.norm = LayerNorm(config.d_embedding, config.norm_epsilon)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        token_ids: Int[Tensor, "batch seq"],
        segment_ids: Int[Tensor, "batch seq"] | None = None,
        positions: Int[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch seq d_embedding"]:
        """Embed tokens, by default in segment 0 and at positions 0, 1, 2, …

        Raises:
            ValueError: if token ids, segments or the length do not fit the configuration.
        """
        config = self.config
        check_token_ids("token_ids", token_ids, config.vocab_size, config.context_length)
        if positions is None:
            positions = torch.arange(token_ids.shape[1], device=token_ids.device)
        x = self.tokens(token_ids) + self.positions(positions)
        if self.segments is not None:
            segment_ids = torch.zeros_like(token_ids) if segment_ids is None else segment_ids
            check_token_ids("segment_ids", segment_ids, self.n_segments)
            if segment_ids.shape != token_ids.shape:
                raise ValueError(
                    f"segment_ids must be shaped as token_ids, {tuple(token_ids.shape)}, "
                    f"got {tuple(segment_ids.shape)}"
                )
            x = x + self.segments(segment_ids)
        return self.dropout(self.norm(x))


def bert_block(config: BERTConfig) -> TransformerBlock:
    """A post-norm block in which each token sees all others.

    Source: Devlin et al. (2019), section 3.
    """
    return TransformerBlock(
        config.d_model,
        config.n_heads,
        config.d_ff,
        activation=config.activation,
        dropout=config.dropout,
        norm=partial(LayerNorm, epsilon=config.norm_epsilon),
        norm_position="post",
    )


def draw_weights(model: nn.Module) -> None:
    """Weights normal with standard deviation 0.02, biases zero.

    Source: the authors' program of Devlin et al. (2019), which also cuts off beyond two standard
    deviations.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
