"""Correct ways to write `rmse`, none of them the reference's."""

import math

import numpy as np
import torch


def loops(predicted, observed):
    total = 0.0
    a, b = predicted.reshape(-1), observed.reshape(-1)
    for i in range(len(a)):
        total += (float(a[i]) - float(b[i])) ** 2
    return math.sqrt(total / len(a))


def norm(predicted, observed):
    difference = predicted.ravel() - observed.ravel()
    return torch.linalg.vector_norm(difference) / len(difference) ** 0.5


def in_numpy(predicted, observed):
    difference = predicted.numpy().ravel() - observed.numpy().ravel()
    return np.sqrt(np.mean(difference**2))


def single_precision(predicted, observed):
    difference = predicted.flatten().float() - observed.flatten().float()
    return torch.einsum("i,i->", difference, difference).div(difference.numel()).sqrt()


VARIANTS = [loops, norm, in_numpy, single_precision]
