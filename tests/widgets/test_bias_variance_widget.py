"""The bias–variance widget draws the same data sets in the page and in Python."""

import numpy as np
import pytest
import torch

from course_lib.overfitting.bias_variance import exact_bias_variance
from course_lib.widgets.bias_variance import BiasVariance
from course_lib.widgets.random_stream import RandomStream


def test_random_stream_does_not_depend_on_how_it_is_asked():
    whole, parts = RandomStream(7), RandomStream(7)
    assert whole.uniform(10).tolist() == [*parts.uniform(3), *parts.uniform(7)]
    assert RandomStream(7).uniform(10).tolist() != RandomStream(8).uniform(10).tolist()


def test_random_numbers_have_the_right_distribution():
    from scipy.stats import kstest

    assert kstest(RandomStream(1).uniform(100_000), "uniform").pvalue > 1e-6
    assert kstest(RandomStream(2).normal(100_000), "norm").pvalue > 1e-6


@pytest.mark.parametrize("degree", [1, 2, 9])
def test_estimates_tend_to_the_exact_terms(degree):
    widget = BiasVariance(degree=degree, n_draws=2_000)
    x = torch.tensor(widget.x, dtype=torch.float64)
    judged = torch.tensor(widget.x_validation, dtype=torch.float64)
    bias_squared, variance = exact_bias_variance(x, judged, degree, 0.3)
    found = widget.summary()
    # The variance of 2,000 fits has a relative error of at most √(2 / 2,000) = 0.03; allow five.
    assert found["variance"] == pytest.approx(variance.item(), rel=0.15)
    chance = 10 * variance.item() / 2_000
    assert found["bias_squared"] == pytest.approx(bias_squared.item(), rel=0.1, abs=chance)
    assert found["measured"] == pytest.approx(found["total"], rel=0.02)


def test_figure_draws_the_fits_their_mean_and_the_sum():
    widget = BiasVariance(degree=2, n_draws=20)
    top, bottom = widget.figure().axes
    *fits, mean, _ = top.lines
    assert len(fits) == 20
    np.testing.assert_allclose(np.mean([fit.get_ydata() for fit in fits], axis=0), mean.get_ydata())
    widths = [bar.get_width() for bar in bottom.patches]
    assert sum(widths[:3]) == pytest.approx(widget.summary()["total"])
    assert widths[3] == pytest.approx(widget.summary()["measured"])


def test_figure_without_any_draw():
    assert len(BiasVariance(n_draws=0).figure().axes[0].lines) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"degree": 4}, r"degree must be one of \[0, 1, 2, 3, 5, 9, 15, 30\], got 4"),
        ({"noise": 0.0}, "noise must be positive and finite, got 0.0"),
        ({"n_draws": -1}, "n_draws must lie between 0 and 10000, got -1"),
        ({"seed": -1}, "seed must lie between 0 and 4294967295, got -1"),
        ({"x": []}, "x must hold at least one number"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        BiasVariance(**changes)


@pytest.mark.browser
@pytest.mark.parametrize("new_points", [False, True])
@pytest.mark.parametrize("degree", [0, 2, 9, 30])
def test_page_computes_as_python_does(show, degree, new_points):
    widget = BiasVariance(degree=degree, n_draws=40, seed=3, new_points=new_points)
    page = show(widget)
    call = """() => {
      const get = (name) => model.get(name);
      const ensemble = new widget.Ensemble({
        x: get("x"), xValidation: get("x_validation"), coefficients: get("coefficients"),
        noise: get("noise"), degree: get("degree"), seed: get("seed"),
        newPoints: get("new_points"), rcond: get("rcond"),
      });
      ensemble.drawUntil(get("n_draws"));
      return ensemble.summary();
    }"""
    found, expected = page.evaluate(call), widget.summary()
    found["bias_squared"] = found.pop("biasSquared")
    for name in expected:
        # Fits agree to 1e-5 of their size (see test_polynomial_fit_widget); squares to twice that.
        assert found[name] == pytest.approx(expected[name], rel=1e-4, abs=1e-7), name


@pytest.mark.browser
def test_buttons_add_draws_and_reset_them(show):
    page = show(BiasVariance(n_draws=0))
    output = page.locator("output")
    assert "Bias²\n–" in output.inner_text()
    page.get_by_role("button", name="Draw 1", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert page.evaluate("model.get('n_draws')") == 2
    page.get_by_role("button", name="Draw 500").press("Enter")
    assert page.evaluate("model.get('n_draws')") == 502
    assert page.locator(".cw-chart").first.locator("path[opacity]").count() == 50
    page.get_by_role("button", name="Reset").press("Enter")
    assert "Data sets\n0" in output.inner_text()


@pytest.mark.browser
def test_choosing_a_degree_redraws_the_same_data_sets(show):
    page = show(BiasVariance(degree=1, n_draws=30))
    page.locator("select").select_option("30")
    expected = BiasVariance(degree=30, n_draws=30).summary()["variance"]
    text = page.locator("output").inner_text()
    shown = float(text.split("Variance\n")[1].split("\n")[0])
    assert shown == pytest.approx(expected, rel=6e-3)
