"""What every widget has in common: the look, and a still figure of its state."""

from pathlib import Path

import anywidget
import matplotlib.pyplot as plt
from matplotlib.figure import Figure


class CourseWidget(anywidget.AnyWidget):
    """A widget that also draws itself without scripts; subclasses implement `_figure`."""

    _css = Path(__file__).with_name("widget.css").read_text(encoding="utf-8")

    def figure(self) -> Figure:
        """The same state as a still figure, for print and for readers without scripts."""
        figure = self._figure()
        plt.close(figure)  # left open, pyplot would show it once more at the end of the cell
        return figure

    def _figure(self) -> Figure:
        raise NotImplementedError
