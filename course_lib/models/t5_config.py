"""The sizes of T5, version 1.0 and 1.1."""

from dataclasses import dataclass

from course_lib.models.validation import check_divides, check_dropout, check_sizes
from course_lib.nn.feed_forward import ACTIVATIONS


@dataclass(frozen=True)
class T5Config:
    """Sizes of a `T5`. There is no longest sequence: the model knows distances only.

    Raises:
        ValueError: if a size is impossible or the activation unknown.
    """

    vocab_size: int
    """Number of different tokens, shared by the two texts."""
    d_model: int
    """Width of the stream."""
    n_heads: int
    """Number of attention heads, each d_model / n_heads wide."""
    n_layers: int
    """Number of blocks in the encoder, and in the decoder."""
    d_ff: int
    """Width inside the feed-forward layers."""
    activation: str = "relu"
    """Activation of the feed-forward layers: "relu" in version 1.0, "gelu_tanh" in 1.1."""
    gated: bool = False
    """Whether the feed-forward layers are gated, as in version 1.1."""
    tied_head: bool = True
    """Whether the embedding's table gives the logits, as in version 1.0."""
    dropout: float = 0.1
    """Share of units dropped in training."""
    n_buckets: int = 32
    """Number of buckets of distances."""
    max_distance: int = 128
    """From here on, all distances share a bucket."""

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be."""
        check_sizes(self, "vocab_size", "d_model", "n_heads", "n_layers", "d_ff")
        check_divides(self, "n_heads", "d_model")
        check_dropout(self)
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {sorted(ACTIVATIONS)}, got {self.activation!r}"
            )


def t5_small() -> T5Config:
    """T5 small, version 1.0. Source: Raffel et al. (2020), section 3.7."""
    return T5Config(vocab_size=32_128, d_model=512, n_heads=8, n_layers=6, d_ff=2048)


def t5_base() -> T5Config:
    """T5 base, version 1.0. Source: Raffel et al. (2020), section 3.7."""
    return T5Config(vocab_size=32_128, d_model=768, n_heads=12, n_layers=12, d_ff=3072)


def t5_v1_1_base() -> T5Config:
    """T5 base, version 1.1, and Flan-T5 base. Source: the authors' program; Shazeer (2020)."""
    return T5Config(
        vocab_size=32_128,
        d_model=768,
        n_heads=12,
        n_layers=12,
        d_ff=2048,
        activation="gelu_tanh",
        gated=True,
        tied_head=False,
    )
