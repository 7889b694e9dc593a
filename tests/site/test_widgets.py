"""Every widget answers to the keyboard, with no kernel; a still figure stands in for scripts."""

from pathlib import Path

import pytest
from visit import open_page

CONTROLS = "input, select, button"
NUMBERS = """root => [...root.querySelectorAll("output, [aria-live]")]
  .map((e) => e.textContent).join("|")"""
KEYS = {
    "range": ("ArrowRight", "ArrowLeft"),
    "checkbox": ("Space",),
    "select": ("ArrowDown", "ArrowUp"),
}


@pytest.fixture(scope="session")
def widget_page(site: Path, page_address: str) -> str:
    """A page that has widgets; the tests that need one pass over the others."""
    text = (site / page_address).read_text("utf-8")
    return page_address if "jupyter.widget-view+json" in text else ""


def test_widgets_work_by_keyboard(browser, address: str, widget_page: str):
    if not widget_page:
        return
    page = open_page(browser, "light", 1280)
    page.goto(address + widget_page, wait_until="networkidle")
    n_views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    widgets = page.locator(".course-widget")
    assert widgets.count() == n_views
    for widget in widgets.all():
        assert widget.get_attribute("data-widget")
        reached_by_tab(page, widget)
        for control in widget.locator(CONTROLS).all():
            operate(page, widget, control)
        press_buttons(page, widget)
    page.context.close()


def reached_by_tab(page, widget) -> None:
    """Tab goes through the widget's controls in their order."""
    controls = [c for c in widget.locator(CONTROLS).all() if c.is_enabled()]
    controls[0].focus()
    for control in controls[1:]:
        page.keyboard.press("Tab")
        assert control.evaluate("e => e === document.activeElement"), control.evaluate(
            "e => e.outerHTML"
        )


def operate(page, widget, control) -> None:
    """A slider, a list or a box changes the numbers when its keys are pressed."""
    kind = control.evaluate("e => e.tagName === 'INPUT' ? e.type : e.tagName.toLowerCase()")
    if kind not in KEYS or not control.is_enabled():
        return
    control.focus()
    before = widget.evaluate(NUMBERS)
    for key in KEYS[kind]:
        page.keyboard.press(key)
        if changes(page, widget, before):
            return
    pytest.fail(f"{kind} changes nothing: {control.evaluate('e => e.outerHTML')}")


def press_buttons(page, widget) -> None:
    """Among the widget's buttons at least one changes the numbers (another may undo it)."""
    buttons = [b for b in widget.locator("button").all() if b.is_enabled()]
    before = widget.evaluate(NUMBERS)
    for button in buttons:
        button.focus()
        page.keyboard.press("Enter")
        if changes(page, widget, before):
            return
    assert not buttons or changes(page, widget, before, timeout=5_000)


def changes(page, widget, before: str, timeout: int = 1_500) -> bool:
    from playwright.sync_api import TimeoutError as TooLate

    try:
        page.wait_for_function(
            f"([root, before]) => ({NUMBERS})(root) !== before",
            arg=[widget.element_handle(), before],
            timeout=timeout,
        )
    except TooLate:
        return False
    return True


def test_a_still_figure_stands_in_for_each_widget(browser, address: str, widget_page: str):
    if not widget_page:
        return
    for options, medium in (({"java_script_enabled": False}, "screen"), ({}, "print")):
        page = open_page(browser, "light", 1280, **options)
        page.goto(address + widget_page, wait_until="networkidle")
        page.emulate_media(media=medium)
        still = page.locator(".tag_widget-fallback img")
        n_views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
        assert still.count() == n_views
        assert all(figure.is_visible() for figure in still.all())
        assert not any(widget.is_visible() for widget in page.locator(".course-widget").all())
        page.context.close()
