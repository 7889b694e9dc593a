"""What multi-head attention costs: numbers to learn, and operations for each sequence."""

from course_lib.nn.head_counts import key_value_heads


def attention_parameters(
    d_model: int, n_heads: int, n_kv_heads: int | None = None, bias: bool = True
) -> int:
    """How many numbers the four projections of `MultiHeadAttention` learn.

    These are the weights of q_proj, k_proj, v_proj and out_proj and, with `bias`, one more number
    for each column that a projection puts out. Without n_kv_heads there are as many key and value
    heads as heads. Each head is d_head = d_model / n_heads wide.

    Raises:
        ValueError: if n_heads does not divide d_model, or n_kv_heads does not divide n_heads.

    Sources: Vaswani et al. (2017), section 3.2.2; Ainslie et al. (2023), section 2.2.
    """
    d_kv = key_value_heads(d_model, n_heads, n_kv_heads) * (d_model // n_heads)
    widths = (d_model, d_kv, d_kv, d_model)  # what q_proj, k_proj, v_proj and out_proj put out
    return sum(d_model * width + bias * width for width in widths)


def attention_flops(
    n_queries: int,
    d_model: int,
    n_heads: int,
    n_kv_heads: int | None = None,
    n_keys: int | None = None,
) -> int:
    """How many additions and multiplications the matrix products of one sequence take.

    The product of an (a, b) with a (b, c) matrix counts as 2abc. Counted are the four projections
    and, in each of the n_heads heads, Q Kᵀ and the weights times V. Left out are biases, scale,
    mask and softmax, which are small beside them. A causal mask spares nothing: what it forbids is
    computed and then dropped.

    Args:
        n_queries: positions of x.
        n_kv_heads: as many as heads where it is None.
        n_keys: positions of the context in cross-attention; as many as queries where it is None.

    Raises:
        ValueError: if n_heads does not divide d_model, or n_kv_heads does not divide n_heads.

    Source: Hoffmann et al. (2022), appendix F, without the softmax.
    """
    d_kv = key_value_heads(d_model, n_heads, n_kv_heads) * (d_model // n_heads)
    n_keys = n_queries if n_keys is None else n_keys
    of_queries = 2 * 2 * n_queries * d_model * d_model  # q_proj and out_proj
    of_keys = 2 * 2 * n_keys * d_model * d_kv  # k_proj and v_proj
    scores = means = 2 * n_queries * n_keys * d_model  # n_heads of d_model / n_heads each
    return of_queries + of_keys + scores + means
