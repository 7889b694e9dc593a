"""RoBERTa: BERT without segments and without the next-sentence task, trained longer."""

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.models.bert_config import BERTConfig
from course_lib.models.bert_heads import MaskedLMHead
from course_lib.models.bert_parts import BERTEmbeddings, bert_block, draw_weights
from course_lib.models.stack import Stack
from course_lib.models.validation import key_mask


class RoBERTa(nn.Module):
    """BERT's blocks and language-model head, over tokens and positions alone.

        h = blocks(norm(token + position))
        logits = lm_head(h)                 of the token at each position, masked or not

    Positions are counted over the real tokens, from padding_id + 1 on; all padding stands at
    padding_id. So the table of positions has padding_id + 1 rows more than context_length.

    Raises:
        ValueError: if d_embedding is not d_model.

    Source: Liu et al. (2019), sections 4.2 and 4.4; the positions are in the authors' program.
    """

    def __init__(self, config: BERTConfig):
        super().__init__()
        config.check_one_width()
        self.config = config
        first_position = config.padding_id + 1
        self.embeddings = BERTEmbeddings(config, n_segments=0, first_position=first_position)
        blocks = [bert_block(config) for _ in range(config.n_layers)]
        self.encoder = Stack(blocks, nn.Identity())
        self.lm_head = MaskedLMHead(config)
        draw_weights(self)

    def forward(
        self,
        token_ids: Int[Tensor, "batch seq"],
        mask: Bool[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch seq vocab"]:
        """Logits of the token at each position.

        Args:
            mask: True for real tokens, False for padding; without it, all may be attended to.

        Raises:
            ValueError: if token ids, the length or the mask do not fit the model.
        """
        return self.lm_head(self.encode(token_ids, mask), self.embeddings.tokens.weight)

    def encode(
        self,
        token_ids: Int[Tensor, "batch seq"],
        mask: Bool[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch seq d_model"]:
        """What the model knows at each position: what the head, or one of your own, reads."""
        x = self.embeddings(token_ids, positions=self.positions(token_ids))
        return self.encoder(x, key_mask("mask", mask, tuple(token_ids.shape)))

    def positions(self, token_ids: Int[Tensor, "batch seq"]) -> Int[Tensor, "batch seq"]:
        """Where each token stands: with padding_id = 1, [5, 9, 1, 1] gives [2, 3, 1, 1]."""
        real = token_ids != self.config.padding_id
        return self.config.padding_id + real.cumsum(dim=-1) * real
