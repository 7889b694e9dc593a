"""Right answers to the `fitting` notebook in two other styles: what no check may refuse.

Only the bodies are used: they are put into the released cells, under the released signatures.
"""

# ruff: noqa: D102 — the bodies speak for themselves
import torch


class Loops:
    """Plain Python loops."""

    def polynomial_features(x, degree):
        rows = []
        for value in x.tolist():
            row, power = [], 1.0
            for _ in range(degree + 1):
                row.append(power)
                power *= value
            rows.append(row)
        return torch.tensor(rows, dtype=x.dtype).reshape(len(x), degree + 1)

    def fit_least_squares(features, y, rcond):
        u, sizes, vt = torch.linalg.svd(features, full_matrices=False)
        weights = torch.zeros(features.shape[1], dtype=features.dtype)
        for k in range(len(sizes)):
            if sizes[k] > rcond * sizes[0]:
                weights = weights + (u[:, k] @ y) / sizes[k] * vt[k]
        return weights

    def rmse(predicted, observed):
        total = 0.0
        for a, b in zip(predicted.flatten().tolist(), observed.flatten().tolist(), strict=True):
            total += (a - b) ** 2
        return (total / predicted.numel()) ** 0.5

    def train_validation_split(x, y, validation_fraction, generator):
        order = torch.randperm(len(x), generator=generator).tolist()
        n_train = len(x) - round(validation_fraction * len(x))
        train, validation = order[:n_train], order[n_train:]
        x_train = torch.stack([x[i] for i in train]) if train else x[:0]
        y_train = torch.stack([y[i] for i in train]) if train else y[:0]
        x_validation = torch.stack([x[i] for i in validation]) if validation else x[:0]
        y_validation = torch.stack([y[i] for i in validation]) if validation else y[:0]
        return x_train, y_train, x_validation, y_validation

    def bias_variance(predictions, true_mean):
        n_datasets, n = predictions.shape
        bias_squared = variance = 0.0
        for i in range(n):
            mean = sum(predictions[d, i].item() for d in range(n_datasets)) / n_datasets
            bias_squared += (mean - true_mean[i].item()) ** 2 / n
            for d in range(n_datasets):
                variance += (predictions[d, i].item() - mean) ** 2 / (n * n_datasets)
        return bias_squared, variance


class Einsum:
    """Einstein sums and matrix identities."""

    def polynomial_features(x, degree):
        return torch.vander(x, degree + 1, increasing=True)

    def fit_least_squares(features, y, rcond):
        return torch.einsum("pn,n->p", torch.linalg.pinv(features, rtol=rcond), y)

    def rmse(predicted, observed):
        difference = predicted.reshape(-1) - observed.reshape(-1)
        return torch.sqrt(torch.einsum("i,i->", difference, difference) / difference.numel())

    def train_validation_split(x, y, validation_fraction, generator):
        pairs = torch.stack([x, y], dim=1)
        pairs = pairs[torch.rand(len(x), generator=generator).argsort()]
        n_validation = round(len(x) * validation_fraction)
        train, validation = pairs[n_validation:], pairs[:n_validation]
        return train[:, 0], train[:, 1], validation[:, 0], validation[:, 1]

    def bias_variance(predictions, true_mean):
        n_datasets, n = predictions.shape
        mean = torch.einsum("dn->n", predictions) / n_datasets
        spread = predictions - mean
        bias = mean - true_mean
        variance = torch.einsum("dn,dn->", spread, spread) / (n_datasets * n)
        return torch.einsum("n,n->", bias, bias) / n, variance
