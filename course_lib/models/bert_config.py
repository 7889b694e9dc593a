"""The sizes of BERT, RoBERTa and ALBERT."""

from dataclasses import dataclass

from course_lib.models.validation import check_divides, check_dropout, check_sizes
from course_lib.nn.feed_forward import ACTIVATIONS


@dataclass(frozen=True)
class BERTConfig:
    """Sizes of a `BERT`, `RoBERTa` or `ALBERT`.

    Raises:
        ValueError: if a size is impossible or the activation unknown.
    """

    vocab_size: int
    """Number of different tokens."""
    context_length: int
    """Longest sequence."""
    d_model: int
    """Width of the stream."""
    n_heads: int
    """Number of attention heads."""
    n_layers: int
    """Number of blocks that the stream passes."""
    d_ff: int
    """Width inside the feed-forward layers."""
    d_embedding: int
    """Width of the embeddings: d_model, but in ALBERT less."""
    padding_id: int = 0
    """The token that fills short sequences; RoBERTa counts positions without it."""
    activation: str = "gelu"
    """Activation of the feed-forward layers and of the language model's head."""
    dropout: float = 0.1
    """Share of units dropped in training."""
    norm_epsilon: float = 1e-12
    """What keeps the normalisations' root from zero."""

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be."""
        sizes = ("vocab_size", "context_length", "d_model", "n_heads", "n_layers", "d_ff")
        check_sizes(self, *sizes, "d_embedding")
        check_divides(self, "n_heads", "d_model")
        check_dropout(self)
        if not 0 <= self.padding_id < self.vocab_size:
            raise ValueError(
                f"padding_id must lie between 0 and {self.vocab_size - 1}, got {self.padding_id}"
            )
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {sorted(ACTIVATIONS)}, got {self.activation!r}"
            )
        if not self.norm_epsilon >= 0:
            raise ValueError(f"norm_epsilon must not be negative, got {self.norm_epsilon}")

    def check_one_width(self) -> None:
        """Refuse a factorised embedding, for the models that have none.

        Raises:
            ValueError: if d_embedding is not d_model.
        """
        if self.d_embedding != self.d_model:
            raise ValueError(
                f"d_embedding must be d_model = {self.d_model}, got {self.d_embedding}"
            )


def bert_base() -> BERTConfig:
    """BERT base, uncased. Source: Devlin et al. (2019), section 3 and appendix A.2."""
    return BERTConfig(
        vocab_size=30_522,
        context_length=512,
        d_model=768,
        n_heads=12,
        n_layers=12,
        d_ff=3072,
        d_embedding=768,
    )


def roberta_base() -> BERTConfig:
    """RoBERTa base. Source: Liu et al. (2019), section 4.4 and table 9; the authors' program."""
    return BERTConfig(
        vocab_size=50_265,
        context_length=512,
        d_model=768,
        n_heads=12,
        n_layers=12,
        d_ff=3072,
        d_embedding=768,
        padding_id=1,
        norm_epsilon=1e-5,
    )


def albert_base() -> BERTConfig:
    """ALBERT base, version 2. Source: Lan et al. (2020), table 1; the authors' program."""
    return BERTConfig(
        vocab_size=30_000,
        context_length=512,
        d_model=768,
        n_heads=12,
        n_layers=12,
        d_ff=3072,
        d_embedding=128,
        activation="gelu_tanh",
        dropout=0.0,
    )
