"""Opens one page of the site twice and writes down what the rules ask about."""

from dataclasses import dataclass, field

from chromium import violations

LOOKS = {"light": 1280, "dark": 390}
"""The themes, each with a width in pixels: a desk and a phone."""

WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))"""
NAMELESS = """() => [...document.querySelectorAll("main img")]
  .filter((e) => !e.alt.trim() || /\\.(png|svg|jpg)$/.test(e.alt)).map((e) => e.outerHTML)"""
SETTLED = """() => (window.MathJax?.startup?.promise ?? Promise.resolve())
  .then(() => document.fonts.ready).then(() => true)"""


@dataclass
class Visit:
    """What one page did."""

    external: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    nameless_images: list[str] = field(default_factory=list)
    inaccessible: list[str] = field(default_factory=list)
    n_bytes: int = 0


def open_page(browser, theme: str, width: int, **options):
    """A page in a fresh context, with the reader's choice of theme made."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    context.add_init_script(
        f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')"
    )
    return context.new_page()


def visit(browser, address: str, page_address: str) -> Visit:
    """Looks at a page in both themes."""
    seen = Visit()
    for theme, width in LOOKS.items():
        page = open_page(browser, theme, width)
        responses = listen(page, seen, address)
        page.goto(address + page_address, wait_until="networkidle")
        page.evaluate(SETTLED)
        seen.n_bytes = max(seen.n_bytes, sum(transferred(response) for response in responses))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            seen.wide += [f"{width} px: {element}" for element in page.evaluate(WIDE)]
        seen.nameless_images += page.evaluate(NAMELESS)
        found = violations(page, options={"resultTypes": ["violations"], "preload": False})
        seen.inaccessible += [f"{theme}: {line}" for line in found]
        page.context.close()
    return seen


def listen(page, seen: Visit, address: str) -> list:
    """Notes errors as they come; returns the list that fills with the page's responses."""
    responses: list = []
    local = (address, "blob:", "data:")
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(local) else seen.external.append(r.url))
    page.on("requestfailed", lambda r: None if left(r) else seen.failed.append(r.url))
    page.on("response", lambda r: seen.failed.append(r.url) if r.status >= 400 else None)
    page.on("response", lambda response: responses.append(response))
    return responses


def left(request) -> bool:
    """Whether a request was dropped because the page leads to another, as the site's root does."""
    return request.failure == "net::ERR_ABORTED"


def transferred(response) -> int:
    """Bytes of a response on the wire, headers included."""
    if not response.url.startswith("http"):
        return 0
    sizes = response.request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]
