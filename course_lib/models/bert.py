"""BERT: an encoder that learns from text by filling in what was masked."""

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.models.bert_config import BERTConfig
from course_lib.models.bert_heads import MaskedLMHead, SentenceHead
from course_lib.models.bert_parts import BERTEmbeddings, bert_block, draw_weights
from course_lib.models.stack import Stack
from course_lib.models.validation import key_mask


class BERT(nn.Module):
    """Post-norm blocks over tokens that all see each other, and two heads for pretraining.

        h = blocks(norm(token + position + segment))
        logits = lm_head(h)                 of the token at each position, masked or not
        sentence_head(h)                    logits of 0: B follows A, and 1: B is from elsewhere

    Raises:
        ValueError: if d_embedding is not d_model.

    Source: Devlin et al. (2019), section 3.
    """

    def __init__(self, config: BERTConfig):
        super().__init__()
        config.check_one_width()
        self.config = config
        self.embeddings = BERTEmbeddings(config, n_segments=2)
        blocks = [bert_block(config) for _ in range(config.n_layers)]
        self.encoder = Stack(blocks, nn.Identity())
        self.lm_head = MaskedLMHead(config)
        self.sentence_head = SentenceHead(config.d_model, n_classes=2)
        draw_weights(self)

    def forward(
        self,
        token_ids: Int[Tensor, "batch seq"],
        segment_ids: Int[Tensor, "batch seq"] | None = None,
        mask: Bool[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch seq vocab"]:
        """Logits of the token at each position.

        Args:
            segment_ids: 0 for text A, 1 for text B; without it, all is A.
            mask: True for real tokens, False for padding; without it, all are real.

        Raises:
            ValueError: if token ids, segments, the length or the mask do not fit the model.
        """
        h = self.encode(token_ids, segment_ids, mask)
        return self.lm_head(h, self.embeddings.tokens.weight)

    def encode(
        self,
        token_ids: Int[Tensor, "batch seq"],
        segment_ids: Int[Tensor, "batch seq"] | None = None,
        mask: Bool[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch seq d_model"]:
        """What the model knows at each position: what both heads, or one of your own, read."""
        x = self.embeddings(token_ids, segment_ids)
        return self.encoder(x, key_mask("mask", mask, tuple(token_ids.shape)))
