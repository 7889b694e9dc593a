"""Keys and values of the tokens read so far, so that no token is projected twice."""

import torch
from jaxtyping import Float
from torch import Tensor


class KVCache:
    """The keys and values that one attention layer has computed, with room for context_length.

    A decoder that writes token by token asks, at each step, for the keys and values of all tokens
    so far. They never change, so each is computed once and kept. Memory is set aside at the
    start: adding a token copies that token only.

    Set `length` back to forget the newest tokens. Gradients do not pass through the cache.

    Raises:
        ValueError: if a size is below 1.

    Source: Shazeer (2019), section 2.4.
    """

    def __init__(
        self,
        batch: int,
        n_kv_heads: int,
        context_length: int,
        d_head: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ):
        shape = (batch, n_kv_heads, context_length, d_head)
        if min(shape) < 1:
            raise ValueError(
                f"batch, n_kv_heads, context_length and d_head must be at least 1, got {shape}"
            )
        self.keys = torch.empty(shape, dtype=dtype, device=device)
        self.values = torch.empty(shape, dtype=dtype, device=device)
        self.length = 0

    def append(
        self, k: Float[Tensor, "batch kv_heads new d_head"], v: Float[Tensor, "..."]
    ) -> tuple[Float[Tensor, "batch kv_heads key d_head"], Float[Tensor, "..."]]:
        """Add keys and values, and return all so far: views of the cache, no copies.

        Raises:
            ValueError: if k or v does not fit the cache's shape, or there is no room left.
        """
        batch, n_kv_heads, context_length, d_head = self.keys.shape
        end = self.length + k.shape[-2]
        if not k.shape == v.shape == (batch, n_kv_heads, end - self.length, d_head):
            raise ValueError(
                f"k and v must be shaped ({batch}, {n_kv_heads}, new, {d_head}), "
                f"got {tuple(k.shape)} and {tuple(v.shape)}"
            )
        if end > context_length:
            raise ValueError(
                f"the cache is full: context_length is {context_length}, "
                f"{self.length} are taken, {end - self.length} more were given"
            )
        self.keys[:, :, self.length : end] = k.detach()
        self.values[:, :, self.length : end] = v.detach()
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]
