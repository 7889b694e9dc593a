"""Other correct ways to write fit_lasso."""

import numpy as np
import torch
from torch.nn.functional import softshrink


def gram_in_advance(features, y, alpha, n_steps):
    gram, target = features.T @ features / len(y), features.T @ y / len(y)
    step = 1 / torch.linalg.eigvalsh(gram).max()
    weights = torch.zeros_like(target)
    for _ in range(n_steps):
        weights = weights + step * (target - gram @ weights)
        weights[1:] = softshrink(weights[1:], float(step * alpha))
    return weights


def autograd(features, y, alpha, n_steps):
    largest = torch.linalg.svdvals(features)[0] ** 2 / len(y)
    threshold = torch.full((features.shape[1],), alpha / largest.item(), dtype=features.dtype)
    threshold[0] = 0
    weights = torch.zeros(features.shape[1], dtype=features.dtype)
    for _ in range(n_steps):
        weights.requires_grad_()
        loss = ((features @ weights - y) ** 2).mean() / 2
        (gradient,) = torch.autograd.grad(loss, weights)
        moved = weights.detach() - gradient / largest
        weights = torch.sign(moved) * torch.maximum(moved.abs() - threshold, torch.tensor(0.0))
    return weights


def numpy_in_place(features, y, alpha, n_steps):
    x, targets = features.numpy(), y.numpy()
    step = len(targets) / np.linalg.norm(x, 2) ** 2
    weights = np.zeros(x.shape[1])
    for _ in range(n_steps):
        weights -= step / len(targets) * (x.T @ (x @ weights - targets))
        slopes = weights[1:]
        slopes -= np.clip(slopes, -step * alpha, step * alpha)
    return torch.from_numpy(weights)


def python_loops(features, y, alpha, n_steps):
    n, p = features.shape
    step = 1 / torch.linalg.eigvalsh(features.T @ features / n)[-1].item()
    gram = (features.T @ features / n).tolist()
    target = (features.T @ y / n).tolist()
    weights = [0.0] * p
    for _ in range(n_steps):
        slopes = [sum(a * w for a, w in zip(row, weights, strict=True)) for row in gram]
        weights = [w - step * (s - t) for w, s, t in zip(weights, slopes, target, strict=True)]
        for j in range(1, p):
            if abs(weights[j]) <= step * alpha:
                weights[j] = 0.0
            else:
                weights[j] -= step * alpha if weights[j] > 0 else -step * alpha
    return torch.tensor(weights, dtype=torch.float64)


def loops_over_points(features, y, alpha, n_steps):
    """No tensor at all after the step size: every point and feature in a loop of its own."""
    rows, targets = features.tolist(), y.tolist()
    n, p = len(rows), len(rows[0])
    size = float(n / torch.linalg.matrix_norm(features, ord=2) ** 2)
    weights = [0.0] * p
    for _ in range(n_steps):
        gradient = [0.0] * p
        for row, target in zip(rows, targets, strict=True):
            error = -target
            for j in range(p):
                error += row[j] * weights[j]
            for j in range(p):
                gradient[j] += row[j] * error / n
        for j in range(p):
            weights[j] -= size * gradient[j]
            if j > 0:
                if weights[j] > size * alpha:
                    weights[j] -= size * alpha
                elif weights[j] < -size * alpha:
                    weights[j] += size * alpha
                else:
                    weights[j] = 0.0
    return torch.tensor(weights, dtype=torch.float64)


VARIANTS = [gram_in_advance, autograd, numpy_in_place, python_loops, loops_over_points]
