"""Wrong answers as students write them, by the name of the student who hands them in.

Only the bodies are used: they are put into the released cells, under the released signatures.
"""

# ruff: noqa: D102 — the bodies speak for themselves
import torch


class NoRoot:
    """The error is left squared."""

    def rmse(predicted, observed):
        difference = predicted.flatten() - observed.flatten()
        return torch.mean(difference**2)


class ShuffledApart:
    """x and y are each put into an order of their own."""

    def train_validation_split(x, y, validation_fraction, generator):
        x = x[torch.randperm(len(x), generator=generator)]
        y = y[torch.randperm(len(y), generator=generator)]
        n = round(validation_fraction * len(x))
        return x[n:], y[n:], x[:n], y[:n]


class DecreasingPowers:
    """The highest power comes first."""

    def polynomial_features(x, degree):
        return torch.vander(x, degree + 1)


class NormalEquations:
    """The normal matrix is inverted."""

    def fit_least_squares(features, y, rcond):
        return torch.linalg.inv(features.T @ features) @ features.T @ y


class WrongAxis:
    """The variance is taken across the points."""

    def bias_variance(predictions, true_mean):
        bias_squared = ((predictions.mean(dim=0) - true_mean) ** 2).mean()
        return bias_squared, predictions.var(dim=1, correction=0).mean()


class ConstantPenalised:
    """The constant column is held back like the others."""

    def fit_ridge(features, y, alpha):
        penalty = alpha * torch.eye(features.shape[1], dtype=features.dtype)
        return torch.linalg.solve(features.T @ features + penalty, features.T @ y)


class NoRescaling:
    """What dropout keeps is not scaled up."""

    def dropout(x, p, training, generator):
        if not training:
            return x
        return x * (torch.rand(x.shape, generator=generator) >= p)


class NoBiasCorrection:
    """Adam's averages start at zero and are used as they are."""

    def adam_step(params, grads, state, learning_rate, beta1, beta2, epsilon):
        mean = beta1 * state.get("mean", torch.zeros_like(params)) + (1 - beta1) * grads
        square = beta2 * state.get("square", torch.zeros_like(params)) + (1 - beta2) * grads**2
        step = state.get("step", 0) + 1
        new_state = {"mean": mean, "square": square, "step": step}
        return params - learning_rate * mean / (square.sqrt() + epsilon), new_state


class Crash:
    """An index runs past the end."""

    def rmse(predicted, observed):
        total = 0.0
        for i in range(len(predicted) + 1):
            total += (predicted[i] - observed[i]) ** 2
        return (total / len(predicted)) ** 0.5


class EndlessLoop:
    """A loop whose condition never changes."""

    def rmse(predicted, observed):
        i, total = 0, 0.0
        while i < len(predicted):
            total += (predicted[i] - observed[i]) ** 2
        return (total / len(predicted)) ** 0.5
