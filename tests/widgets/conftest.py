"""A blank page in Chromium with a widget in it, run as the site runs it: without a kernel."""

from collections.abc import Callable, Iterator

import pytest

HTML = """<!doctype html><html lang="en"><head><title>Widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ margin: 0; font-family: DejaVu Sans, sans-serif; background: white; }}
html[data-theme="dark"] body {{ background: #14181e; }}
{css}</style></head>
<body><main><h1>Widget</h1><div id="here"></div></main></body></html>"""

# The least that a widget may count on: get, set, save_changes, on, off.
START = """async ({ source, state }) => {
  const listeners = {};
  window.model = {
    get: (name) => state[name],
    set(name, value) {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
      state[name] = value;
      for (const listener of [...(listeners[`change:${name}`] ?? [])]) listener();
    },
    save_changes() {},
    on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
    off: (event, listener) => listeners[event]?.delete(listener),
  };
  window.listening = () => Object.values(listeners).reduce((sum, set) => sum + set.size, 0);
  const blob = new Blob([source], { type: "text/javascript" });
  window.widget = await import(URL.createObjectURL(blob));
  const el = document.getElementById("here");
  window.cleanUp = window.widget.default.render({ model: window.model, el });
}"""


@pytest.fixture
def show(browser) -> Iterator[Callable]:
    """show(widget, width=…, theme=…) puts a widget into a new page and gives the page.

    A script error, a console error or a request to any host fails the test.
    """
    contexts, errors = [], []

    def open_page(widget, width: int = 800, theme: str = "light", motion: str = "no-preference"):
        size = {"width": width, "height": 1200}
        context = browser.new_context(viewport=size, reduced_motion=motion, has_touch=width < 500)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: line.type == "error" and errors.append(line.text))
        page.on("request", lambda asked: asked.url.startswith("http") and errors.append(asked.url))
        page.set_content(HTML.format(css=widget._css))
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        state = {name: value for name, value in widget.get_state().items() if name[0] != "_"}
        state = {
            name: value
            for name, value in state.items()
            if name not in ("layout", "tabbable", "tooltip")
        }
        page.evaluate(START, {"source": widget._esm, "state": state})
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
