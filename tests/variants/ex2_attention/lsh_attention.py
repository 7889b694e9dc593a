"""Other correct ways to write lsh_buckets."""

import torch


def unit_vectors_and_einsum(x, n_buckets, rotations):
    """Normalised first, as the idea is often told; no argmax changes by it."""
    x = torch.nn.functional.normalize(x, dim=-1)
    rotated = torch.einsum("...sd,rdb->...rsb", x, rotations)
    return torch.argmax(torch.cat([rotated, -rotated], -1), -1)


def loops(x, n_buckets, rotations):
    flat = x.reshape(-1, x.shape[-1])
    rounds = []
    for rotation in rotations:
        buckets = []
        for vector in flat:
            products = (vector @ rotation).tolist()
            products += [-product for product in products]
            buckets.append(products.index(max(products)))
        rounds.append(torch.tensor(buckets).reshape(x.shape[:-1]))
    return torch.stack(rounds, dim=-2)


def largest_by_size_then_sign(x, n_buckets, rotations):
    rotated = torch.stack([x @ rotation for rotation in rotations], dim=-3)
    column = rotated.abs().argmax(dim=-1)
    against = rotated.gather(-1, column.unsqueeze(-1)).squeeze(-1) < 0
    return column + against * (n_buckets // 2)


def rotations_with_both_signs(x, n_buckets, rotations):
    both = torch.cat((rotations, -rotations), dim=2)
    return (x[..., None, :, :].double() @ both.double()).max(dim=-1).indices.int()


VARIANTS = [
    unit_vectors_and_einsum,
    loops,
    largest_by_size_then_sign,
    rotations_with_both_signs,
]
