"""Widget: walk through multi-head attention, step by step, with shapes and numbers."""

from collections.abc import Iterator

import torch
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_lib.nn.attention import attention_weights, scaled_dot_product_attention
from course_lib.nn.attention_layer import AttentionLayer
from course_lib.plotting import INK, new_figure
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.source import source
from course_lib.widgets.validation import one_of, within

MAX_BATCH, MAX_SEQ, N_STEPS = 3, 6, 8
WIDTHS = (4, 6, 8)
STEP = 0.5  # all numbers are multiples of it (of half of it in q and k, so that scores stay mild)


class MultiHeadShapes(CourseWidget):
    """Eight steps from x to the output, each with its matrices, for sizes that the reader chooses.

    The page computes what `MultiHeadAttention` without biases does; the weights of smaller sizes
    are the first rows and columns of the same tables.
    """

    _esm = source("matrix.js", "multi_head.js", "multi_head_steps.js", "multi_head_shapes.js")

    batch = traitlets.Int().tag(sync=True)
    """Number of sequences."""
    seq = traitlets.Int().tag(sync=True)
    """Tokens in each."""
    d_model = traitlets.Int().tag(sync=True)
    """Numbers of each token, one of WIDTHS."""
    n_heads = traitlets.Int().tag(sync=True)
    """Query heads; they divide d_model."""
    n_kv_heads = traitlets.Int().tag(sync=True)
    """Key and value heads; they divide n_heads."""
    step = traitlets.Int().tag(sync=True)
    """Step shown, counted from 1."""
    head = traitlets.Int().tag(sync=True)
    """Head looked at, counted from 1."""
    x = traitlets.List().tag(sync=True)
    """The input at its largest, (MAX_BATCH, MAX_SEQ, 8)."""
    q_weight = traitlets.List().tag(sync=True)
    """Weight of the query projection at its largest, (8, 8)."""
    k_weight = traitlets.List().tag(sync=True)
    """Weight of the key projection."""
    v_weight = traitlets.List().tag(sync=True)
    """Weight of the value projection."""
    out_weight = traitlets.List().tag(sync=True)
    """Weight of the output projection."""

    def __init__(
        self,
        batch: int = 2,
        seq: int = 5,
        d_model: int = 8,
        n_heads: int = 4,
        n_kv_heads: int = 2,
        step: int = 4,
        head: int = 1,
        seed: int = 0,
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        widest = max(WIDTHS)
        shapes = [(MAX_BATCH, MAX_SEQ, widest)] + 4 * [(widest, widest)]
        steps = (STEP, STEP / 2, STEP / 2, STEP, STEP)
        x, *weights = (
            (step_size * torch.randint(-2, 3, size, generator=generator)).tolist()
            for size, step_size in zip(shapes, steps, strict=True)
        )
        names = ("q_weight", "k_weight", "v_weight", "out_weight")
        super().__init__(
            x=x,
            **dict(zip(names, weights, strict=True)),
            batch=batch,
            seq=seq,
            d_model=d_model,
            n_heads=n_heads,
            n_kv_heads=n_kv_heads,
            step=step,
            head=head,
        )

    @traitlets.validate("batch")
    def _batch_is_offered(self, proposal: dict) -> int:
        return within("batch", proposal["value"], 1, MAX_BATCH)

    @traitlets.validate("seq")
    def _seq_is_offered(self, proposal: dict) -> int:
        return within("seq", proposal["value"], 2, MAX_SEQ)

    @traitlets.validate("d_model")
    def _width_is_offered(self, proposal: dict) -> int:
        one_of("d_model", proposal["value"], WIDTHS)
        self._sizes_fit(proposal["value"], self.n_heads, self.n_kv_heads)
        return proposal["value"]

    @traitlets.validate("n_heads")
    def _heads_fit(self, proposal: dict) -> int:
        self._sizes_fit(self.d_model, proposal["value"], self.n_kv_heads)
        return proposal["value"]

    @traitlets.validate("n_kv_heads")
    def _kv_heads_fit(self, proposal: dict) -> int:
        self._sizes_fit(self.d_model, self.n_heads, proposal["value"])
        return proposal["value"]

    @staticmethod
    def _sizes_fit(d_model: int, n_heads: int, n_kv_heads: int) -> None:
        if n_heads < 1 or d_model % n_heads:
            raise ValueError(f"n_heads must divide d_model = {d_model}, got {n_heads}")
        if n_kv_heads < 1 or n_heads % n_kv_heads:
            raise ValueError(f"n_kv_heads must divide n_heads = {n_heads}, got {n_kv_heads}")

    @traitlets.observe("n_heads")
    def _head_stays_among_them(self, change: dict) -> None:
        if 0 < change["new"] < self.head:
            self.head = change["new"]

    @traitlets.validate("step")
    def _step_is_there(self, proposal: dict) -> int:
        return within("step", proposal["value"], 1, N_STEPS)

    @traitlets.validate("head")
    def _head_is_there(self, proposal: dict) -> int:
        self._sizes_fit(self.d_model, self.n_heads, self.n_kv_heads)  # told before the head is
        return within("head", proposal["value"], 1, self.n_heads)

    def layer(self) -> AttentionLayer:
        """The attention whose steps are shown, in float64."""
        layer = AttentionLayer(
            self.d_model,
            self.n_heads,
            self.n_kv_heads,
            bias=False,
            attention=scaled_dot_product_attention,
        ).double()
        with torch.no_grad():
            for name in ("q", "k", "v", "out"):
                weight = getattr(layer, f"{name}_proj").weight
                rows, columns = weight.shape
                table = torch.tensor(getattr(self, f"{name}_weight"), dtype=torch.float64)
                weight.copy_(table[:rows, :columns])
        return layer

    def inputs(self) -> Tensor:
        """The input that is shown, (batch, seq, d_model)."""
        whole = torch.tensor(self.x, dtype=torch.float64)
        return whole[: self.batch, : self.seq, : self.d_model]

    @torch.no_grad()
    def _figure(self) -> Figure:
        layer, x = self.layer(), self.inputs()
        q = layer.split_heads(layer.q_proj(x))
        k, v = layer.keys_values(x)
        group = self.n_heads // self.n_kv_heads
        weights = attention_weights(q, k.repeat_interleave(group, dim=1))

        figure, axes = new_figure(3, 2, width=5.4, height=2.3)
        panels: Iterator[Axes] = iter(axes.flat)
        for name, tensor in (("x", x), ("q", layer.q_proj(x))):
            _sheet(next(panels), f"{name} {tuple(tensor.shape)}", tensor[0])
        for name, tensor in (("k", k), ("v", v)):
            joined = tensor.transpose(1, 2).flatten(2)
            _sheet(next(panels), f"{name} {tuple(joined.shape)}", joined[0])
        title = f"weights, head {self.head} of {self.n_heads}"
        _sheet(next(panels), title, weights[0, self.head - 1], digits=2)
        output = layer(x)
        _sheet(next(panels), f"output {tuple(output.shape)}", output[0])
        return figure


def _sheet(axes: Axes, title: str, matrix: Tensor, digits: int = 1) -> None:
    """One matrix with its numbers."""
    largest = max(matrix.abs().max().item(), 1e-9)
    axes.imshow(matrix.numpy(), cmap="RdBu", vmin=-1.8 * largest, vmax=1.8 * largest, aspect="auto")
    for (row, column), value in zip(
        torch.cartesian_prod(*map(torch.arange, matrix.shape)).tolist(),
        matrix.flatten().tolist(),
        strict=True,
    ):
        words = f"{value:.{digits}f}".replace("-", "−")
        axes.text(column, row, words, ha="center", va="center", fontsize=7, color=INK)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=10)
    axes.grid(False)
