"""Correct ways to write `bias_variance`, none of them the reference's."""

import numpy as np
import torch


def loops(predictions, true_mean):
    n_datasets, n = predictions.shape
    bias_squared, variance = 0.0, 0.0
    for i in range(n):
        average = sum(predictions[d, i].item() for d in range(n_datasets)) / n_datasets
        bias_squared += (average - true_mean[i].item()) ** 2
        variance += sum((predictions[d, i].item() - average) ** 2 for d in range(n_datasets))
    return bias_squared / n, variance / (n * n_datasets)


def in_numpy(predictions, true_mean):
    fits = predictions.numpy()
    return np.mean((fits.mean(axis=0) - true_mean.numpy()) ** 2), fits.var(axis=0).mean()


def built_in(predictions, true_mean):
    variance, average = torch.var_mean(predictions, dim=0, correction=0)
    return torch.nn.functional.mse_loss(average, true_mean), variance.mean()


def by_difference(predictions, true_mean):
    n_datasets, n = predictions.shape
    bias = torch.einsum("di->i", predictions) / n_datasets - true_mean
    bias_squared = torch.einsum("i,i->", bias, bias) / n
    error = torch.einsum("di,di->", predictions - true_mean, predictions - true_mean)
    return [bias_squared, error / (n_datasets * n) - bias_squared]


def stacked(predictions, true_mean):
    variance, average = torch.var_mean(predictions, dim=0, correction=0)
    return torch.stack([(average - true_mean).square(), variance]).mean(dim=1)


VARIANTS = [loops, in_numpy, built_in, by_difference, stacked]
