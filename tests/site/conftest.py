"""The built site, served as a web server would (with gzip), for a real browser to look at.

`SITE` names the folder of the built site if it is another than `make book`'s. Where it is missing,
every test here is skipped and says so.
"""

import functools
import gzip
import http.server
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from visit import Visit, visit

SITE = Path(os.environ.get("SITE", Path(__file__).parents[2] / "_build" / "html")).resolve()
TEXT = {".css", ".html", ".inv", ".ipynb", ".js", ".json", ".svg"}


def pages() -> list[str]:
    """Every page of the site, as its address relative to the site's root."""
    found = (file.relative_to(SITE) for file in SITE.rglob("*.html"))
    return sorted(file.as_posix() for file in found if file.parts[0] != "_static")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_address" in metafunc.fixturenames:
        # Page by page, and in one process, so that each is visited once for all the rules it keeps.
        found = [pytest.param(page, marks=pytest.mark.xdist_group(page)) for page in pages()]
        metafunc.parametrize("page_address", found or ["no-page"], scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site() -> Path:
    if not (SITE / "index.html").is_file():
        pytest.skip(f"no built site in {SITE}: run `make book`")
    return SITE


@functools.cache
def compressed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes())


class Server(http.server.ThreadingHTTPServer):
    """Says nothing when a page that is left drops its connections."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Overrides the printed traceback; what a page misses, its own visit reports."""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, text compressed, and says nothing."""

    def send_head(self):  # type: ignore[no-untyped-def]
        path = Path(self.translate_path(self.path))
        if path.suffix not in TEXT or not path.is_file():
            return super().send_head()
        body = compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Handler, directory=str(site))
    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def visited(browser, address: str, page_address: str) -> Visit:
    """What there is to know about one page, in the light at a desk and in the dark on a phone."""
    return visit(browser, address, page_address)
