"""Widget: draw data sets one after another, watch bias, variance and error build up."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import traitlets
from matplotlib.figure import Figure

from course_lib.overfitting.bias_variance import bias_variance
from course_lib.overfitting.polynomial import fit_least_squares, polynomial_features
from course_lib.plotting import BLUE, GREEN, GREY, INK, VERMILLION, new_figure
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.curves import PARABOLA, RCOND, float64
from course_lib.widgets.random_stream import RandomStream
from course_lib.widgets.source import source
from course_lib.widgets.validation import number_list, one_of, positive, within

MOST_DRAWS = 10_000
CURVES_KEPT = 50


class BiasVariance(CourseWidget):
    """Polynomial fits to fresh data sets, with running estimates of noise, bias² and variance.

    The page draws from the generator of `RandomStream`, so Python can repeat every data set.
    """

    _esm = source("least_squares.js", "random_stream.js", "ensemble.js", "bias_variance.js")

    degree = traitlets.Int(9).tag(sync=True)
    """Degree of every fit."""
    degrees = traitlets.List(traitlets.Int()).tag(sync=True)
    """Degrees offered."""
    n_draws = traitlets.Int(50).tag(sync=True)
    """Data sets drawn so far."""
    seed = traitlets.Int(0).tag(sync=True)
    """Start of the random stream."""
    noise = traitlets.Float(0.3).tag(sync=True)
    """Standard deviation of the noise, σ."""
    new_points = traitlets.Bool(False).tag(sync=True)
    """Whether each data set draws new x, uniform on [0, 1], and not only new noise."""
    x = traitlets.List(traitlets.Float()).tag(sync=True)
    """Inputs of a data set (only their number counts when `new_points` is set)."""
    x_validation = traitlets.List(traitlets.Float()).tag(sync=True)
    """Inputs at which the fits are judged."""
    coefficients = traitlets.List(traitlets.Float(), list(PARABOLA)).tag(sync=True)
    """The true curve, in increasing powers of x."""
    rcond = traitlets.Float(RCOND).tag(sync=True)
    """Singular values below this share of the largest count as zero."""
    y_range = traitlets.List(traitlets.Float(), [0.0, 4.0]).tag(sync=True)
    """Part of the y axis drawn."""

    def __init__(
        self,
        x: Iterable[float] | None = None,
        x_validation: Iterable[float] | None = None,
        noise: float = 0.3,
        degree: int = 9,
        n_draws: int = 50,
        seed: int = 0,
        new_points: bool = False,
        degrees: Sequence[int] = (0, 1, 2, 3, 5, 9, 15, 30),
    ) -> None:
        super().__init__(
            x=number_list("x", np.linspace(0, 1, 30) if x is None else x),
            x_validation=number_list(
                "x_validation", np.linspace(0, 1, 51) if x_validation is None else x_validation
            ),
            noise=positive("noise", noise),
            degrees=list(degrees),
            degree=one_of("degree", degree, degrees),
            n_draws=within("n_draws", n_draws, 0, MOST_DRAWS),
            seed=within("seed", seed, 0, 2**32 - 1),
            new_points=new_points,
        )

    @traitlets.validate("degree")
    def _degree_is_offered(self, proposal: dict) -> int:
        return one_of("degree", proposal["value"], self.degrees)

    @traitlets.validate("n_draws")
    def _draws_are_bounded(self, proposal: dict) -> int:
        return within("n_draws", proposal["value"], 0, MOST_DRAWS)

    def draw(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The weights (n_draws, degree + 1) of all fits, and their MSEs (n_draws,) on new y."""
        random, n = RandomStream(self.seed), len(self.x)
        truth, points = float64(self.coefficients), float64(self.x)
        judged = float64(self.x_validation)
        xs, ys, noises = [], [], []
        for _ in range(self.n_draws):
            x = torch.from_numpy(random.uniform(n)) if self.new_points else points
            xs.append(polynomial_features(x, self.degree))
            clean = polynomial_features(x, len(truth) - 1) @ truth
            ys.append(clean + self.noise * torch.from_numpy(random.normal(n)))
            noises.append(self.noise * torch.from_numpy(random.normal(len(judged))))
        if not xs:
            return torch.zeros(0, self.degree + 1).double(), torch.zeros(0).double()
        weights = fit_least_squares(torch.stack(xs), torch.stack(ys))
        fresh = polynomial_features(judged, len(truth) - 1) @ truth + torch.stack(noises)
        predictions = weights @ polynomial_features(judged, self.degree).T
        return weights, (fresh - predictions).square().mean(dim=1)

    def summary(self) -> dict[str, float]:
        """The numbers that the widget shows: noise, bias_squared, variance, total, measured."""
        weights, errors = self.draw()
        truth, judged = float64(self.coefficients), float64(self.x_validation)
        true_mean = polynomial_features(judged, len(truth) - 1) @ truth
        bias_squared = variance = measured = 0.0
        if self.n_draws:
            predictions = weights @ polynomial_features(judged, self.degree).T
            bias_squared, variance = map(float, bias_variance(predictions, true_mean))
            measured = float(errors.mean())
        noise = self.noise**2
        terms = {"noise": noise, "bias_squared": bias_squared, "variance": variance}
        return terms | {"total": noise + bias_squared + variance, "measured": measured}

    def _figure(self) -> Figure:
        weights, _ = self.draw()
        figure, (top, bottom) = new_figure(2, 1)
        grid = torch.linspace(0, 1, 101, dtype=torch.float64)
        features = polynomial_features(grid, self.degree)
        for curve in weights[-CURVES_KEPT:] @ features.T:
            top.plot(grid, curve, color=VERMILLION, linewidth=0.8, alpha=0.35)
        if self.n_draws:
            top.plot(
                grid,
                features @ weights.mean(dim=0),
                color=BLUE,
                linewidth=3,
                label="mean of the fits",
            )
        truth = polynomial_features(grid, len(self.coefficients) - 1)
        top.plot(grid, truth @ float64(self.coefficients), "--", color=INK, label="truth")
        top.set(xlim=(0, 1), ylim=self.y_range, xlabel="x", ylabel="y")
        top.set_title(f"{self.n_draws} fits of degree {self.degree}")
        top.legend()

        terms, below = self.summary(), 0.0
        pieces = (
            ("noise", "noise σ²", GREY),
            ("bias_squared", "bias²", BLUE),
            ("variance", "variance", VERMILLION),
        )
        for key, name, colour in pieces:
            bottom.barh(1, terms[key], left=below, color=colour, label=name)
            below += terms[key]
        bottom.barh(0, terms["measured"], color=GREEN)
        bottom.set(yticks=[1, 0], yticklabels=["sum", "measured"], xlabel="squared error")
        bottom.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        return figure
