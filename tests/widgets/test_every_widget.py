"""What every widget promises: keyboard, numbers, stillness, accessibility, any width and theme."""

import matplotlib.pyplot as plt
import pytest
from chromium import violations
from examples import (
    RECORD,
    attention_viewer,
    polynomial_fit,
    position_explorer,
    token_colours,
)

from course_lib.widgets.bias_variance import BiasVariance
from course_lib.widgets.bpe_steps import BpeSteps
from course_lib.widgets.double_descent import DoubleDescent
from course_lib.widgets.mask_painter import MaskPainter
from course_lib.widgets.multi_head_shapes import MultiHeadShapes
from course_lib.widgets.optimizer_race import OptimizerRace

WIDGETS = {
    "polynomial-fit": polynomial_fit,
    "bias-variance": BiasVariance,
    "double-descent": lambda: DoubleDescent(RECORD),
    "optimizer-race": OptimizerRace,
    "multi-head-shapes": MultiHeadShapes,
    "position-explorer": position_explorer,
    "attention-viewer": attention_viewer,
    "mask-painter": MaskPainter,
    "bpe-steps": BpeSteps,
    "token-colours": token_colours,
}
pytestmark = pytest.mark.parametrize("name", WIDGETS)
INPUTS = ".course-widget :is(input, select)"
BUTTONS = ".course-widget button"


def operate(page, control) -> None:
    """Moves a control by keyboard alone."""
    control.focus()
    kind = control.evaluate("node => node.type")
    if kind == "range":
        at_end = control.evaluate("node => Number(node.value) >= Number(node.max)")
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
    elif kind == "select-one":
        at_end = control.evaluate("node => node.selectedIndex === node.length - 1")
        page.keyboard.press("ArrowUp" if at_end else "ArrowDown")
    else:
        page.keyboard.press("Space")


def test_a_notebook_draws_the_still_figure_once(name):
    figure = WIDGETS[name]().figure()
    assert figure.axes
    assert plt.get_fignums() == []  # pyplot would draw its own figures once more at the cell's end


@pytest.mark.browser
def test_every_control_answers_to_the_keyboard(show, name):
    page = show(WIDGETS[name]())
    assert page.locator(f".course-widget[data-widget={name}]").count() == 1
    output = page.locator("output")
    assert output.get_attribute("aria-live") == "polite"
    for control in [*page.locator(INPUTS).all(), *page.locator(BUTTONS).all()]:
        before = output.inner_text()
        operate(page, control)
        page.wait_for_function(
            "before => document.querySelector('output').innerText !== before", arg=before
        )
        if page.get_by_role("button", name="Pause").count():
            page.get_by_role("button", name="Pause").press("Enter")


@pytest.mark.browser
@pytest.mark.parametrize("width", [340, 390, 800])
def test_nothing_overflows_and_nothing_jumps(show, name, width):
    page = show(WIDGETS[name](), width=width)
    height = "document.querySelector('.course-widget').offsetHeight"
    page.wait_for_timeout(50)
    before = page.evaluate(height)
    for control in [*page.locator(INPUTS).all(), *page.locator(BUTTONS).all()]:
        operate(page, control)
        assert page.evaluate(height) == before
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(show, name, theme):
    page = show(WIDGETS[name](), theme=theme)
    page.wait_for_timeout(50)
    assert violations(page, context="#here") == []


@pytest.mark.browser
def test_graphics_say_what_they_show(show, name):
    page = show(WIDGETS[name]())
    charts = page.locator("svg[role=img]")
    labels = [charts.nth(i).get_attribute("aria-label") for i in range(charts.count())]
    assert labels
    assert all(labels)


@pytest.mark.browser
def test_two_on_a_page_share_no_id_and_leave_nothing_behind(show, name):
    page = show(WIDGETS[name]())
    page.evaluate(
        """() => {
          const second = document.createElement("div");
          document.querySelector("main").append(second);
          window.cleanUpSecond = widget.default.render({ model, el: second });
        }"""
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    page.evaluate("cleanUp(); cleanUpSecond();")
    assert page.evaluate("listening()") == 0
