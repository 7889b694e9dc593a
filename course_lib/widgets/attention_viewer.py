"""Widget: point at a token and see what each head of a trained model makes it look at."""

from collections.abc import Sequence

import torch
import traitlets
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_lib.plotting import BLUE, VERMILLION, new_figure
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.source import source
from course_lib.widgets.validation import within

DIGITS = 3
"""Decimals of a weight that the page keeps."""


class AttentionViewer(CourseWidget):
    """Sentences, and for each the attention weights of every layer and head.

    The page rounds weights to three decimals and drops the zeros at a row's end, which a causal
    model has for all that comes later.

    Args:
        sentences: the tokens of each.
        weights: for each sentence (layers, heads, query, key), rows that sum to 1.

    Raises:
        ValueError: if the weights do not fit the sentences or each other, or a row of them is no
            set of shares.
    """

    _esm = source("shares.js", "attention_viewer.js")

    sentences = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    """The tokens of each sentence."""
    weights = traitlets.List().tag(sync=True)
    """Shares as lists [sentence][layer][head][query][key]."""
    sentence = traitlets.Int(0).tag(sync=True)
    """Sentence shown, counted from 0 as all that follow."""
    layer = traitlets.Int(0).tag(sync=True)
    """Layer shown."""
    head = traitlets.Int(0).tag(sync=True)
    """Head shown."""
    token = traitlets.Int(0).tag(sync=True)
    """Token that looks; past the end of a short sentence, its last one."""

    def __init__(
        self,
        sentences: Sequence[Sequence[str]],
        weights: Sequence[Float[Tensor, "layers heads query key"]],
        sentence: int = 0,
        layer: int = 0,
        head: int = 0,
        token: int | None = None,
    ) -> None:
        if not len(sentences) == len(weights) > 0:
            raise ValueError(
                f"weights must hold one tensor for each of {len(sentences)} sentences (at least "
                f"one), got {len(weights)}"
            )
        for k, (tokens, shares) in enumerate(zip(sentences, weights, strict=True)):
            _check(f"weights[{k}]", shares, (*weights[0].shape[:2], len(tokens), len(tokens)))
        within("sentence", sentence, 0, len(sentences) - 1)
        super().__init__(
            sentences=[list(tokens) for tokens in sentences],
            weights=[_rows(shares) for shares in weights],
            sentence=sentence,
            layer=layer,
            head=head,
            token=len(sentences[sentence]) - 1 if token is None else token,
        )

    @traitlets.validate("sentence", "layer", "head", "token")
    def _is_there(self, proposal: dict) -> int:
        ends = {
            "sentence": len(self.sentences),
            "layer": len(self.weights[0]),
            "head": len(self.weights[0][0]),
            "token": max(map(len, self.sentences)),
        }
        name = proposal["trait"].name
        return within(name, proposal["value"], 0, ends[name] - 1)

    def shares(self) -> Float[Tensor, "query key"]:
        """The weights of the head shown, as the page has them."""
        rows = self.weights[self.sentence][self.layer][self.head]
        return torch.tensor([row + [0.0] * (len(rows) - len(row)) for row in rows])

    def _figure(self) -> Figure:
        words, shares = self.sentences[self.sentence], self.shares()
        token = min(self.token, len(words) - 1)
        figure, (top, bottom) = new_figure(
            2, height=3.6, gridspec_kw={"height_ratios": [3, 1]}, sharex=True
        )
        top.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
        top.grid(visible=False)
        top.axhspan(token - 0.5, token + 0.5, fill=False, edgecolor=VERMILLION, linewidth=1.5)
        top.set_yticks(range(len(words)), words, fontsize=8)
        top.set_title(f"Layer {self.layer + 1}, head {self.head + 1}: row looks at column")
        bottom.bar(range(len(words)), shares[token].tolist(), color=BLUE)
        bottom.set_xticks(range(len(words)), words, fontsize=8, rotation=90)
        bottom.set(ylabel="weight", ylim=(0, 1), title=f"What “{words[token]}” looks at")
        return figure


def _check(name: str, shares: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(shares.shape) != shape or 0 in shape:
        raise ValueError(
            f"{name} must be (layers, heads, query, key) = {shape}, got {tuple(shares.shape)}"
        )
    totals = shares.sum(dim=-1)
    if not ((shares >= 0).all() and (totals - 1).abs().max() < 1e-3):
        raise ValueError(f"{name} must have rows of shares that sum to 1, got {shares}")


def _rows(shares: Tensor) -> list:
    """Nested lists of rounded shares, without the zeros at the end of each row."""

    def row(values: list[float]) -> list[float]:
        kept = [round(value, DIGITS) for value in values]
        while len(kept) > 1 and kept[-1] == 0:
            kept.pop()
        return kept

    return [[[row(q) for q in head] for head in layer] for layer in shares.double().tolist()]
