"""Other correct ways to write dropout."""

import torch


def bernoulli_mask(x, p, training, generator):
    if not training or p == 0:
        return x.clone()
    mask = torch.bernoulli(torch.full_like(x, 1 - p), generator=generator)
    return x * mask / (1 - p)


def in_place_on_a_copy(x, p, training, generator):
    result = x.clone()
    if training:
        result[torch.rand(x.shape, generator=generator, dtype=x.dtype) < p] = 0.0
        result /= 1 - p
    return result


def python_loops(x, p, training, generator):
    if not training:
        return x
    draws = torch.rand(x.numel(), generator=generator).tolist()
    kept = [v / (1 - p) if u >= p else 0.0 for v, u in zip(x.flatten(), draws, strict=True)]
    return torch.tensor(kept, dtype=x.dtype).reshape(x.shape)


def geometric_gaps(x, p, training, generator):
    """Draws how far it is to the next dropped entry, in place of one number for each."""
    if not training or p == 0:
        return x
    flat = x.flatten() / (1 - p)
    gaps = torch.empty(x.numel()).geometric_(p, generator=generator).long()
    dropped = gaps.cumsum(dim=0) - 1
    flat[dropped[dropped < x.numel()]] = 0
    return flat.reshape(x.shape)


VARIANTS = [bernoulli_mask, in_place_on_a_copy, python_loops, geometric_gaps]
