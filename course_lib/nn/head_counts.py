"""How many heads a layer may have, said once for all that have some."""


def key_value_heads(d_model: int, n_heads: int, n_kv_heads: int | None) -> int:
    """The number of key and value heads: n_kv_heads, or as many as heads where it is None.

    Raises:
        ValueError: if n_heads does not divide d_model, or n_kv_heads does not divide n_heads.
    """
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    if n_heads < 1 or d_model < 1 or d_model % n_heads:
        raise ValueError(f"n_heads must divide d_model = {d_model}, got {n_heads}")
    if n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError(f"n_kv_heads must divide n_heads = {n_heads}, got {n_kv_heads}")
    return n_kv_heads
