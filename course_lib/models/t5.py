"""T5: an encoder–decoder that takes every task as text in, text out."""

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.loss import token_loss
from course_lib.models.stack import Stack
from course_lib.models.t5_config import T5Config
from course_lib.models.validation import check_token_ids, key_mask
from course_lib.nn.attention import causal_attention
from course_lib.nn.attention_layer import KeysValues
from course_lib.nn.block import TransformerBlock
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.norms import RMSNorm
from course_lib.nn.relative_bias import RelativeBias


class T5(nn.Module):
    """Pre-norm blocks without any bias or shift; order enters as a bias on the scores.

        memory = encoder(E[source])                each token sees the whole source
        h = decoder(E[target], memory)             and the target no further than itself
        logits = h Eᵀ / √d_model                   version 1.0, with the embedding's table E
        logits = lm_head(h)                        version 1.1

    Each stack has one relative bias, used by all its layers, in self-attention only. T5 does not
    divide scores by √d_head, and its queries are drawn that much smaller; here they are divided,
    and drawn as keys and values are, which gives the same model.

    Raises:
        ValueError: if n_buckets and max_distance do not fit (see `RelativeBias`).

    Source: Raffel et al. (2020), section 2.1; version 1.1: the authors' program.
    """

    def __init__(self, config: T5Config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = nn.Dropout(config.dropout)

        def stack(**options) -> Stack:
            sizes = (config.d_model, config.n_heads, config.d_ff)
            options |= {"activation": config.activation, "gated": config.gated, "bias": False}
            options |= {"dropout": config.dropout, "norm": RMSNorm}
            blocks = [TransformerBlock(*sizes, **options) for _ in range(config.n_layers)]
            return Stack(blocks, RMSNorm(config.d_model))

        buckets = (config.n_heads, config.n_buckets, config.max_distance)
        self.encoder, self.encoder_bias = stack(), RelativeBias(*buckets)
        self.decoder = stack(cross_attention=True, attention=causal_attention)
        self.decoder_bias = RelativeBias(*buckets, bidirectional=False)
        self.lm_head = None
        if not config.tied_head:
            self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.initialize()

    def initialize(self) -> None:
        """Normal, so that a linear map keeps the variance: 1 / d_in. Embeddings have variance 1."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=module.in_features**-0.5)
        nn.init.normal_(self.embedding.weight)
        for bias in (self.encoder_bias, self.decoder_bias):
            nn.init.normal_(bias.table, std=self.config.d_model**-0.5)

    def forward(
        self,
        source_ids: Int[Tensor, "batch source"],
        target_ids: Int[Tensor, "batch target"],
        source_mask: Bool[Tensor, "batch source"] | None = None,
    ) -> Float[Tensor, "batch target vocab"]:
        """Logits of the token after each target token.

        Args:
            target_ids: T5's start token, which is padding (0), then the target but for its end.
            source_mask: True for the source's real tokens, False for padding. The target needs
                none, since what stands after a token cannot change its logits.

        Raises:
            ValueError: if token ids or the mask do not fit the model.
        """
        memory = self.encode(source_ids, source_mask)
        return self.decode(target_ids, self.decoder.keys_values(memory), source_mask)

    def loss(
        self,
        source_ids: Int[Tensor, "batch source"],
        target_ids: Int[Tensor, "batch target"],
        targets: Int[Tensor, "batch target"],
        source_mask: Bool[Tensor, "batch source"] | None = None,
    ) -> Float[Tensor, ""]:
        """`token_loss` of the targets, where targets[b, t] is what follows target_ids[b, t]."""
        return token_loss(self(source_ids, target_ids, source_mask), targets)

    def encode(
        self,
        source_ids: Int[Tensor, "batch source"],
        source_mask: Bool[Tensor, "batch source"] | None = None,
    ) -> Float[Tensor, "batch source d_model"]:
        """What the decoder may read: a vector for each token of the source."""
        check_token_ids("source_ids", source_ids, self.config.vocab_size)
        mask = key_mask("source_mask", source_mask, tuple(source_ids.shape))
        x = self.dropout(self.embedding(source_ids))
        seq = source_ids.shape[1]
        return self.dropout(self.encoder(x, mask, score_bias=self.encoder_bias(seq, seq)))

    def decode(
        self,
        target_ids: Int[Tensor, "batch target"],
        contexts: list[KeysValues],
        source_mask: Bool[Tensor, "batch source"] | None = None,
        caches: list[KVCache] | None = None,
    ) -> Float[Tensor, "batch target vocab"]:
        """Logits of the token after each target token, given what the decoder reads.

        To write token by token, make `decoder.keys_values(memory)` and `decoder.new_caches(…)`
        once, and give the new tokens only.
        """
        check_token_ids("target_ids", target_ids, self.config.vocab_size)
        shape = (target_ids.shape[0], contexts[0][0].shape[2])
        mask = key_mask("source_mask", source_mask, shape)
        seq, earlier = target_ids.shape[1], caches[0].length if caches else 0
        bias = self.decoder_bias(seq, earlier + seq)
        x = self.dropout(self.embedding(target_ids))
        h = self.decoder(x, None, contexts, mask, caches=caches, score_bias=bias)
        h = self.dropout(h)
        if self.lm_head is not None:
            return self.lm_head(h)
        return F.linear(h / self.config.d_model**0.5, self.embedding.weight)
