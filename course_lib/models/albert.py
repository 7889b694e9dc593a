"""ALBERT: BERT with one block for all layers and a narrow embedding, in a tenth of the weights."""

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.models.bert_config import BERTConfig
from course_lib.models.bert_heads import MaskedLMHead, SentenceHead
from course_lib.models.bert_parts import BERTEmbeddings, bert_block, draw_weights
from course_lib.models.validation import key_mask


class ALBERT(nn.Module):
    """One block n_layers times over, on embeddings that are widened to d_model.

        h = embedding_proj(norm(token + position + segment))
        h ← block(h)                        n_layers times
        logits = lm_head(h)                 of the token at each position, masked or not
        sentence_head(h)                    logits of 0: A comes first, and 1: B comes first

    The vocabulary costs vocab_size · d_embedding weights, not vocab_size · d_model.

    Source: Lan et al. (2020), section 3.1.
    """

    def __init__(self, config: BERTConfig):
        super().__init__()
        self.config = config
        self.embeddings = BERTEmbeddings(config, n_segments=2)
        self.embedding_proj = nn.Linear(config.d_embedding, config.d_model)
        self.block = bert_block(config)
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
        h = self.embedding_proj(self.embeddings(token_ids, segment_ids))
        may_attend = key_mask("mask", mask, tuple(token_ids.shape))
        for _ in range(self.config.n_layers):
            h = self.block(h, mask=may_attend)
        return h
