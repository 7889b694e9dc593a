"""The layer that deep networks repeat, with each of its parts to switch on."""

from collections.abc import Callable
from functools import partial

from jaxtyping import Float
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "identity": nn.Identity,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "gelu": nn.GELU,
}

VECTOR_NORMS = {"none": nn.Identity, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
IMAGE_NORMS = {"none": nn.Identity, "batch": nn.BatchNorm2d, "layer": partial(nn.GroupNorm, 1)}


def activation_named(name: str) -> nn.Module:
    """The activation function of that name, as a module."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {sorted(ACTIVATIONS)}, got {name!r}")
    return ACTIVATIONS[name]()


def norm_named(name: str, *, of_images: bool = False) -> Callable[..., nn.Module]:
    """What makes the normalisation of that name, given the number of features or channels.

    Vectors are (batch, features), images (batch, channels, height, width).
    """
    norms = IMAGE_NORMS if of_images else VECTOR_NORMS
    if name not in norms:
        raise ValueError(f"normalization must be one of {sorted(norms)}, got {name!r}")
    return norms[name]


class HiddenLayer(nn.Module):
    """Normalise, activate, map linearly; with `residual`, add the result to the input:

        update = linear(activation(norm(h)))
        h      = h + update   or   update

    Source: He et al. (2016), "Identity mappings in deep residual networks", figure 4 (e).
    """

    def __init__(self, norm: nn.Module, activation: nn.Module, linear: nn.Module, residual: bool):
        super().__init__()
        self.norm, self.activation, self.linear = norm, activation, linear
        self.residual = residual

    def forward(self, h: Float[Tensor, "batch d_in ..."]) -> Float[Tensor, "batch d_out ..."]:
        """From one hidden representation to the next; of the same shape if residual."""
        update = self.linear(self.activation(self.norm(h)))
        return h + update if self.residual else update
