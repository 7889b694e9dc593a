"""Widget: optimizers race over a surface from one starting point."""

from collections.abc import Callable, Mapping, Sequence

import torch
import traitlets
from matplotlib.figure import Figure

from course_lib.gradients import optimizers, surfaces
from course_lib.plotting import BLUE, GREEN, GREY, INK, OCHRE, PURPLE, VERMILLION, new_figure
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.source import source
from course_lib.widgets.validation import number_list, one_of, positive, within

MAX_STEPS = 500
FAR = 1e6  # further out than this a run has diverged, and stops
LEVELS = tuple(10.0**power for power in (-2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3))

# Name, step, colour and dashes of each optimizer, in the order of the table.
LANES: dict[str, tuple[str, Callable, str, str]] = {
    "sgd": ("SGD", optimizers.sgd_step, INK, "-"),
    "momentum": ("Momentum", optimizers.momentum_step, BLUE, "-"),
    "adagrad": ("AdaGrad", optimizers.adagrad_step, GREEN, "--"),
    "adadelta": ("AdaDelta", optimizers.adadelta_step, OCHRE, "--"),
    "adam": ("Adam", optimizers.adam_step, VERMILLION, "-"),
    "adamw": ("AdamW", optimizers.adamw_step, PURPLE, ":"),
}
SURFACES = {surface.name.lower(): surface for surface in surfaces.SURFACES}
# Learning rates at which each optimizer does respectably on a surface, in the order of LANES.
LEARNING_RATES = {
    "ravine": (0.018, 0.002, 0.3, 5.0, 0.1, 0.2),
    "rosenbrock": (0.002, 0.001, 1.0, 3.0, 0.2, 0.5),
    "saddle": (0.1, 0.02, 0.1, 3.0, 0.05, 0.02),
}


class OptimizerRace(CourseWidget):
    """The paths of several optimizers over contour lines, and their losses, step by step.

    The page runs the update rules of `course_lib.gradients.optimizers` on the surfaces of
    `course_lib.gradients.surfaces`.
    """

    _esm = source(
        "optimizers.js", "contours.js", "race_map.js", "optimizer_rows.js", "optimizer_race.js"
    )

    surface = traitlets.Unicode("ravine").tag(sync=True)
    """Surface raced on, a key of `surfaces`; a new one brings its own start and learning rates."""
    surfaces = traitlets.Dict().tag(sync=True)
    """What the page needs of each surface: label, start, minima, ranges, learning rates."""
    levels = traitlets.List(traitlets.Float(), list(LEVELS)).tag(sync=True)
    """Heights above the minimum at which contour lines are drawn."""
    learning_rates = traitlets.Dict().tag(sync=True)
    """Learning rate of each optimizer; one that is left out gets the surface's own."""
    start = traitlets.List(traitlets.Float()).tag(sync=True)
    """Where all of them start, [x, y]."""
    n_steps = traitlets.Int(60).tag(sync=True)
    """Steps taken so far."""
    max_steps = traitlets.Int(MAX_STEPS).tag(sync=True)
    """Steps after which the race ends."""
    shown = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """The optimizers taking part."""

    def __init__(
        self,
        surface: str = "ravine",
        n_steps: int = 60,
        start: Sequence[float] | None = None,
        learning_rates: Mapping[str, float] | None = None,
        shown: Sequence[str] = tuple(LANES),
    ) -> None:
        one_of("surface", surface, list(SURFACES))
        described = {name: _described(name) for name in SURFACES}
        super().__init__(
            surfaces=described,
            surface=surface,
            n_steps=within("n_steps", n_steps, 0, MAX_STEPS),
            start=number_list("start", described[surface]["start"] if start is None else start),
            learning_rates=dict(learning_rates or {}),
            shown=list(shown),
        )
        self.observe(self._start_over, "surface")

    def _start_over(self, _change: dict) -> None:
        surface = self.surfaces[self.surface]
        with self.hold_sync():
            self.start = surface["start"]
            self.learning_rates = surface["learning_rates"]

    @traitlets.validate("surface")
    def _surface_is_known(self, proposal: dict) -> str:
        return one_of("surface", proposal["value"], list(SURFACES))

    @traitlets.validate("learning_rates")
    def _rates_are_positive(self, proposal: dict) -> dict[str, float]:
        given = {
            one_of("learning_rates' key", name, list(LANES)): positive(
                f"learning_rates[{name!r}]", rate
            )
            for name, rate in proposal["value"].items()
        }
        return self.surfaces[self.surface]["learning_rates"] | given

    @traitlets.validate("shown")
    def _optimizers_are_known(self, proposal: dict) -> list[str]:
        return [one_of("shown", name, list(LANES)) for name in proposal["value"]]

    @traitlets.validate("start")
    def _start_is_a_point(self, proposal: dict) -> list[float]:
        if len(proposal["value"]) != 2:
            raise ValueError(f"start must be a point [x, y], got {proposal['value']!r}")
        return number_list("start", proposal["value"])

    @traitlets.validate("n_steps")
    def _steps_are_bounded(self, proposal: dict) -> int:
        return within("n_steps", proposal["value"], 0, MAX_STEPS)

    def paths(self) -> dict[str, torch.Tensor]:
        """The places (n_steps + 1, 2) each optimizer visits; fewer if it diverges."""
        return {name: self._path(LANES[name][1], self.learning_rates[name]) for name in self.shown}

    def _path(self, step: Callable, learning_rate: float) -> torch.Tensor:
        place, state = torch.tensor(self.start, dtype=torch.float64), {}
        path = [place]
        for _ in range(self.n_steps):
            gradient = SURFACES[self.surface].gradient(place)
            place, state = step(place, gradient, state, learning_rate=learning_rate)
            path.append(place)
            if not place.norm() < FAR:
                break
        return torch.stack(path)

    def _figure(self) -> Figure:
        surface = SURFACES[self.surface]
        figure, (top, bottom) = new_figure(2, 1)
        x, y = (
            torch.linspace(*ends, 201, dtype=torch.float64)
            for ends in (surface.x_range, surface.y_range)
        )
        lowest = surface.function(torch.tensor(surface.minima[0], dtype=torch.float64))
        heights = (
            surface.function(torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)) - lowest
        )
        top.contour(x, y, heights, levels=self.levels, colors=GREY, linewidths=0.6)
        for name, path in self.paths().items():
            label, _, colour, dashes = LANES[name]
            top.plot(*path.T, dashes, color=colour, linewidth=1.5, label=label)
            top.plot(*path[-1], "o", color=colour)
            bottom.plot((surface.function(path) - lowest).clamp(1e-12, 1e9), dashes, color=colour)
        top.plot(*zip(*surface.minima, strict=True), "*", color=INK, markersize=12, linestyle="")
        top.set(xlim=surface.x_range, ylim=surface.y_range, xlabel="x", ylabel="y")
        top.set_title(f"{_label(self.surface)}\nafter {self.n_steps} steps")
        bottom.set(yscale="log", ylim=(1e-6, 1e4), xlabel="step", ylabel="loss above the minimum")
        figure.legend(loc="outside lower center", ncols=3)
        return figure


def _label(name: str) -> str:
    surface = SURFACES[name]
    return f"{surface.name.capitalize()}: {surface.formula}"


def _described(name: str) -> dict:
    """What the page needs to know of a surface, as plain data."""
    surface = SURFACES[name]
    return {
        "label": _label(name),
        "start": list(surface.start),
        "minima": [list(place) for place in surface.minima],
        "x_range": list(surface.x_range),
        "y_range": list(surface.y_range),
        "learning_rates": dict(zip(LANES, LEARNING_RATES[name], strict=True)),
    }
