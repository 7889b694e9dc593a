"""A convolutional network with the same choices as the multilayer perceptron."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import skip_init

from course_lib.gradients.initialization import initialize
from course_lib.models.hidden_layer import HiddenLayer, activation_named, norm_named


class CNN(nn.Module):
    """`n_layers` maps, all but the last 3 × 3 convolutions; then a mean over places, and classes.

    images (batch, 1, height, width) → convolution → [norm → activation → convolution] ×
    (n_layers − 2) → activation → mean over height and width → linear → logits (batch, d_output).
    The mean makes the answer depend on what is in the image and hardly on where.
    """

    def __init__(
        self,
        n_channels: int,
        d_output: int,
        n_layers: int,
        *,
        generator: torch.Generator,
        activation: str = "relu",
        normalization: str = "none",
        residual: bool = False,
        initialization: str = "he",
        dtype: torch.dtype = torch.float64,
    ):
        super().__init__()
        if n_layers < 2:
            raise ValueError(f"n_layers must be at least 2, got {n_layers}")
        new_norm = norm_named(normalization, of_images=True)

        def convolution(n_in: int) -> nn.Module:
            return skip_init(nn.Conv2d, n_in, n_channels, 3, padding=1, dtype=dtype)

        def layer() -> HiddenLayer:
            norm = new_norm(n_channels, dtype=dtype)
            linear = convolution(n_channels)
            return HiddenLayer(norm, activation_named(activation), linear, residual)

        self.first = convolution(1)
        self.hidden = nn.Sequential(*(layer() for _ in range(n_layers - 2)))
        self.activation = activation_named(activation)
        self.last = skip_init(nn.Linear, n_channels, d_output, dtype=dtype)
        initialize(self, initialization, generator)

    def forward(
        self, images: Float[Tensor, "batch 1 height width"]
    ) -> Float[Tensor, "batch d_output"]:
        """Logits of every class."""
        h = self.activation(self.hidden(self.first(images)))  # (batch, channels, height, width)
        return self.last(h.mean(dim=(2, 3)))
