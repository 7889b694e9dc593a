"""nbgrader's two pages of a notebook, and what in them would act rather than be read."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import nbgrader
from bleach._vendor import html5lib
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config, PyFileConfigLoader

ROOT = Path(__file__).parents[2]
FORMGRADER = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
ACTIVE = {
    *(
        "applet",
        "audio",
        "base",
        "button",
        "canvas",
        "dialog",
        "embed",
        "form",
        "frame",
        "frameset",
    ),
    *("iframe", "link", "map", "marquee", "math", "meta", "noscript", "object", "plaintext"),
    *("portal", "script", "select", "source", "style", "svg", "template", "textarea", "title"),
    *("track", "video", "xmp"),
}
URLS = {"action", "background", "cite", "data", "formaction", "href", "lowsrc", "ping", "poster"}
URLS |= {"src", "srcset", "xlink:href", "longdesc", "manifest", "codebase", "dynsrc"}
CLICKED = re.compile(r"(?:https?://|mailto:|#)|[^:]*$")
SHOWN = re.compile(r"data:image/(?:png|jpeg);base64,|[\w-][\w./-]*$")


def feedback_exporter():
    """The exporter of `nbgrader generate_feedback` in this course, without its gradebook."""
    config = PyFileConfigLoader("nbgrader_config.py", str(ROOT)).load_config()
    styles = FORMGRADER / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(styles)]
    return HTMLExporter(config=Config({"HTMLExporter": config.HTMLExporter}))


def formgrade_exporter():
    """The exporter of formgrader's page of a submission."""
    return HTMLExporter(
        template_name="formgrade", extra_template_basedirs=[str(FORMGRADER / "templates")]
    )


def page(exporter, notebook):
    """The notebook as HTML."""
    shared = {"assignment": "ex", "notebook": "fitting", "student": "someone"}
    scores = {"score": 1.0, "max_score": 2.0, "late_penalty": 0.0}
    formgrader = {"base_url": "", "index": 0, "total": 1, "assignment_id": "ex"}
    resources = {"nbgrader": {**shared, **scores}, **formgrader}
    return exporter.from_notebook_node(notebook, resources)[0]


def acting(page):
    """How often a page has each element, attribute or address that acts, as two parsers see it."""
    return _acting(_simple_elements(page)), _acting(_browser_elements(page))


def _acting(elements):
    found = Counter()
    for tag, attributes in elements:
        if tag in ACTIVE or (tag == "input" and attributes.get("type") == "file"):
            found[tag] += 1
        for name, value in attributes.items():
            address = re.sub(r"[\s\x00-\x20]", "", value or "").lower()
            allowed = CLICKED if (tag, name) == ("a", "href") else SHOWN
            if (
                name.startswith("on")
                or (name in URLS and not allowed.match(address))
                or (name == "style" and not re.fullmatch("text-align: ?[a-z]+;?", value))
                or ":" in name
            ):
                found[f"{tag} {name}={value}"] += 1
    return found


def _browser_elements(page):
    for element in html5lib.parse(page, namespaceHTMLElements=False).iter():
        if isinstance(element.tag, str):
            tag = element.tag.rpartition("}")[2]
            yield tag, {name.rpartition("}")[2]: value for name, value in element.attrib.items()}


def _simple_elements(page):
    parser = _Elements()
    parser.feed(page)
    parser.close()
    return parser.found


class _Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, {name: value or "" for name, value in attributes}))

    handle_startendtag = handle_starttag
