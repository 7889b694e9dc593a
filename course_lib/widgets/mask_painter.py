"""Widget: click the cells of a mask; each row's weights and its output follow."""

from collections.abc import Callable

import torch
import traitlets
from jaxtyping import Bool, Float
from matplotlib.figure import Figure
from torch import Tensor

from course_lib.nn.attention import attention_weights
from course_lib.nn.masks import causal_mask, padding_mask
from course_lib.nn.sparse import sliding_window_mask
from course_lib.plotting import BLUE, GREY, VERMILLION, new_figure
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.source import source
from course_lib.widgets.validation import one_of, within

N = 6
WORDS = ["we", "the", "people", "of", "these", "states"]
PAD = "[pad]"
METHODS = ("before", "after", "zero")


def _padding_behind() -> Bool[Tensor, "query key"]:
    return padding_mask(torch.tensor([N - 2]), N).expand(N, N)


PRESETS: dict[str, tuple[list[str], Callable[[], Bool[Tensor, "query key"]]]] = {
    "all may see all": (WORDS, lambda: torch.ones(N, N, dtype=torch.bool)),
    "causal": (WORDS, lambda: causal_mask(N)),
    "causal, window of 3": (WORDS, lambda: sliding_window_mask(N, 3)),
    "padding at the end": ([*WORDS[:4], PAD, PAD], _padding_behind),
    "causal, padding at the end": (
        [*WORDS[:4], PAD, PAD],
        lambda: causal_mask(N) & _padding_behind(),
    ),
    "causal, padding in front": (
        [PAD, PAD, *WORDS[:4]],
        lambda: causal_mask(N) & _padding_behind().flip(1),
    ),
    "causal, off by one": (WORDS, lambda: torch.ones(N, N, dtype=torch.bool).tril(1)),
}
"""By name: the tokens, and who may attend to whom."""


class MaskPainter(CourseWidget):
    """Six tokens with fixed scores; the value of each is its place, 1 to 6.

    So a row's output is the mean place that it looks at. Scores are those of queries and keys
    drawn independently from the standard normal distribution, divided by √d_head.
    """

    _esm = source("shares.js", "mask_painter.js")

    presets = traitlets.List(traitlets.Dict()).tag(sync=True)
    """What may be chosen: name, tokens and mask of each."""
    preset = traitlets.Unicode("causal").tag(sync=True)
    """Name of the preset shown; empty once a cell was changed."""
    tokens = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Names of the rows and columns."""
    mask = traitlets.List(traitlets.List(traitlets.Bool())).tag(sync=True)
    """True where the row may look at the column."""
    scores = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    """Scores before the mask, [query][key]."""
    values = traitlets.List(traitlets.Float()).tag(sync=True)
    """The value of each token."""
    method = traitlets.Unicode("before").tag(sync=True)
    """How the mask is used: "before" the softmax (right), "after" it, or scores set to "zero"."""
    query = traitlets.Int(2).tag(sync=True)
    """Row chosen."""
    key = traitlets.Int(3).tag(sync=True)
    """Column chosen."""

    def __init__(
        self,
        preset: str = "causal",
        method: str = "before",
        query: int = 2,
        key: int = 3,
        seed: int = 0,
    ) -> None:
        tokens, mask = PRESETS[one_of("preset", preset, list(PRESETS))]
        generator = torch.Generator().manual_seed(seed)
        q, k = torch.randn(2, N, 16, generator=generator, dtype=torch.float64)
        super().__init__(
            presets=[
                {"name": name, "tokens": words, "mask": rows().tolist()}
                for name, (words, rows) in PRESETS.items()
            ],
            preset=preset,
            tokens=tokens,
            mask=mask().tolist(),
            scores=(q @ k.T / 16**0.5).tolist(),
            values=[float(place) for place in range(1, N + 1)],
            method=method,
            query=query,
            key=key,
        )

    @traitlets.validate("method")
    def _method_is_known(self, proposal: dict) -> str:
        return one_of("method", proposal["value"], METHODS)

    @traitlets.validate("query", "key")
    def _is_there(self, proposal: dict) -> int:
        return within(proposal["trait"].name, proposal["value"], 0, N - 1)

    @traitlets.validate("mask")
    def _mask_is_square(self, proposal: dict) -> list[list[bool]]:
        sizes = [len(row) for row in proposal["value"]]
        if sizes != [N] * N:
            raise ValueError(f"mask must be {N} rows of {N}, got rows of {sizes}")
        return proposal["value"]

    def weights(self) -> Float[Tensor, "query key"]:
        """Each row's weights, for the mask and the way it is used."""
        scores = torch.tensor(self.scores, dtype=torch.float64)
        mask = torch.tensor(self.mask)
        root, units = N**0.5, torch.eye(N, dtype=torch.float64)
        if self.method == "before":
            return attention_weights(root * scores, units, mask)
        if self.method == "after":
            return attention_weights(root * scores, units) * mask
        return attention_weights(root * scores * mask, units)

    def outputs(self) -> Float[Tensor, "query"]:
        """Each row's weighted mean of the values."""
        return self.weights() @ torch.tensor(self.values, dtype=torch.float64)

    def sees_ahead(self) -> list[bool]:
        """Of each row, whether a later token can change its output.

        It can through a weight of its own. Where weights are set to 0 only after the softmax, it
        also can through the total that all of them were divided by.
        """
        mask = torch.tensor(self.mask)
        if self.method == "before":
            return mask.triu(1).any(dim=1).tolist()
        ahead = mask.any(dim=1) | (self.method == "zero")
        return [*ahead[:-1].tolist(), False]

    def _figure(self) -> Figure:
        weights, outputs = self.weights(), self.outputs()
        figure, (top, bottom) = new_figure(2, height=3.0)
        top.imshow(weights.numpy(), cmap="Blues", vmin=0, vmax=1.5)
        top.grid(visible=False)
        top.set_xticks(range(N), self.tokens, fontsize=9)
        top.set_yticks(range(N), self.tokens, fontsize=9)
        top.set_title("Weights: row looks at column")
        for i, row in enumerate(self.mask):
            for j, allowed in enumerate(row):
                shown = allowed or weights[i, j] > 0
                words = f"{weights[i, j]:.2f}" if shown else "–"
                top.text(j, i, words, ha="center", va="center", fontsize=9)
        rows = torch.arange(1, N + 1)
        colours = [VERMILLION if ahead else BLUE for ahead in self.sees_ahead()]
        bottom.scatter(rows, rows, marker="|", s=200, color=GREY, label="own place")
        bottom.scatter(outputs, rows, color=colours, zorder=3, label="output")
        bottom.set_yticks(rows, self.tokens, fontsize=9)
        bottom.invert_yaxis()
        bottom.set(xlim=(0, N + 0.5), xlabel="place in the sequence", title="Mean place looked at")
        return figure
