"""Other correct ways to write random_relu_features and min_norm_fit."""

import numpy as np
import torch


def relu_module(x, directions):
    return torch.nn.ReLU()(x @ directions)


def lapack(features, y):
    columns = y.reshape(len(y), -1)
    solution = torch.linalg.lstsq(features, columns, driver="gelsd").solution
    return solution.reshape(features.shape[1], *y.shape[1:])


def einsum(x, directions):
    z = torch.einsum("nd,dp->np", x, directions)
    return torch.where(z > 0, z, torch.zeros_like(z))


def svd_by_hand(features, y):
    u, s, vh = np.linalg.svd(features.numpy(), full_matrices=False)
    kept = s > s[0] * 1e-10
    weights = vh[kept].T @ np.diag(1 / s[kept]) @ u[:, kept].T @ y.numpy()
    return torch.from_numpy(weights)


def loops(x, directions):
    rows = [[max(0.0, float(row @ column)) for column in directions.T] for row in x]
    return torch.tensor(rows, dtype=torch.float64)


def eigenvectors_of_the_smaller_gram(features, y):
    n, p = features.shape
    if n < p:
        return features.T @ torch.linalg.pinv(features @ features.T, hermitian=True) @ y
    return torch.linalg.pinv(features.T @ features, hermitian=True) @ (features.T @ y)


def conjugate_gradients(features, y):
    """Starts at zero and never leaves the span of the rows, so its limit is the shortest fit."""

    def solve(target):
        weights = torch.zeros(features.shape[1], dtype=features.dtype)
        residual = direction = features.T @ target
        for _ in range(4 * min(features.shape)):
            if residual.norm() < 1e-12 * (1 + target.norm()):
                break
            length = residual @ residual / (features @ direction).square().sum()
            weights = weights + length * direction
            after = features.T @ (target - features @ weights)
            direction = after + (after @ after) / (residual @ residual) * direction
            residual = after
        return weights

    return torch.stack([solve(t) for t in y.T], dim=1) if y.ndim > 1 else solve(y)


VARIANTS = [
    (relu_module, lapack),
    (einsum, svd_by_hand),
    (loops, eigenvectors_of_the_smaller_gram),
    (relu_module, conjugate_gradients),
]
