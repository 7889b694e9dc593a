"""What is asked of an encoder: which tokens were masked, and what kind of text this is."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.bert_config import BERTConfig
from course_lib.nn.feed_forward import ACTIVATIONS
from course_lib.nn.norms import LayerNorm


class MaskedLMHead(nn.Module):
    """Logits of the token that stood at each position, from what the encoder knows there.

        logits = norm(activation(dense(h))) Eᵀ + bias

    E is the table of the token embeddings, given with each call, so that there is only one.
    `dense` goes from d_model to d_embedding.

    Source: the authors' program of Devlin et al. (2019); the task is section 3.1, task 1.
    """

    def __init__(self, config: BERTConfig):
        super().__init__()
        self.dense = nn.Linear(config.d_model, config.d_embedding)
        self.activation = ACTIVATIONS[config.activation]
        self.norm = LayerNorm(config.d_embedding, config.norm_epsilon)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(
        self,
        h: Float[Tensor, "*batch d_model"],
        token_table: Float[Tensor, "vocab d_embedding"],
    ) -> Float[Tensor, "*batch vocab"]:
        """Logits at each position given; the masked ones alone are cheaper than all."""
        return F.linear(self.norm(self.activation(self.dense(h))), token_table, self.bias)


class SentenceHead(nn.Module):
    """Logits of a class for the whole text, read from its first token.

        pooled = tanh(dense(h[0]))
        logits = output(pooled)

    Source: Devlin et al. (2019), section 3.1, task 2; the tanh is in the authors' program.
    """

    def __init__(self, d_model: int, n_classes: int):
        super().__init__()
        self.dense = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, n_classes)

    def forward(self, h: Float[Tensor, "batch seq d_model"]) -> Float[Tensor, "batch n_classes"]:
        """Logits of each class."""
        return self.output(self.pool(h))

    def pool(self, h: Float[Tensor, "batch seq d_model"]) -> Float[Tensor, "batch d_model"]:
        """One vector for the whole text."""
        return torch.tanh(self.dense(h[:, 0]))
