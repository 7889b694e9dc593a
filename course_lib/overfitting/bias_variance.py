"""Where prediction error comes from: noise, bias and variance, derived and measured.

For a fresh observation y = f(x) + ε at x, and a fit f̂ made from a random data set,

    E[(y − f̂(x))²] = E[ε²] + (E[f̂(x)] − f(x))² + E[(f̂(x) − E[f̂(x)])²]
                     noise     bias²               variance

(Geman, Bienenstock and Doursat, 1992). The functions here draw many data sets, fit a
polynomial to each, and keep what every fit predicts at the same validation points.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from course_lib.overfitting.polynomial import (
    fit_least_squares,
    noisy_parabola,
    parabola,
    polynomial_features,
)


def bias_variance(
    predictions: Float[Tensor, "datasets n"], true_mean: Float[Tensor, "n"]
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Squared bias and variance of many fits, each averaged over the n points.

    Args:
        predictions: `predictions[d, i]` is what the fit to data set d says at point i.
        true_mean: the noise-free value at each point, shape (n,).

    Returns:
        bias_squared: mean over i of (mean over d of predictions[d, i] − true_mean[i])².
        variance: mean over i of the variance over d of predictions[d, i], dividing by
            `datasets`.
    """
    mean_prediction = predictions.mean(dim=0)
    bias_squared = (mean_prediction - true_mean).square().mean()
    variance = (predictions - mean_prediction).square().mean()
    return bias_squared, variance


def prediction_matrix(
    x: Float[Tensor, "n"], x_validation: Float[Tensor, "m"], degree: int
) -> Float[Tensor, "m n"]:
    """The matrix S that turns the observed y into the predictions S · y at `x_validation`.

    Least squares is linear in y once x is fixed, so column j is the fit to a single 1 at
    point j.
    """
    n = len(x)
    features = polynomial_features(x, degree)
    single_ones = torch.eye(n, dtype=x.dtype, device=x.device)
    weights = fit_least_squares(features.expand(n, *features.shape), single_ones)
    return polynomial_features(x_validation, degree) @ weights.T


def exact_bias_variance(
    x: Float[Tensor, "n"], x_validation: Float[Tensor, "m"], degree: int, noise: float
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """What `bias_variance` tends to as data sets of the same x and fresh noise are added.

    Predictions are S · (f(x) + ε), so the bias at a place is (S · f(x)) − f there, and the
    variance is noise² times the sum of squares of the place's row of S.
    """
    matrix = prediction_matrix(x, x_validation, degree)
    bias = matrix @ parabola(x) - parabola(x_validation)
    return bias.square().mean(), noise**2 * matrix.square().sum(dim=1).mean()


def normal_like(
    tensor: Float[Tensor, "*shape"], generator: torch.Generator
) -> Float[Tensor, "*shape"]:
    """Standard normal draws, shaped like a tensor and on its device, wherever the generator is."""
    options = {"generator": generator, "device": generator.device, "dtype": tensor.dtype}
    return torch.randn(tensor.shape, **options).to(tensor.device)


def predictions_with_new_noise(
    x: Float[Tensor, "n"],
    x_validation: Float[Tensor, "m"],
    degree: int,
    noise: float,
    n_datasets: int,
    generator: torch.Generator,
) -> Float[Tensor, "datasets m"]:
    """What the fits predict when the points stay and only their noise is drawn anew."""
    draws = normal_like(x.expand(n_datasets, -1), generator)
    y = parabola(x) + noise * draws  # one data set a row
    return y @ prediction_matrix(x, x_validation, degree).T


def predictions_with_new_points(
    n: int,
    x_validation: Float[Tensor, "m"],
    degree: int,
    noise: float,
    n_datasets: int,
    generator: torch.Generator,
    chunk_size: int = 2_000,
    progress: bool = True,
) -> Float[Tensor, "datasets m"]:
    """What the fits predict when points and noise are both drawn anew.

    Each chunk is one batched least-squares solve; a progress bar counts the fits.
    """
    validation_features = polynomial_features(x_validation, degree)
    predictions = x_validation.new_empty(n_datasets, len(x_validation))
    title = f"degree {degree}"
    with tqdm(total=n_datasets, desc=title, unit=" fits", disable=not progress) as bar:
        for chunk in predictions.split(chunk_size):
            x, y = noisy_parabola(len(chunk) * n, noise, generator)
            features = polynomial_features(x.view(-1, n), degree)
            weights = fit_least_squares(features, y.view(-1, n)).to(x_validation.device)
            chunk.copy_(weights @ validation_features.T)
            bar.update(len(chunk))
    return predictions


@dataclass(frozen=True)
class Decomposition:
    """Validation error, measured directly and as a sum of its three sources."""

    noise: float  # variance of the noise, σ²: what no fit can remove
    bias_squared: float  # squared distance from the average fit to the truth
    variance: float  # spread of the fits around the average fit
    measured: float  # mean squared error of the same fits on fresh noisy observations
    standard_error: float  # Monte-Carlo error of `measured − total`: what is left to chance

    @property
    def total(self) -> float:
        """The three sources added up."""
        return self.noise + self.bias_squared + self.variance


def decompose(
    predictions: Float[Tensor, "datasets n"],
    true_mean: Float[Tensor, "n"],
    noise: float,
    generator: torch.Generator,
) -> Decomposition:
    """Measure the validation error of the fits against fresh observations, and its three sources.

    Every fit is judged on its own fresh observations, so the differences between data sets give the
    standard error of `measured − total`. Raises ValueError if there are fewer than two data sets.
    """
    if len(predictions) < 2:
        raise ValueError(f"predictions must be of at least 2 data sets, got {len(predictions)}")
    bias_squared, variance = bias_variance(predictions, true_mean)
    errors = true_mean + noise * normal_like(predictions, generator) - predictions
    chance = errors.square() - noise**2 - (predictions - true_mean).square()
    standard_error = chance.mean(dim=1).std() / math.sqrt(len(predictions))
    return Decomposition(
        noise=noise**2,
        bias_squared=bias_squared.item(),
        variance=variance.item(),
        measured=errors.square().mean().item(),
        standard_error=standard_error.item(),
    )
