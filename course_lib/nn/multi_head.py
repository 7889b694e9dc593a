"""Several attentions side by side, each on its own projection of the same tokens."""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.nn.attention import scaled_dot_product_attention
from course_lib.nn.head_counts import key_value_heads


class MultiHeadAttention(nn.Module):
    """n_heads attentions side by side, each d_head = d_model / n_heads wide, joined and mixed.

        head_i = attention(x W_i^Q, c W_i^K, c W_i^V)
        output = concat(head_1, …, head_n) W^O        c = x, or the context in cross-attention

    The projections are `q_proj`, `k_proj`, `v_proj` and `out_proj`, linear layers with a bias; head
    i reads the i-th block of d_head columns of what the first three put out. With
    n_kv_heads < n_heads, each key and value head serves n_heads / n_kv_heads neighbouring query
    heads (grouped-query attention; with n_kv_heads = 1, multi-query attention).

    Raises:
        ValueError: if n_heads does not divide d_model, or n_kv_heads does not divide n_heads.

    Sources: Vaswani et al. (2017), section 3.2.2; Shazeer (2019), section 3; Ainslie et al.
    (2023), section 2.2.
    """

    def __init__(self, d_model: int, n_heads: int, n_kv_heads: int | None = None):
        super().__init__()
        self.n_kv_heads = key_value_heads(d_model, n_heads, n_kv_heads)
        self.n_heads, self.d_head = n_heads, d_model // n_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, self.n_kv_heads * self.d_head)
        self.v_proj = nn.Linear(d_model, self.n_kv_heads * self.d_head)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        context: Float[Tensor, "batch key d_model"] | None = None,
        mask: Bool[Tensor, "... #query #key"] | None = None,
    ) -> Float[Tensor, "batch query d_model"]:
        """Let each position of x attend to x, or to the context (cross-attention).

        Args:
            context: where keys and values come from; x itself where it is None.
            mask: True where a query may attend, broadcast against (batch, heads, query, key).
        """
        source = x if context is None else context
        q = self.q_proj(x).unflatten(-1, (self.n_heads, self.d_head))
        k = self.k_proj(source).unflatten(-1, (self.n_kv_heads, self.d_head))
        v = self.v_proj(source).unflatten(-1, (self.n_kv_heads, self.d_head))
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)  # heads before positions
        group = self.n_heads // self.n_kv_heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        heads = scaled_dot_product_attention(q, k, v, mask)  # (batch, heads, query, d_head)
        return self.out_proj(heads.transpose(1, 2).flatten(2))  # (batch, query, heads · d_head)
