"""Other correct ways to write strided_mask, fixed_mask and sliding_window_mask."""

import torch


def strided_loops(seq, stride):
    mask = torch.zeros(seq, seq, dtype=torch.bool)
    for query in range(seq):
        for key in range(query + 1):
            mask[query, key] = query - key < stride or (query - key) % stride == 0
    return mask


def fixed_loops(seq, stride, n_summary):
    rows = [
        [
            key <= query
            and (key // stride == query // stride or key % stride >= stride - n_summary)
            for key in range(seq)
        ]
        for query in range(seq)
    ]
    return torch.tensor(rows)


def window_by_triangles(seq, window):
    ones = torch.ones(seq, seq, dtype=torch.bool)
    return ones.tril() & ~ones.tril(-window)


def strided_as_in_the_paper(seq, stride):
    """The near set reaches back to query − stride, which is a multiple of the stride anyway."""
    mask = torch.zeros(seq, seq).bool()
    for query in range(seq):
        mask[query, max(0, query - stride) : query + 1] = True
        mask[query, [key for key in range(query) if (query - key) % stride == 0]] = True
    return mask


def fixed_by_columns(seq, stride, n_summary):
    mask = torch.block_diag(*[torch.ones(stride, stride)] * (seq // stride + 1))[:seq, :seq] > 0
    for start in range(0, seq, stride):
        mask[:, start + stride - n_summary : start + stride] = True
    return mask.tril()


def window_by_bands(seq, window):
    mask = torch.zeros(seq, seq, dtype=torch.long)
    for back in range(min(window, seq)):
        mask += torch.diag(torch.ones(seq - back, dtype=torch.long), -back)
    return mask == 1


def strided_by_diagonals(seq, stride):
    distance = torch.arange(seq).unsqueeze(1) - torch.arange(seq).unsqueeze(0)
    allowed = torch.tensor([back < stride or back % stride == 0 for back in range(seq)])
    return torch.where(distance >= 0, allowed[distance.clamp(min=0)], False)


def fixed_with_floor(seq, stride, n_summary):
    place = torch.arange(seq)
    i, j = torch.meshgrid(place, place, indexing="ij")
    same = torch.floor(i / stride) == torch.floor(j / stride)
    return (j <= i) * (same + (torch.remainder(j, stride) > stride - 1 - n_summary))


def window_by_comparison(seq, window):
    place = torch.arange(seq)
    return torch.logical_and(place <= place[:, None], place > place[:, None] - window)


VARIANTS = [
    (strided_loops, fixed_loops, window_by_triangles),
    (strided_as_in_the_paper, fixed_by_columns, window_by_bands),
    (strided_by_diagonals, fixed_with_floor, window_by_comparison),
]
