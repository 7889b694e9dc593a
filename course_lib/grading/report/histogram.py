"""How points are distributed, as a small picture that needs no other file."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from course_lib.plotting import BLUE, CARD, GREY, INK, PALE, STYLE

MOST_BARS = 12  # more points than that share bars
# Margins of our own: finding them by drawing everything twice takes most of a picture's time.
SMALL = {"xtick.labelsize": 9, "ytick.labelsize": 9, "figure.constrained_layout.use": False}
LEFT, BOTTOM, EDGE = 0.42, 0.28, 0.08  # inches: for 2,000 students and a line of numbers
IN_THE_DARK = {BLUE: "#56b4e9", CARD: "#1c2025", GREY: "#a2aab3", INK: "#e6e8ea", PALE: "#3b4148"}


def histogram(points: Sequence[float], max_points: float, size: tuple[float, float]) -> str:
    """The SVG image as a data URI: how many students have how many of the points."""
    edges, counts = count(points, max_points)
    with mpl.rc_context(STYLE | SMALL):
        figure = Figure(figsize=size)
        axes = figure.add_subplot()
        figure.subplots_adjust(
            left=LEFT / size[0],
            right=1 - EDGE / size[0],
            bottom=BOTTOM / size[1],
            top=1 - EDGE / size[1],
        )
        axes.bar(edges[:-1], counts, np.diff(edges) * 0.86, align="edge", color=BLUE)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, max(1, *counts) * 1.08)
        axes.xaxis.set_major_locator(MultipleLocator(1) if max_points <= 8 else MaxNLocator(5))
        axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        axes.grid(visible=False, axis="x")
        axes.tick_params(length=0)
        axes.spines["left"].set_visible(False)
        buffer = io.BytesIO()
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=metadata)
    image = _for_light_and_dark(buffer.getvalue().decode())
    return "data:image/svg+xml;base64," + base64.b64encode(image.encode()).decode()


def _for_light_and_dark(svg: str) -> str:
    """The image with variables in place of its colours, set by what the reader prefers."""
    light, dark = "", ""
    for number, (colour, in_the_dark) in enumerate(IN_THE_DARK.items()):
        svg = svg.replace(colour.lower(), f"var(--c{number})")
        light += f"--c{number}: {colour};"
        dark += f"--c{number}: {in_the_dark};"
    style = f":root {{{light}}} @media (prefers-color-scheme: dark) {{ :root {{{dark}}} }}"
    return svg.replace("<defs>", f"<style>{style}</style><defs>", 1)


def in_words(points: Sequence[float], max_points: float) -> str:
    """The same as a sentence, for who does not see the picture."""
    edges, counts = count(points, max_points)
    whole = len(counts) == round(max_points) + 1
    bars = [
        f"{count} with {round((low + high) / 2) if whole else f'{low:g} to {high:g}'}"
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
        if count
    ]
    return f"Students by points of {max_points:g}: {', '.join(bars) or 'none'}."


def count(points: Sequence[float], max_points: float) -> tuple[np.ndarray, np.ndarray]:
    """The edges of the bars and the number of students in each: a bar for each point if few."""
    if max_points <= MOST_BARS:
        edges = np.arange(round(max_points) + 2) - 0.5
    else:
        edges = np.linspace(0, max_points, MOST_BARS + 1)
    counts, _ = np.histogram(np.clip(points, edges[0], edges[-1]), edges)
    return edges, counts
