"""T5's positions: a learned number, added to each score, for how far the key is from the query."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


def distance_bucket(distance: int, n_buckets: int, max_distance: int) -> int:
    """The number of the bucket, 0 to n_buckets − 1, that a distance of 0 or more falls into.

    The first half of the buckets hold one distance each. The others widen as powers do: bucket
    h + j, with h = n_buckets // 2, begins at h · (max_distance / h)^(j / (n_buckets − h)). All
    distances from max_distance on share the last bucket.

    Source: Raffel et al. (2020), section 2.1.
    """
    n_exact = n_buckets // 2
    if distance < n_exact:
        return distance
    share = math.log(distance / n_exact) / math.log(max_distance / n_exact)  # 1 at max_distance
    return min(n_exact + int(share * (n_buckets - n_exact)), n_buckets - 1)


class RelativeBias(nn.Module):
    """A learned number for each head and each bucket of distances, to be added to the scores.

    With `bidirectional`, half of the buckets are for keys after the query. Else keys after the
    query, which a decoder masks, count as distance 0.

    Raises:
        ValueError: if n_heads is below 1, if there are fewer than 2 buckets on a side or an odd
            number of buckets for two sides, or if max_distance has a bucket of its own.

    Source: Raffel et al. (2020), section 2.1.
    """

    def __init__(
        self,
        n_heads: int,
        n_buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = True,
    ):
        super().__init__()
        n_sides = 2 if bidirectional else 1
        self.buckets_on_a_side = n_buckets // n_sides
        if n_heads < 1:
            raise ValueError(f"n_heads must be at least 1, got {n_heads}")
        if self.buckets_on_a_side < 2 or n_buckets % n_sides:
            raise ValueError(
                f"n_buckets must be a multiple of {n_sides}, and at least {2 * n_sides}, "
                f"got {n_buckets}"
            )
        n_exact = self.buckets_on_a_side // 2
        if max_distance <= n_exact:
            raise ValueError(
                f"max_distance must be above {n_exact}, the number of distances "
                f"with a bucket of their own, got {max_distance}"
            )
        self.bidirectional, self.max_distance = bidirectional, max_distance
        buckets = [
            distance_bucket(distance, self.buckets_on_a_side, max_distance)
            for distance in range(max_distance + 1)
        ]
        self.register_buffer("buckets", torch.tensor(buckets), persistent=False)
        self.table = nn.Parameter(torch.zeros(n_buckets, n_heads))

    def forward(
        self, n_queries: int, n_keys: int
    ) -> Float[Tensor, "1 n_heads {n_queries} {n_keys}"]:
        """The bias of each head, query and key; the queries are the last n_queries positions."""
        keys = torch.arange(n_keys, device=self.buckets.device)
        queries = keys[n_keys - n_queries :]
        offsets = keys - queries[:, None]  # (query, key): how far the key stands after the query
        distances = offsets.abs() if self.bidirectional else -offsets
        buckets = self.buckets[distances.clamp(0, self.max_distance)]
        if self.bidirectional:
            buckets = buckets + self.buckets_on_a_side * (offsets > 0)
        return self.table[buckets].permute(2, 0, 1)[None]  # (1, heads, query, key)
