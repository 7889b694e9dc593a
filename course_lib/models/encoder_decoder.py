"""The original Transformer: an encoder reads one text, a decoder writes another from it."""

import math

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.encoder_decoder_config import EncoderDecoderConfig
from course_lib.models.loss import token_loss
from course_lib.models.stack import Stack
from course_lib.models.validation import check_token_ids, key_mask
from course_lib.nn.attention import causal_attention
from course_lib.nn.attention_layer import KeysValues
from course_lib.nn.block import TransformerBlock
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.norms import LayerNorm
from course_lib.nn.positions import sinusoidal_positions


class EncoderDecoder(nn.Module):
    """Logits of a target text, token by token, from a source text and the target so far.

        x = √d_model · embedding(token) + sinusoidal position
        memory = encoder(x of the source)                    each token sees the whole source
        h = decoder(x of the target, memory)                 and the target no further than itself
        logits = h Eᵀ                                        E the embedding's table

    One table embeds source and target and gives the logits.

    Source: Vaswani et al. (2017), sections 3.1, 3.4 and 3.5.
    """

    def __init__(self, config: EncoderDecoderConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        positions = sinusoidal_positions(config.context_length, config.d_model)
        self.register_buffer("positions", positions, persistent=False)
        self.dropout = nn.Dropout(config.dropout)

        def stack(**options) -> Stack:
            sizes = (config.d_model, config.n_heads, config.d_ff)
            options |= {"dropout": config.dropout, "norm_position": config.norm_position}
            blocks = [
                TransformerBlock(*sizes, activation="relu", **options)
                for _ in range(config.n_layers)
            ]
            pre_norm = config.norm_position == "pre"
            return Stack(blocks, LayerNorm(config.d_model) if pre_norm else nn.Identity())

        self.encoder = stack()
        self.decoder = stack(cross_attention=True, attention=causal_attention)
        self.initialize()

    def initialize(self) -> None:
        """Biases zero, weights after Glorot, embeddings with variance 1 / d_model.

        √d_model then brings embeddings to the scale of the positions.

        Source: the authors' program; Glorot and Bengio (2010), eq. 16.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.embedding.weight, std=self.config.d_model**-0.5)

    def forward(
        self,
        source_ids: Int[Tensor, "batch source"],
        target_ids: Int[Tensor, "batch target"],
        source_mask: Bool[Tensor, "batch source"] | None = None,
    ) -> Float[Tensor, "batch target vocab"]:
        """Logits of the token after each target token.

        Args:
            target_ids: a start token, then the target without its last token.
            source_mask: True for the source's real tokens, False for padding. The target needs
                none, since what stands after a token cannot change its logits.

        Raises:
            ValueError: if token ids, lengths or the mask do not fit the model.
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
        x = self.embed("source_ids", source_ids)
        return self.encoder(x, key_mask("source_mask", source_mask, tuple(source_ids.shape)))

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
        x = self.embed("target_ids", target_ids, caches[0].length if caches else 0)
        shape = (target_ids.shape[0], contexts[0][0].shape[2])
        context_mask = key_mask("source_mask", source_mask, shape)
        h = self.decoder(x, None, contexts, context_mask, caches=caches)
        return F.linear(h, self.embedding.weight)

    def embed(
        self, name: str, token_ids: Int[Tensor, "batch seq"], start: int = 0
    ) -> Float[Tensor, "batch seq d_model"]:
        """Tokens as vectors, the first of them at position `start`."""
        check_token_ids(name, token_ids, self.config.vocab_size, self.config.context_length, start)
        positions = self.positions[start : start + token_ids.shape[1]]
        return self.dropout(self.embedding(token_ids) * math.sqrt(self.config.d_model) + positions)
