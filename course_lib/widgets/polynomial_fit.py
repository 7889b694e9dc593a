"""Widget: drag the degree of a polynomial, watch the fit and both errors."""

from collections.abc import Iterable

import torch
import traitlets
from matplotlib.figure import Figure

from course_lib.overfitting.polynomial import fit_least_squares, polynomial_features, rmse
from course_lib.plotting import DATA, INK, TRAINING, VALIDATION, new_figure
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.curves import PARABOLA, RCOND, float64
from course_lib.widgets.source import source
from course_lib.widgets.validation import number_list, same_length, within


class PolynomialFit(CourseWidget):
    """Least-squares polynomials through the same points, degree by degree, with both errors.

    The page fits by minimum-norm least squares with `fit_least_squares`'s own `rcond`. At the
    training points the two agree to 1e-5 of y's size at any degree; between them, where a fit of
    high degree swings far out, to 1e-3 of the fit's size.
    """

    _esm = source("least_squares.js", "polynomial_fit.js")

    degree = traitlets.Int(9).tag(sync=True)
    """Degree shown."""
    max_degree = traitlets.Int(30).tag(sync=True)
    """Largest degree offered."""
    x_train = traitlets.List(traitlets.Float()).tag(sync=True)
    """Inputs of the training points."""
    y_train = traitlets.List(traitlets.Float()).tag(sync=True)
    """Outputs of the training points."""
    x_validation = traitlets.List(traitlets.Float()).tag(sync=True)
    """Inputs of the validation points."""
    y_validation = traitlets.List(traitlets.Float()).tag(sync=True)
    """Outputs of the validation points."""
    coefficients = traitlets.List(traitlets.Float()).tag(sync=True)
    """The true curve, in increasing powers of x; empty to leave it out."""
    rcond = traitlets.Float(RCOND).tag(sync=True)
    """Singular values below this share of the largest count as zero."""
    x_range = traitlets.List(traitlets.Float()).tag(sync=True)
    """Part of the x axis drawn."""
    y_range = traitlets.List(traitlets.Float()).tag(sync=True)
    """Part of the y axis drawn."""

    def __init__(
        self,
        x_train: Iterable[float],
        y_train: Iterable[float],
        x_validation: Iterable[float],
        y_validation: Iterable[float],
        degree: int = 9,
        max_degree: int = 30,
        coefficients: Iterable[float] | None = PARABOLA,
    ) -> None:
        points = {
            "x_train": number_list("x_train", x_train),
            "y_train": number_list("y_train", y_train),
            "x_validation": number_list("x_validation", x_validation),
            "y_validation": number_list("y_validation", y_validation),
        }
        for kind in ("train", "validation"):
            x_name, y_name = f"x_{kind}", f"y_{kind}"
            same_length(y_name, points[y_name], x_name, points[x_name])
        super().__init__(
            **points,
            max_degree=within("max_degree", max_degree, 1, 60),
            degree=within("degree", degree, 0, max_degree),
            coefficients=[] if coefficients is None else number_list("coefficients", coefficients),
            x_range=_padded(points["x_train"] + points["x_validation"], 0.02),
            y_range=_padded(points["y_train"] + points["y_validation"], 0.25),
        )

    @traitlets.validate("degree")
    def _degree_is_offered(self, proposal: dict) -> int:
        return within("degree", proposal["value"], 0, self.max_degree)

    def _figure(self) -> Figure:
        x, y = float64(self.x_train), float64(self.y_train)
        x_new, y_new = float64(self.x_validation), float64(self.y_validation)
        weights = [
            fit_least_squares(polynomial_features(x, degree), y)
            for degree in range(self.max_degree + 1)
        ]

        def error(degree: int, inputs: torch.Tensor, outputs: torch.Tensor) -> float:
            return float(rmse(polynomial_features(inputs, degree) @ weights[degree], outputs))

        figure, (top, bottom) = new_figure(2, 1)
        grid = torch.linspace(*self.x_range, 401, dtype=torch.float64)
        if self.coefficients:
            truth = polynomial_features(grid, len(self.coefficients) - 1)
            top.plot(grid, truth @ float64(self.coefficients), ":", color=DATA)
        top.plot(x_new, y_new, "o", color=VALIDATION, fillstyle="none", label="validation")
        top.plot(x, y, "o", color=TRAINING, label="training")
        top.plot(grid, polynomial_features(grid, self.degree) @ weights[self.degree], color=INK)
        top.set(xlim=self.x_range, ylim=self.y_range, xlabel="x", ylabel="y")
        top.set_title(f"Polynomial of degree {self.degree}")
        top.legend(ncols=2)

        degrees = range(self.max_degree + 1)
        errors = {
            "training": [error(degree, x, y) for degree in degrees],
            "validation": [error(degree, x_new, y_new) for degree in degrees],
        }
        for (name, values), colour in zip(errors.items(), (TRAINING, VALIDATION), strict=True):
            bottom.plot(degrees, values, color=colour, label=name)
        bottom.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        low = min(errors["training"]) / 1.5
        bottom.set(yscale="log", ylim=(low, min(1.5 * max(errors["validation"]), low * 1e4)))
        bottom.set(xlabel="degree", ylabel="RMSE (log scale)")
        bottom.axvline(self.degree, color=DATA, linestyle="--", linewidth=1)
        return figure


def _padded(values: list[float], share: float) -> list[float]:
    low, high = min(values), max(values)
    margin = share * ((high - low) or 1.0)
    return [low - margin, high + margin]
