"""A multilayer perceptron whose depth, activation, normalisation and residuals can be chosen."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import skip_init

from course_lib.gradients.initialization import initialize
from course_lib.models.hidden_layer import HiddenLayer, activation_named, norm_named


class MLP(nn.Module):
    """`n_layers` linear maps with an activation between each two.

    x (batch, d_input) → linear → [norm → activation → linear] × (n_layers − 1) → logits
    (batch, d_output). The n_layers − 2 inner ones keep the width d_hidden and can be residual.
    """

    def __init__(
        self,
        d_input: int,
        d_hidden: int,
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
        new_norm = norm_named(normalization)

        def layer(d_out: int, residual: bool) -> HiddenLayer:
            norm = new_norm(d_hidden, dtype=dtype)
            linear = skip_init(nn.Linear, d_hidden, d_out, dtype=dtype)
            return HiddenLayer(norm, activation_named(activation), linear, residual)

        self.first = skip_init(nn.Linear, d_input, d_hidden, dtype=dtype)
        self.hidden = nn.Sequential(*(layer(d_hidden, residual) for _ in range(n_layers - 2)))
        self.last = layer(d_output, residual=False)
        initialize(self, initialization, generator)

    def forward(self, x: Float[Tensor, "batch d_input"]) -> Float[Tensor, "batch d_output"]:
        """Logits of every class."""
        return self.last(self.hidden(self.first(x)))
