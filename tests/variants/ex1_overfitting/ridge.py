"""Other correct ways to write fit_ridge."""

import numpy as np
import torch
from sklearn.linear_model import Ridge


def normal_equations(features, y, alpha):
    penalty = torch.full((features.shape[1],), float(alpha), dtype=features.dtype)
    penalty[0] = 0
    return torch.linalg.solve(features.T @ features + torch.diag(penalty), features.T @ y)


def centred_svd(features, y, alpha):
    x = features[:, 1:].numpy()
    u, s, vt = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    slopes = vt.T @ (s / (s**2 + alpha) * (u.T @ (y.numpy() - y.numpy().mean())))
    constant = y.numpy().mean() - x.mean(axis=0) @ slopes
    return torch.from_numpy(np.concatenate([[constant], slopes]))


def scikit_learn(features, y, alpha):
    fit = Ridge(alpha=alpha, solver="svd").fit(features[:, 1:].numpy(), y.numpy())
    return torch.tensor([fit.intercept_, *fit.coef_])


def gaussian_elimination(features, y, alpha):
    rows = [[float(a @ b) for b in features.T] + [float(a @ y)] for a in features.T]
    size = len(rows)
    for i in range(1, size):
        rows[i][i] += alpha
    for i in range(size):
        pivot = max(range(i, size), key=lambda row: abs(rows[row][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(size):
            if j != i:
                factor = rows[j][i] / rows[i][i]
                rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    return torch.tensor([row[-1] / row[i] for i, row in enumerate(rows)], dtype=torch.float64)


VARIANTS = [normal_equations, centred_svd, scikit_learn, gaussian_elimination]
