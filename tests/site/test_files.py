"""The site's files: notebooks behind the buttons, links that lead somewhere, no answers."""

import ast
import html
import inspect
import json
import pydoc
import re
import textwrap
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINK = re.compile(r"""\b(?:href|src)="([^"]+)\"""")
BUTTON = re.compile(r'<a href="([^"]+)"[^>]*class="btn btn-sm btn-(notebook|colab)')
COLAB = re.compile(
    r"https://colab\.research\.google\.com/github/[\w.-]+/[\w.-]+/blob/gh-pages/(.+)"
)
TEXT = {".html", ".ipynb", ".js", ".json", ".md", ".txt"}


def test_links_lead_to_files_of_the_site(site: Path, page_address: str):
    page = site / page_address
    text = re.sub(r"<script\b.*?</script>", "", page.read_text("utf-8"), flags=re.DOTALL)
    broken = []
    for link in map(html.unescape, LINK.findall(text)):
        parts = urlsplit(link)
        if not parts.scheme and parts.path and not (page.parent / unquote(parts.path)).exists():
            broken.append(link)
    assert broken == []


def test_buttons_lead_to_runnable_notebooks(site: Path, page_address: str):
    page = site / page_address
    text = page.read_text("utf-8")
    buttons = {kind: link for link, kind in BUTTON.findall(text)}
    if 'class="cell ' not in text:
        assert buttons == {}
        return
    download = (page.parent / buttons["notebook"]).resolve()
    colab = COLAB.fullmatch(buttons["colab"])
    assert colab is not None
    assert (site / colab[1]).resolve() == download
    cells = json.loads(download.read_text("utf-8"))["cells"]
    first_code = next(cell for cell in cells if cell["cell_type"] == "code")
    assert 'find_spec("course_lib")' in "".join(first_code["source"])
    prose = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert re.findall(r"^(?:`{3,}|:{3,})\{.*|\{[\w:]+\}`", prose, re.MULTILINE) == []


def test_no_solution_is_published(site: Path):
    for file in site.rglob("*"):
        assert "solutions" not in file.relative_to(site).parts
        if file.is_file() and file.suffix in TEXT:
            assert "### BEGIN SOLUTION" not in file.read_text("utf-8"), file


def test_no_exercise_page_shows_an_answer(site: Path):
    from course_lib.checks import catalogue

    names = [name for exercise in catalogue().values() for name in exercise.references]
    answers = {name: squeezed(body(pydoc.locate(name))) for name in names}
    pages = [*site.glob("exercises/**/*.html"), *site.glob("notebooks/exercises/**/*.ipynb")]
    assert pages
    texts = {page: squeezed(visible(page)) for page in pages}
    assert [(name, page) for name in names for page in pages if answers[name] in texts[page]] == []


def body(reference: object) -> str:
    """The statements of a function or class, without signature and docstring."""
    source = textwrap.dedent(inspect.getsource(reference))
    node = ast.parse(source).body[0]
    statements = node.body[1:] if ast.get_docstring(node) else node.body
    return "\n".join(ast.get_source_segment(source, statement) or "" for statement in statements)


def visible(page: Path) -> str:
    text = page.read_text("utf-8")
    if page.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
