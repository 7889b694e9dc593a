"""Multi-head attention as the models use it: fused, with a cache, with positions in the scores."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.nn.attention import fused_attention
from course_lib.nn.head_counts import key_value_heads
from course_lib.nn.kv_cache import KVCache
from course_lib.nn.multi_head import MultiHeadAttention

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
KeysValues = tuple[Float[Tensor, "batch kv_heads key d_head"], Float[Tensor, "..."]]


class AttentionLayer(MultiHeadAttention):
    """Multi-head attention with what a model asks for besides; the weights are the same.

    It can go without biases, attend by another function, turn queries and keys by their positions,
    add a bias to the scores, and attend to keys and values that were computed before.

    Args:
        bias: whether the four projections have one.
        attention: the function of (q, k, v, mask) that attends, for example `causal_attention`.

    Raises:
        ValueError: if n_heads does not divide d_model, or n_kv_heads does not divide n_heads.

    Sources: Vaswani et al. (2017), section 3.2.2; Shazeer (2019), section 3; Ainslie et al.
    (2023), section 2.2.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        n_kv_heads: int | None = None,
        bias: bool = True,
        attention: Callable[..., Tensor] = fused_attention,
    ):
        nn.Module.__init__(self)  # and not the parent's, whose projections always have biases
        self.n_kv_heads = key_value_heads(d_model, n_heads, n_kv_heads)
        self.n_heads, self.d_head = n_heads, d_model // n_heads
        self.attention = attention
        self.q_proj = nn.Linear(d_model, d_model, bias)
        self.k_proj = nn.Linear(d_model, self.n_kv_heads * self.d_head, bias)
        self.v_proj = nn.Linear(d_model, self.n_kv_heads * self.d_head, bias)
        self.out_proj = nn.Linear(d_model, d_model, bias)

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        context: Float[Tensor, "batch key d_model"] | KeysValues | None = None,
        mask: Bool[Tensor, "... #query #key"] | None = None,
        *,
        rotary: Callable[[Tensor], Tensor] | None = None,
        cache: KVCache | None = None,
        score_bias: Float[Tensor, "... #query #key"] | None = None,
    ) -> Float[Tensor, "batch query d_model"]:
        """Let each position of x attend to x, or to the context (cross-attention).

        Args:
            context: hidden states, or what `keys_values` made of them, to spare doing it again.
            mask: True where a query may attend, broadcast against (batch, heads, query, key).
            rotary: turns queries and keys by their positions (self-attention only).
            cache: earlier keys and values, attended to as well; it grows by those of x
                (self-attention only).
            score_bias: added to the scores, if `attention` takes it.

        Raises:
            ValueError: if rotary or cache is given together with a context.
        """
        if context is not None and (rotary is not None or cache is not None):
            raise ValueError("rotary and cache must be None where there is a context")
        if context is None:
            q, k, v = self.queries_keys_values(x)
        else:
            q = self.split_heads(self.q_proj(x))
            k, v = context if isinstance(context, tuple) else self.keys_values(context)
        if rotary is not None:
            q, k = rotary(q), rotary(k)
        if cache is not None:
            k, v = cache.append(k, v)
        if self.n_kv_heads < self.n_heads:
            group = self.n_heads // self.n_kv_heads
            k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        options = {} if score_bias is None else {"score_bias": score_bias}
        heads = self.attention(q, k, v, mask, **options)  # (batch, heads, query, d_head)
        return self.out_proj(heads.transpose(1, 2).flatten(2))  # (batch, query, heads · d_head)

    def queries_keys_values(
        self, x: Float[Tensor, "batch seq d_model"]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The query, the key and the value of each position, by head.

        One product with the three matrices side by side reads x once, where three would read it
        three times. Not so for a single position, where putting the matrices side by side would
        cost more than it saves, nor where a projection does more than multiply.
        """
        projections = self.q_proj, self.k_proj, self.v_proj
        if x.shape[1] == 1 or not can_be_joined(projections):
            return self.split_heads(self.q_proj(x)), *self.keys_values(x)
        weight = torch.cat([projection.weight for projection in projections])
        biases = [projection.bias for projection in projections if projection.bias is not None]
        h = F.linear(x, weight, torch.cat(biases) if biases else None)
        q, k, v = h.split([projection.out_features for projection in projections], dim=-1)
        return self.split_heads(q), self.split_heads(k), self.split_heads(v)

    def keys_values(self, context: Float[Tensor, "batch key d_model"]) -> KeysValues:
        """The key and the value of each position, by head."""
        return self.split_heads(self.k_proj(context)), self.split_heads(self.v_proj(context))

    def split_heads(self, h: Float[Tensor, "batch seq width"]) -> Float[Tensor, "batch n seq d"]:
        """(batch, seq, heads · d_head) to (batch, heads, seq, d_head): columns in blocks."""
        batch, seq, _ = h.shape
        return h.reshape(batch, seq, -1, self.d_head).transpose(1, 2)


def can_be_joined(projections: tuple[nn.Module, nn.Module, nn.Module]) -> bool:
    """Whether one product does what these do: multiply, add a bias or not, and tell nobody."""
    return len({projection.bias is None for projection in projections}) == 1 and all(
        type(projection) is nn.Linear and not any(getattr(projection, hooks) for hooks in HOOKS)
        for projection in projections
    )
