"""The sizes of the original Transformer."""

from dataclasses import dataclass

from course_lib.models.validation import check_divides, check_dropout, check_sizes


@dataclass(frozen=True)
class EncoderDecoderConfig:
    """Sizes of an `EncoderDecoder`.

    Raises:
        ValueError: if a size is impossible, d_model is odd, or norm_position is not known.
    """

    vocab_size: int
    """Number of different tokens, shared by the two texts."""
    context_length: int
    """Longest source and longest target; positions are not learned, so any length costs little."""
    d_model: int
    """Width of the stream."""
    n_heads: int
    """Number of attention heads."""
    n_layers: int
    """Number of blocks in the encoder, and in the decoder."""
    d_ff: int
    """Width inside the feed-forward layers."""
    dropout: float = 0.1
    """Share of units dropped in training."""
    norm_position: str = "post"
    """Where to normalise: "post", as in the paper, or "pre"."""

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be."""
        names = ("vocab_size", "context_length", "d_model", "n_heads", "n_layers", "d_ff")
        check_sizes(self, *names)
        check_divides(self, "n_heads", "d_model")
        check_dropout(self)
        if self.d_model % 2:
            raise ValueError(f"d_model must be even, got {self.d_model}")
        if self.norm_position not in ("pre", "post"):
            raise ValueError(f"norm_position must be 'pre' or 'post', got {self.norm_position!r}")


def transformer_base() -> EncoderDecoderConfig:
    """The base model for English to German. Source: Vaswani et al. (2017), table 3, first row."""
    return EncoderDecoderConfig(
        vocab_size=37_000, context_length=1024, d_model=512, n_heads=8, n_layers=6, d_ff=2048
    )
