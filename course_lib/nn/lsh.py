"""Attention to similar positions only, found by locality-sensitive hashing (Reformer)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from course_lib.nn.sliding_window import with_previous_chunk

ALONE = -5e4  # score of a position with itself: it counts only where there is no other


def lsh_buckets(
    x: Float[Tensor, "*batch seq d"],
    n_buckets: int,
    rotations: Float[Tensor, "n_rounds d half_n_buckets"],
) -> Int[Tensor, "*batch n_rounds seq"]:
    """The bucket of each vector in each round; vectors of like direction often share theirs.

        bucket of x in round r = argmax of [x R_r, −x R_r], n_buckets numbers

    with R_r = rotations[r], whose entries are standard normal. Bucket b < n_buckets / 2 means that
    x points most along column b of R_r, bucket b + n_buckets / 2 most against it. The length of x
    plays no part, so this is the hash of x / ‖x‖.

    Raises ValueError unless n_buckets is twice the number of columns of each R_r.
    Source: Kitaev et al. (2020), section 2, "Locality sensitive hashing"; Andoni et al. (2015).
    """
    if n_buckets != 2 * rotations.shape[-1]:
        raise ValueError(
            f"n_buckets must be twice the {rotations.shape[-1]} columns of rotations, "
            f"got {n_buckets}"
        )
    rotated = x.unsqueeze(-3) @ rotations  # *batch n_rounds seq n_buckets/2
    return torch.cat([rotated, -rotated], dim=-1).argmax(dim=-1)


def lsh_attention(
    q_and_k: Float[Tensor, "batch heads seq d_head"],
    v: Float[Tensor, "batch heads seq d_head"],
    n_buckets: int,
    n_rounds: int,
    chunk: int,
    generator: torch.Generator,
    causal: bool = False,
) -> Float[Tensor, "batch heads seq d_head"]:
    """Attention of each position to those that hashing finds, not to all.

    In each round the positions are sorted by bucket, by place within a bucket, and cut into chunks;
    each sees its own chunk and the one before. With P_i what position i sees in any round,

        output_i = Σ_j∈P_i softmax_j(score_ij) v_j        score_ij = q_i · q_j / ‖q_j‖

    Queries are keys too, so a position would mostly find itself: it attends to itself only where
    it sees no other. With `causal` nothing later is seen, though where chunks end depends on all.
    One chunk for all is full attention; else a round computes seq · 2 · chunk scores. `generator`
    draws the rotations of `lsh_buckets`, the same for all of the batch and all heads.

    Raises ValueError if n_rounds or chunk is below 1, n_buckets is not an even number from 2 on, or
    seq is no multiple of chunk.
    Source: Kitaev et al. (2020), section 2, "LSH attention", and appendix A.
    """
    seq, d_head = q_and_k.shape[-2:]
    if min(n_rounds, chunk) < 1:
        raise ValueError(f"n_rounds and chunk must be at least 1, got {n_rounds} and {chunk}")
    if n_buckets < 2 or n_buckets % 2:
        raise ValueError(f"n_buckets must be an even number from 2 on, got {n_buckets}")
    if seq % chunk:
        raise ValueError(f"seq must be a multiple of chunk, got {seq} and {chunk}")
    shape = (n_rounds, d_head, n_buckets // 2)
    rotations = torch.randn(shape, generator=generator, device=generator.device).to(q_and_k)
    buckets = lsh_buckets(q_and_k, n_buckets, rotations)  # batch heads n_rounds seq
    order = buckets.argsort(dim=-1, stable=True)
    chunk_of = (order.argsort(dim=-1) // chunk).mT  # batch heads seq n_rounds
    keys = normalize(q_and_k, dim=-1)
    rounds = [
        _one_round(q_and_k, keys, v, order_in_round, chunk_of, chunk, causal)
        for order_in_round in order.unbind(dim=2)
    ]
    outputs, log_sums = map(torch.stack, zip(*rounds, strict=True))
    return (log_sums.softmax(dim=0).unsqueeze(-1) * outputs).sum(dim=0)


def _one_round(
    q: Tensor, k: Tensor, v: Tensor, order: Tensor, chunk_of: Tensor, chunk: int, causal: bool
) -> tuple[Tensor, Tensor]:
    """The output of one round and log Σ_j exp(score_ij), which is its weight among the rounds.

    A pair that meets in N rounds has log N taken off its score, so that all rounds together count
    it once.
    """

    def chunked(x: Tensor) -> Tensor:  # (batch, heads, seq, d) → (batch, heads, n_chunks, chunk, d)
        return x.take_along_dim(order.unsqueeze(-1), dim=2).unflatten(2, (-1, chunk))

    query, key, value, chunks = chunked(q), chunked(k), chunked(v), chunked(chunk_of)
    place = order.unflatten(2, (-1, chunk)).unsqueeze(-1) + 1  # counted from 1; 0: nothing is there
    key_place = with_previous_chunk(place).mT
    behind = chunks.unsqueeze(-2) - with_previous_chunk(chunks).unsqueeze(-3)
    n_meetings = ((behind == 0) | (behind == 1)).sum(dim=-1)
    hidden = (key_place == 0) | (key_place > place) if causal else key_place == 0

    scores = query @ with_previous_chunk(key).mT  # batch heads n_chunks chunk 2·chunk
    scores = scores - n_meetings.to(scores.dtype).log()
    scores = scores.masked_fill(key_place == place, ALONE).masked_fill(hidden, -torch.inf)
    log_sums = scores.logsumexp(dim=-1).flatten(2)
    outputs = (scores.softmax(dim=-1) @ with_previous_chunk(value)).flatten(2, 3)
    back = order.argsort(dim=-1)  # from the order of the buckets to that of the sequence
    return outputs.take_along_dim(back.unsqueeze(-1), dim=2), log_sums.take_along_dim(back, dim=2)
