"""The transformer block: tokens exchange what they know, then each works on what it has."""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.nn.attention import fused_attention
from course_lib.nn.attention_layer import AttentionLayer, KeysValues
from course_lib.nn.feed_forward import FeedForward
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.norms import LayerNorm


class TransformerBlock(nn.Module):
    """Self-attention, cross-attention in a decoder that reads a context, and feed-forward.

    Each sub-layer adds to the stream x, normalised before the sub-layer or after the sum:

        pre     x ← x + sublayer(norm(x))
        post    x ← norm(x + sublayer(x))

    Args:
        norm: makes a normalisation from d_model, for example `RMSNorm`.
        norm_position: "pre" or "post".
        cross_attention: whether there is one, between self-attention and feed-forward.
        dropout: share of units dropped in training, in what each sub-layer adds and inside the
            feed-forward layer.
        attention: what self-attention computes, for example `causal_attention`.

    Raises:
        ValueError: if norm_position is neither of the two.

    Sources: Vaswani et al. (2017), section 3.1 and figure 1 (post); Xiong et al. (2020),
    section 3.1 and figure 1 (pre).
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_ff: int,
        *,
        n_kv_heads: int | None = None,
        activation: str = "gelu",
        gated: bool = False,
        bias: bool = True,
        dropout: float = 0.0,
        norm: Callable[[int], nn.Module] = LayerNorm,
        norm_position: str = "pre",
        cross_attention: bool = False,
        attention: Callable[..., Tensor] = fused_attention,
    ):
        super().__init__()
        if norm_position not in ("pre", "post"):
            raise ValueError(f"norm_position must be 'pre' or 'post', got {norm_position!r}")
        self.norm_position = norm_position
        self.self_attention = AttentionLayer(d_model, n_heads, n_kv_heads, bias, attention)
        self.self_attention_norm = norm(d_model)
        self.cross_attention = self.cross_attention_norm = None
        if cross_attention:
            self.cross_attention = AttentionLayer(d_model, n_heads, n_kv_heads, bias)
            self.cross_attention_norm = norm(d_model)
        self.feed_forward = FeedForward(d_model, d_ff, activation, gated, bias, dropout)
        self.feed_forward_norm = norm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        context: Float[Tensor, "batch key d_model"] | KeysValues | None = None,
        mask: Bool[Tensor, "..."] | None = None,
        context_mask: Bool[Tensor, "..."] | None = None,
        *,
        rotary: Callable[[Tensor], Tensor] | None = None,
        cache: KVCache | None = None,
        score_bias: Float[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "batch query d_model"]:
        """Add to each position what its sub-layers make of it.

        Args:
            context: what cross-attention reads: an encoder's output, or the keys and values that
                `cross_attention.keys_values` made of it.
            mask: who may attend to whom in self-attention.
            context_mask: the same in cross-attention.
            rotary, cache, score_bias: passed on to self-attention.

        Raises:
            ValueError: if there is cross-attention and no context, or the other way round.
        """
        if (context is None) != (self.cross_attention is None):
            needed = "needs a context" if context is None else "takes no context"
            raise ValueError(f"a block with cross_attention={context is None} {needed}")

        def attend_to_itself(h: Tensor) -> Tensor:
            return self.self_attention(
                h, mask=mask, rotary=rotary, cache=cache, score_bias=score_bias
            )

        def attend_to_context(h: Tensor) -> Tensor:
            return self.cross_attention(h, context, context_mask)

        x = self.add(x, attend_to_itself, self.self_attention_norm)
        if self.cross_attention is not None:
            x = self.add(x, attend_to_context, self.cross_attention_norm)
        return self.add(x, self.feed_forward, self.feed_forward_norm)

    def add(self, x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: nn.Module) -> Tensor:
        """One residual step: x plus what the sub-layer makes of it, normalised before or after."""
        if self.norm_position == "pre":
            return x + self.dropout(sublayer(norm(x)))
        return norm(x + self.dropout(sublayer(x)))
