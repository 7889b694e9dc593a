"""The search finds things with no server behind it."""

from visit import open_page


def test_search_finds_a_term(browser, address: str):
    page = open_page(browser, "light", 1280)
    page.goto(f"{address}search.html?q=overfitting")
    first = page.locator("#search-results ul.search li a").first
    first.wait_for(timeout=10_000)
    found = page.request.get(page.evaluate("link => link.href", first.element_handle()))
    assert found.status == 200
    assert "overfitting" in found.text().lower()
    page.context.close()


def test_the_keyboard_opens_the_search(browser, address: str):
    page = open_page(browser, "light", 1280)
    page.goto(f"{address}book/index.html", wait_until="networkidle")
    page.keyboard.press("Control+k")
    page.keyboard.type("overfitting")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=overfitting")
    page.context.close()
