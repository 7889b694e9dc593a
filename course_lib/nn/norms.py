"""Normalisation: numbers brought to a common scale, then to one that is learned."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def layer_norm(
    x: Float[Tensor, "*batch d_model"],
    scale: Float[Tensor, "d_model"],
    shift: Float[Tensor, "d_model"],
    epsilon: float = 1e-5,
) -> Float[Tensor, "*batch d_model"]:
    """Bring each vector to mean 0 and variance 1 over its entries, then scale and shift them.

        y = (x − mean) / √(variance + ε) · scale + shift        variance = mean of (x − mean)²

    Each token is normalised by itself, whatever else is in the batch. Computed in float32 at
    least, returned in x's dtype.

    Source: Ba, Kiros and Hinton (2016), section 3.
    """
    h = x.to(torch.promote_types(x.dtype, torch.float32))
    centred = h - h.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    normalised = centred * torch.rsqrt(variance + epsilon)
    return (normalised * scale + shift).to(x.dtype)


def rms_norm(
    x: Float[Tensor, "*batch d_model"],
    scale: Float[Tensor, "d_model"],
    epsilon: float = 1e-6,
) -> Float[Tensor, "*batch d_model"]:
    """Divide each vector by the root of its mean square, then scale its entries.

        y = x / √(mean of x² + ε) · scale

    The mean is not subtracted. Computed in float32 at least, returned in x's dtype.

    Source: Zhang and Sennrich (2019), section 4, equation 4.
    """
    h = x.to(torch.promote_types(x.dtype, torch.float32))
    mean_square = h.square().mean(dim=-1, keepdim=True)
    return (h * torch.rsqrt(mean_square + epsilon) * scale).to(x.dtype)


class LayerNorm(nn.Module):
    """`layer_norm` with a learned scale and shift, through torch's fused kernel for speed."""

    def __init__(self, d_model: int, epsilon: float = 1e-5):
        super().__init__()
        self.epsilon = epsilon
        self.scale = nn.Parameter(torch.ones(d_model))
        self.shift = nn.Parameter(torch.zeros(d_model))

    def forward(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Normalise each token's vector."""
        return F.layer_norm(x, self.scale.shape, self.scale, self.shift, self.epsilon)


class RMSNorm(nn.Module):
    """`rms_norm` with a learned scale, through torch's fused kernel for speed."""

    def __init__(self, d_model: int, epsilon: float = 1e-6):
        super().__init__()
        self.epsilon = epsilon
        self.scale = nn.Parameter(torch.ones(d_model))

    def forward(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Normalise each token's vector."""
        return F.rms_norm(x, self.scale.shape, self.scale, self.epsilon)


class BatchNorm(nn.Module):
    """Bring each feature to mean 0 and variance 1 over all tokens of the batch, padding included.

        y = (x − mean) / √(variance + ε) · scale + shift        mean, variance: (d_model,)

    What a token becomes depends on the others, on how long they are padded, and on the mode:
    in training the batch's mean and variance count, and running averages take a share `momentum`
    of them (the variance then divided by n − 1, for n tokens); in evaluation the averages count.

    Raises:
        ValueError: from `forward`, if there is only one token to train on.

    Source: Ioffe and Szegedy (2015), algorithms 1 and 2.
    """

    def __init__(self, d_model: int, epsilon: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.epsilon, self.momentum = epsilon, momentum
        self.scale = nn.Parameter(torch.ones(d_model))
        self.shift = nn.Parameter(torch.zeros(d_model))
        self.register_buffer("running_mean", torch.zeros(d_model))
        self.register_buffer("running_variance", torch.ones(d_model))

    def forward(self, x: Float[Tensor, "batch seq d_model"]) -> Float[Tensor, "batch seq d_model"]:
        """Normalise each feature."""
        h = x.to(torch.promote_types(x.dtype, torch.float32))
        mean, variance = self.running_mean, self.running_variance
        if self.training:
            n = h[..., 0].numel()
            if n < 2:
                raise ValueError(f"x must hold at least 2 tokens in training, got {n}")
            variance, mean = torch.var_mean(h, dim=(0, 1), correction=0)  # (d_model,) each
            averages = (self.running_mean, mean), (self.running_variance, variance * n / (n - 1))
            for average, now in averages:
                average += self.momentum * (now.detach() - average)
        normalised = (h - mean) * torch.rsqrt(variance + self.epsilon)
        return (normalised * self.scale + self.shift).to(x.dtype)
