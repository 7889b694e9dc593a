"""The polynomial widget fits as course_lib does, at every degree."""

import pytest
import torch
from examples import data, polynomial_fit

from course_lib.overfitting.polynomial import (
    fit_least_squares,
    parabola,
    polynomial_features,
    rmse,
)
from course_lib.widgets.curves import PARABOLA
from course_lib.widgets.polynomial_fit import PolynomialFit

# Singular values down to rcond = 1e-10 of the largest are kept, and rounding (1e-16) moves those by
# up to 1e-6 of themselves: so do the fit's values at its own points (5e-7 at most, over 200 data
# sets of 15 to 30 points). Between the points a fit of high degree magnifies that (6e-4 at most).
AT_POINTS, BETWEEN = 1e-5, 1e-3


def shown_number(page, name: str) -> float:
    cell = page.locator("output .cw-number", has=page.locator(".cw-name", has_text=name))
    return float(cell.locator(".cw-digits").inner_text().replace("−", "-"))


def test_true_curve_is_the_librarys():
    x = torch.linspace(0, 1, 11, dtype=torch.float64)
    weights = torch.tensor(PARABOLA, dtype=torch.float64)
    torch.testing.assert_close(polynomial_features(x, 2) @ weights, parabola(x))


def test_figure_draws_the_points_the_fit_and_both_errors():
    widget = polynomial_fit(degree=4)
    x, y, x_new, y_new = data(0)
    top, bottom = widget.figure().axes
    _, validation, training, fit = top.lines
    assert training.get_xydata().tolist() == torch.stack([x, y], dim=1).tolist()
    assert validation.get_xydata().tolist() == torch.stack([x_new, y_new], dim=1).tolist()
    weights = fit_least_squares(polynomial_features(x, 4), y)
    grid = torch.tensor(fit.get_xdata().tolist(), dtype=torch.float64)
    expected = polynomial_features(grid, 4) @ weights
    torch.testing.assert_close(torch.as_tensor(fit.get_ydata()), expected)
    drawn = bottom.lines[1].get_ydata()[4]
    assert drawn == pytest.approx(rmse(polynomial_features(x_new, 4) @ weights, y_new).item())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"degree": 31}, "degree must lie between 0 and 30, got 31"),
        ({"degree": -1}, "degree must lie between 0 and 30, got -1"),
        ({"max_degree": 0, "degree": 0}, "max_degree must lie between 1 and 60, got 0"),
        ({"y_train": [1.0]}, r"y_train must have as many entries as x_train \(30\), got 1"),
        ({"x_validation": []}, "x_validation must hold at least one number"),
        ({"y_validation": [float("nan")] * 30}, "y_validation must be finite, got nan"),
    ],
)
def test_bad_input_is_named(changes, message):
    names = ("x_train", "y_train", "x_validation", "y_validation")
    with pytest.raises(ValueError, match=message):
        PolynomialFit(**dict(zip(names, data(0), strict=True)) | changes)


def test_a_bad_degree_set_later_is_refused():
    widget = polynomial_fit()
    with pytest.raises(ValueError, match="degree must lie between 0 and 30, got 99"):
        widget.degree = 99
    assert widget.degree == 9


@pytest.mark.browser
@pytest.mark.parametrize("n", [5, 20, 30])
def test_page_fits_as_python_does(show, n):
    page = show(polynomial_fit())
    grid = torch.linspace(0, 1, 101, dtype=torch.float64)
    for seed in range(4):
        x, y, _, _ = data(seed, n)
        call = """([x, y, grid, rcond]) => Array.from({ length: 31 }, (_, degree) =>
            widget.evaluate(widget.fit(x, y, degree, rcond), grid))"""
        inputs = [
            x.tolist(),
            y.tolist(),
            [*x.tolist(), *grid.tolist()],
            PolynomialFit.rcond.default_value,
        ]
        values = page.evaluate(call, inputs)
        for degree in range(31):
            weights = fit_least_squares(polynomial_features(x, degree), y)
            expected = polynomial_features(torch.cat([x, grid]), degree) @ weights
            scale = expected.abs().max().item()
            difference = (torch.tensor(values[degree], dtype=torch.float64) - expected).abs()
            assert difference.max().item() <= BETWEEN * scale, (seed, degree)
            assert difference[:n].max().item() <= AT_POINTS * y.abs().max().item(), (seed, degree)


@pytest.mark.browser
def test_keyboard_moves_the_degree_and_the_numbers_are_pythons(show):
    widget = polynomial_fit()
    page = show(widget)
    page.get_by_label("Degree of the polynomial").focus()
    x, y, x_new, y_new = data(0)
    for key, degree in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("End", 30)):
        page.keyboard.press(key)
        assert page.evaluate("model.get('degree')") == degree
        weights = fit_least_squares(polynomial_features(x, degree), y)
        training = rmse(polynomial_features(x, degree) @ weights, y).item()
        validation = rmse(polynomial_features(x_new, degree) @ weights, y_new).item()
        assert shown_number(page, "Training RMSE") == pytest.approx(training, rel=6e-3)
        assert shown_number(page, "Validation RMSE") == pytest.approx(validation, rel=6e-3)


@pytest.mark.browser
def test_page_follows_python(show):
    page = show(polynomial_fit())
    page.evaluate("model.set('degree', 1)")
    assert shown_number(page, "Degree") == 1
    assert page.get_by_label("Degree of the polynomial").input_value() == "1"
