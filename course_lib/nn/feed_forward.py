"""The feed-forward layer: two linear maps with an activation between, on each token alone."""

from collections.abc import Callable
from functools import partial

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,  # max(x, 0)
    "gelu": F.gelu,  # x Φ(x), with Φ the normal distribution function
    "gelu_tanh": partial(F.gelu, approximate="tanh"),  # Φ approximated by a tanh, as in GPT-2
    "silu": F.silu,  # x σ(x), with σ the logistic function; also called swish
}


class FeedForward(nn.Module):
    """Up to d_ff features of a token, through an activation, and back down to d_model.

        y = down(activation(up(x)))                     or, gated,
        y = down(activation(gate(x)) · up(x))

    Dropout, in training, sets some of the d_ff features to zero.

    Raises:
        ValueError: if the activation is unknown.

    Sources: Vaswani et al. (2017), section 3.3; gated: Shazeer (2020), section 2.
    """

    def __init__(
        self,
        d_model: int,
        d_ff: int,
        activation: str = "gelu",
        gated: bool = False,
        bias: bool = True,
        dropout: float = 0.0,
    ):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {sorted(ACTIVATIONS)}, got {activation!r}")
        self.activation = ACTIVATIONS[activation]
        self.gate_proj = nn.Linear(d_model, d_ff, bias) if gated else None
        self.up_proj = nn.Linear(d_model, d_ff, bias)
        self.down_proj = nn.Linear(d_ff, d_model, bias)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Map each token's vector."""
        if self.gate_proj is None:
            features = self.activation(self.up_proj(x))  # (*batch, d_ff)
        else:
            features = self.activation(self.gate_proj(x)) * self.up_proj(x)
        return self.down_proj(self.dropout(features))
