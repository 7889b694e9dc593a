"""Interactive figures: each computes in the page, and in Jupyter also talks to Python."""

from course_lib.widgets.bias_variance import BiasVariance
from course_lib.widgets.double_descent import DoubleDescent
from course_lib.widgets.optimizer_race import OptimizerRace
from course_lib.widgets.polynomial_fit import PolynomialFit

__all__ = ["BiasVariance", "DoubleDescent", "OptimizerRace", "PolynomialFit"]
