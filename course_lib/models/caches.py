"""One cache for each block of a decoder."""

from collections.abc import Sequence

from torch import nn

from course_lib.nn.kv_cache import KVCache


def new_caches(blocks: nn.ModuleList, batch: int, n_tokens: int) -> list[KVCache]:
    """An empty cache for each block, with room for n_tokens in each of `batch` sequences.

    Raises:
        ValueError: if batch or n_tokens is below 1.
    """
    attention = blocks[0].self_attention
    weight = attention.k_proj.weight
    shape = (batch, attention.n_kv_heads, n_tokens, attention.d_head)
    return [KVCache(*shape, dtype=weight.dtype, device=weight.device) for _ in blocks]


def n_cached(caches: Sequence[KVCache] | None, n_layers: int) -> int:
    """How many tokens the caches of a decoder hold; 0 without any.

    Raises:
        ValueError: if there is not one for each block, or they do not hold the same tokens.
    """
    if caches is None:
        return 0
    lengths = [cache.length for cache in caches]
    if len(lengths) != n_layers or len(set(lengths)) != 1:
        raise ValueError(
            f"caches must be {n_layers}, one a block, of equal length, got lengths {lengths}"
        )
    return lengths[0]
