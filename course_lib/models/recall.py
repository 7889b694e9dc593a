"""A task that needs a memory, recalling the first token of a sequence, and networks that try it."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from course_lib.nn.multi_head import MultiHeadAttention

N_ANSWERS, VOCAB_SIZE = 8, 16  # tokens 0 to 7 are to be recalled, 8 to 15 stand between


def recall_batch(
    batch: int, distance: int, generator: torch.Generator
) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch"]]:
    """Sequences of `distance` + 1 tokens, and the first token of each, which is to be recalled.

    The first is one of `N_ANSWERS` tokens; the others are drawn from those that are no answer.
    Raises ValueError if distance is below 1.
    """
    if distance < 1:
        raise ValueError(f"distance must be at least 1, got {distance}")
    answers = torch.randint(N_ANSWERS, (batch,), generator=generator)
    filler = torch.randint(N_ANSWERS, VOCAB_SIZE, (batch, distance), generator=generator)
    return torch.cat([answers[:, None], filler], dim=1), answers


class Reader(nn.Module):
    """Read a sequence, and give logits of the answer after its last token.

    token_ids (batch, seq) → embedding → layer → its output at the last token → linear

    Args:
        layer: "rnn" or "lstm", torch's own, or "attention", one head without positions.
        d_model: width of the embedding and of the layer.
        forget_bias: added to what opens an LSTM's forget gate; 0 leaves it about half open.
        generator: draws all weights, uniformly from ±1/√d_model as torch does in an LSTM.

    Raises ValueError if layer is none of these, or forget_bias is not 0 where there is no gate.
    """

    def __init__(
        self, layer: str, d_model: int, *, forget_bias: float = 0.0, generator: torch.Generator
    ):
        super().__init__()
        if layer not in {"rnn", "lstm", "attention"}:
            raise ValueError(f"layer must be 'rnn', 'lstm' or 'attention', got {layer!r}")
        if forget_bias and layer != "lstm":
            raise ValueError(f"forget_bias must be 0 without an LSTM, got {forget_bias}")
        self.embedding = nn.Embedding(VOCAB_SIZE, d_model)
        if layer == "attention":
            self.layer = MultiHeadAttention(d_model, n_heads=1)
        else:
            self.layer = {"rnn": nn.RNN, "lstm": nn.LSTM}[layer](d_model, d_model, batch_first=True)
        self.output = nn.Linear(d_model, N_ANSWERS)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-(d_model**-0.5), d_model**-0.5, generator=generator)
            nn.init.normal_(self.embedding.weight, generator=generator)
            if forget_bias:
                self.layer.bias_ih_l0[d_model : 2 * d_model] += forget_bias

    def forward(self, token_ids: Int[Tensor, "batch seq"]) -> Float[Tensor, "batch answers"]:
        """Logits of the answer."""
        x = self.embedding(token_ids)
        if isinstance(self.layer, MultiHeadAttention):
            last = self.layer(x[:, -1:], context=x)[:, 0]  # only the last token asks
        else:
            last = self.layer(x)[0][:, -1]
        return self.output(last)

    def loss(
        self, token_ids: Int[Tensor, "batch seq"], answers: Int[Tensor, "batch"]
    ) -> Float[Tensor, ""]:
        """Mean cross-entropy of the answers."""
        return cross_entropy(self(token_ids), answers)


@torch.no_grad()
def accuracy(reader: Reader, distance: int, n: int, generator: torch.Generator) -> float:
    """The share of n fresh sequences whose first token the reader recalls."""
    token_ids, answers = recall_batch(n, distance, generator)
    return (reader(token_ids).argmax(dim=1) == answers).double().mean().item()
