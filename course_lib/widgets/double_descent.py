"""Widget: the double-descent curve of a recorded run, with its ridge strength and label noise."""

from collections.abc import Mapping
from typing import Any

import traitlets
from matplotlib.figure import Figure

from course_lib.plotting import DATA, GREEN, TRAINING, VALIDATION, label_line, new_figure
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.source import source
from course_lib.widgets.validation import number_list, one_of

CURVES = ("train_error", "test_error")


class DoubleDescent(CourseWidget):
    """Training and test error against the number of features, as they were computed and recorded.

    `record` maps n_train to a count; n_features, alphas (ridge strengths, 0 first if there) and
    noise (shares of wrong labels) to increasing lists; train_error, test_error and, if known,
    weight_norm to nested lists [noise][alpha][feature]; error_name, optional, to the name of the
    error. Nothing is interpolated: the sliders stop only where something was computed.
    """

    _esm = source("double_descent.js")

    record = traitlets.Dict().tag(sync=True)
    """The recorded run, reduced to what is drawn."""
    alpha = traitlets.Float().tag(sync=True)
    """Ridge strength shown, one of the record's."""
    noise = traitlets.Float().tag(sync=True)
    """Share of wrong training labels shown, one of the record's."""
    n_features = traitlets.Int().tag(sync=True)
    """Number of features read off, one of the record's."""

    def __init__(
        self,
        record: Mapping[str, Any],
        alpha: float = 0.0,
        noise: float | None = None,
        n_features: int | None = None,
    ) -> None:
        checked = _checked(record)
        counts, n_train = checked["n_features"], checked["n_train"]
        if n_features is None:  # the count nearest to the threshold
            n_features = min(counts, key=lambda count: abs(count - n_train))
        super().__init__(
            record=checked,
            alpha=one_of("alpha", alpha, checked["alphas"]),
            noise=one_of(
                "noise", checked["noise"][-1] if noise is None else noise, checked["noise"]
            ),
            n_features=one_of("n_features", n_features, counts),
        )

    @traitlets.validate("alpha")
    def _alpha_was_computed(self, proposal: dict) -> float:
        return one_of("alpha", proposal["value"], self.record["alphas"])

    @traitlets.validate("noise")
    def _noise_was_computed(self, proposal: dict) -> float:
        return one_of("noise", proposal["value"], self.record["noise"])

    @traitlets.validate("n_features")
    def _feature_count_was_computed(self, proposal: dict) -> int:
        return one_of("n_features", proposal["value"], self.record["n_features"])

    def curve(self, name: str) -> list[float]:
        """One of the record's curves (train_error, …) at the chosen noise and ridge strength."""
        noise = self.record["noise"].index(self.noise)
        return self.record[name][noise][self.record["alphas"].index(self.alpha)]

    def _figure(self) -> Figure:
        names = [*CURVES, *(["weight_norm"] if "weight_norm" in self.record else [])]
        figure, axes = new_figure(len(names) - 1, 1, squeeze=False)
        panels = [axes[0, 0], axes[0, 0], axes[-1, 0]]
        colours, labels = (TRAINING, VALIDATION, GREEN), ("training", "test", "")
        x = self.record["n_features"]
        for name, panel, colour, label in zip(names, panels, colours, labels, strict=False):
            (line,) = panel.plot(x, self.curve(name), color=colour)
            label_line(line, label)
        for panel in axes[:, 0]:
            panel.axvline(self.record["n_train"], color=DATA, linestyle="--", linewidth=1)
            panel.set(
                xscale="log" if x[-1] > 20 * x[0] else "linear", xlabel="number of features p"
            )
        largest = max(max(row) for level in self.record["test_error"] for row in level)
        axes[0, 0].set(ylabel=self.record["error_name"], yscale="log" if largest > 3 else "linear")
        axes[0, 0].set_title(f"Ridge α = {self.alpha:g}, {self.noise:.0%} wrong labels")
        if "weight_norm" in self.record:
            axes[-1, 0].set(ylabel="‖weights‖", yscale="log")
        return figure


def _checked(record: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a record that the widget draws, if their shapes fit together."""
    missing = [
        name for name in ("n_train", "n_features", "alphas", "noise", *CURVES) if name not in record
    ]
    if missing:
        raise ValueError(f"record must have the keys {missing}, got only {sorted(record)}")
    axes = {
        name: number_list(f"record[{name!r}]", record[name])
        for name in ("noise", "alphas", "n_features")
    }
    for name, values in axes.items():
        if values != sorted(set(values)) or values[0] < 0:
            raise ValueError(f"record[{name!r}] must increase from 0 or more, got {values}")
    axes["n_features"] = [int(count) for count in axes["n_features"]]
    shape = tuple(len(values) for values in axes.values())
    curves = {}
    for name in (*CURVES, "weight_norm"):
        if name in record:
            curves[name] = [
                [number_list(f"record[{name!r}]", row) for row in level] for level in record[name]
            ]
            got = {
                (len(curves[name]), len(level), len(row)) for level in curves[name] for row in level
            }
            if got != {shape}:
                raise ValueError(f"record[{name!r}] must have the shape {shape}, got {sorted(got)}")
    error_name = str(record.get("error_name", "error"))
    return {"n_train": int(record["n_train"]), "error_name": error_name, **axes, **curves}
