"""One look for every figure: colours that survive colour blindness, labels beside their lines.

A figure is an opaque near-white card, so that it reads the same on a light and on a dark page. It
is small in inches and large in type, because a phone shows it about 350 pixels wide. Nothing
changes on import; `new_figure` sets the style before it makes a figure.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

# Okabe and Ito's colours (2008), darkened where needed: each also reads as text, 4.5 : 1 on CARD.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#BF4F00", "#007A59", "#A8447F"
OCHRE, SKY = "#8F6400", "#2F7AAB"
INK, GREY, PALE, CARD = "#1F2328", "#60666D", "#D8DBDF", "#FCFCFA"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, OCHRE, INK)

# The same thing has the same colour on every page.
TRAINING, VALIDATION, TRUTH, DATA = BLUE, VERMILLION, INK, GREY
NOISE, BIAS, VARIANCE = PALE, BLUE, VERMILLION

STYLE: dict[str, Any] = {
    "figure.facecolor": CARD,
    "figure.edgecolor": CARD,
    "savefig.facecolor": CARD,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.12,
    "figure.constrained_layout.w_pad": 0.12,
    "axes.facecolor": CARD,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=COLOURS),
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "text.color": INK,
    "lines.linewidth": 2.0,
    "lines.markersize": 5,
    "image.cmap": "cividis",
    "svg.hashsalt": "from-overfitting-to-llms",
}


def use_course_style() -> None:
    """Make the course's look the default of this process and, in a notebook, figures crisp SVG."""
    mpl.rcParams.update(STYLE)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # a plain Python process: figures are saved, not shown
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", bbox_inches=None, metadata={"Date": None})


def new_figure(
    n_rows: int = 1, n_columns: int = 1, *, width: float = 5.4, height: float = 3.4, **subplots: Any
) -> tuple[Figure, Any]:
    """A figure in the course's look, and its axes as `plt.subplots` gives them.

    `height` is that of one row. Prefer rows to columns: on a phone, panels side by side are small.
    """
    use_course_style()
    return plt.subplots(n_rows, n_columns, figsize=(width, height * n_rows), **subplots)


def label_line(
    line: Line2D,
    text: str,
    *,
    at: float | None = None,
    offset: tuple[float, float] = (0, 8),
    **style: Any,
) -> Annotation:
    """Write `text` beside `line`, in its colour, in place of a legend.

    `at` is the place on the x axis (by default the line's right end); `offset` moves the text from
    there, in points. The text is centred on that place, or ends there when it is the right end.
    """
    xs = [float(value) for value in line.get_xdata()]
    nearest = len(xs) - 1 if at is None else min(range(len(xs)), key=lambda i: abs(xs[i] - at))
    point = (xs[nearest], float(line.get_ydata()[nearest]))
    placement = {"ha": "right" if at is None else "center", "va": "center", "fontsize": 11}
    halo = {"boxstyle": "square,pad=0.1", "facecolor": CARD, "edgecolor": "none", "alpha": 0.8}
    return line.axes.annotate(
        text,
        point,
        xytext=offset,
        textcoords="offset points",
        color=readable(line.get_color()),
        bbox=halo,
        **placement | style,
    )


def band(
    axes: Axes, x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str
) -> PolyCollection:
    """Shade the range between `low` and `high`: a spread over seeds, an error bar, a quantile."""
    return axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def readable(colour: Any) -> tuple[float, float, float]:
    """`colour`, darkened until it contrasts with the card by 4.5 : 1, as WCAG 2.2 asks of text."""
    red, green, blue = to_rgb(colour)
    while _contrast((red, green, blue), to_rgb(CARD)) < 4.5:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return red, green, blue


def one_digit(value: float) -> str:
    """`value` to one digit, as it is read: 0.06, 300, and 2 × 10⁻¹⁸ rather than 2e-18."""
    digit, exponent = f"{value:.0e}".split("e")
    if -3 < int(exponent) < 4:
        return f"{float(digit) * 10 ** int(exponent):g}"
    return f"{digit} × 10" + str(int(exponent)).translate(
        str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    )


def _contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """WCAG 2.2's contrast ratio of two sRGB colours, between 1 and 21."""

    def luminance(rgb: Sequence[float]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
