"""The shared style: colours that can be read, labels on their lines, figures on their card."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgb

from course_lib import plotting


@pytest.fixture(autouse=True)
def untouched_style():
    with mpl.rc_context({"backend": "agg"}):
        yield
        plt.close("all")


def luminance(colour):
    """WCAG 2.2, "relative luminance"."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """WCAG 2.2, "contrast ratio"."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_ratio_is_the_standards():
    assert contrast("black", "white") == pytest.approx(21)
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.005)  # a known border case


TEXT = (*plotting.COLOURS, plotting.SKY, plotting.GREY, plotting.INK)


@pytest.mark.parametrize("colour", TEXT)
def test_the_palette_reads_as_text_on_the_card(colour):
    assert contrast(colour, plotting.CARD) >= 4.5
    assert plotting.readable(colour) == to_rgb(colour)


@pytest.mark.parametrize("colour", ["yellow", "C1", "#56B4E9", plotting.PALE])
def test_other_colours_are_darkened_until_they_do(colour):
    shown = plotting.readable(colour)
    assert contrast(shown, plotting.CARD) >= 4.5
    assert contrast([c / 0.95 for c in shown], plotting.CARD) < 4.5  # and no further


def test_a_label_stands_at_the_nearest_point_of_its_line():
    _, axes = plotting.new_figure()
    (line,) = axes.plot([0, 1, 2, 4], [5, 6, 7, 9], color=plotting.GREEN)
    inside, end = plotting.label_line(line, "a", at=1.4), plotting.label_line(line, "b")
    assert inside.xy == (1, 6)
    assert inside.get_ha() == "center"
    assert end.xy == (4, 9)
    assert end.get_ha() == "right"
    assert to_rgb(inside.get_color()) == to_rgb(plotting.GREEN)
    styled = plotting.label_line(line, "c", offset=(3, -9), fontsize=8, ha="left")
    assert (styled.get_fontsize(), styled.get_ha()) == (8, "left")
    assert styled.xyann == (3, -9)


def test_a_new_figure_has_the_courses_look_and_a_height_for_each_row():
    figure, axes = plotting.new_figure(2, 3, width=6, height=2, sharex=True)
    assert axes.shape == (2, 3)
    assert tuple(figure.get_size_inches()) == (6, 4)
    assert to_rgb(figure.get_facecolor()[:3]) == to_rgb(plotting.CARD)
    assert axes[0, 0].get_shared_x_axes().joined(axes[0, 0], axes[1, 2])
    assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(plotting.COLOURS)


def test_a_band_lies_between_its_two_lines():
    _, axes = plotting.new_figure()
    shade = plotting.band(axes, [0, 1], [1, 2], [3, 5], plotting.BLUE)
    low, high = shade.get_paths()[0].get_extents().get_points()
    assert (list(low), list(high)) == ([0, 1], [1, 5])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (0.056, "0.06"),
        (10.6, "10"),
        (3160, "3000"),
        (2e-18, "2 × 10⁻¹⁸"),
        (96e3, "1 × 10⁵"),
    ],
)
def test_a_number_is_written_as_it_is_read(value, words):
    assert plotting.one_digit(value) == words
