"""Softmax: any scores into non-negative shares that sum to one."""

import math

from jaxtyping import Float
from torch import Tensor


def softmax(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape"]:
    """Turn scores into shares: each is non-negative, and along `dim` they sum to 1.

        softmax(x)_i = exp(x_i − c) / Σ_j exp(x_j − c)        c = max_j x_j

    Any c gives the same shares; with the maximum no exponential exceeds 1, so none overflows.
    A score of −∞ gets the share 0. Where all scores are −∞ every share is 0, not NaN: a query
    that may attend to nothing gets nothing.

    Source: Bridle (1990); subtracting the maximum: Goodfellow et al. (2016), section 4.1.
    """
    largest = x.detach().amax(dim, keepdim=True)
    largest = largest.masked_fill(largest == -math.inf, 0.0)  # for −∞ − (−∞) would be NaN
    exponentials = (x - largest).exp()
    total = exponentials.sum(dim, keepdim=True)  # 0 if all scores are −∞, else at least exp(0) = 1
    return exponentials / total.clamp(min=1.0)
