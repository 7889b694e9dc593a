"""The double-descent widget shows recorded numbers as they are, and refuses misshapen records."""

import copy

import pytest
from examples import RECORD

from course_lib.widgets.double_descent import DoubleDescent


def record(**changes) -> dict:
    return copy.deepcopy(RECORD) | changes


def test_starts_at_the_threshold_without_ridge_and_with_noise():
    widget = DoubleDescent(RECORD)
    assert (widget.alpha, widget.noise, widget.n_features) == (0.0, 0.2, 100)
    assert widget.curve("test_error") == RECORD["test_error"][1][0]
    assert "hardware" not in widget.record


@pytest.mark.parametrize("with_norm", [True, False])
def test_figure_draws_the_recorded_curves(with_norm):
    given = record()
    if not with_norm:
        del given["weight_norm"]
    first, *others = DoubleDescent(given, alpha=0.01, noise=0.0).figure().axes
    assert first.lines[0].get_ydata().tolist() == RECORD["train_error"][0][1]
    assert first.lines[1].get_ydata().tolist() == RECORD["test_error"][0][1]
    assert len(others) == with_norm
    if with_norm:
        assert others[0].lines[0].get_ydata().tolist() == RECORD["weight_norm"][0][1]


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"alphas": [1.0, 0.0, 2.0]}, {}, r"record\['alphas'\] must increase"),
        ({"test_error": [[[0.1]]]}, {}, r"record\['test_error'\] must have the shape \(2, 3, 5\)"),
        ({"n_features": [10, 20]}, {}, "must have the shape"),
        ({}, {"alpha": 0.5}, r"alpha must be one of \[0.0, 0.01, 1.0\], got 0.5"),
        ({}, {"noise": 0.1}, r"noise must be one of \[0.0, 0.2\], got 0.1"),
        ({}, {"n_features": 7}, "n_features must be one of .*, got 7"),
        ({}, {"n_features": 0}, "n_features must be one of .*, got 0"),
    ],
)
def test_bad_input_is_named(changes, options, message):
    with pytest.raises(ValueError, match=message):
        DoubleDescent(record(**changes), **options)


def test_missing_keys_are_named():
    with pytest.raises(ValueError, match=r"record must have the keys \['noise', 'test_error'\]"):
        DoubleDescent({k: v for k, v in RECORD.items() if k not in ("noise", "test_error")})


@pytest.mark.browser
def test_sliders_snap_to_what_was_computed(show):
    page = show(DoubleDescent(RECORD))
    output = page.locator("output")
    assert "Test error\n0.900" in output.inner_text()
    assert "highest test error 0.900 at p = 100, lowest 0.300 at p = 1000" in output.inner_text()
    page.get_by_label("Ridge strength α").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('alpha')") == 0.01
    assert "Test error\n0.550" in output.inner_text()
    page.get_by_label("Features p to read off").focus()
    page.keyboard.press("End")
    assert page.evaluate("model.get('n_features')") == 1000
    assert "Test error\n0.300" in output.inner_text()
    page.locator("select").select_option("0 %")
    assert page.evaluate("model.get('noise')") == 0
    assert "Test error\n0.100" in output.inner_text()


@pytest.mark.browser
def test_page_reads_the_record_as_python_does(show):
    widget = DoubleDescent(RECORD, alpha=1.0)
    found = show(widget).evaluate("widget.curves(model.get('record'), 0.2, 1)")
    assert found["test"] == widget.curve("test_error")
    assert found["train"] == widget.curve("train_error")
    assert found["norm"] == widget.curve("weight_norm")
    assert (found["peak"], found["lowest"]) == (0, 4)
