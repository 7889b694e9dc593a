"""Turn MyST into the Markdown that Colab and a plain Jupyter show; the rest they print as it is."""

import json
import re
from pathlib import Path

from sphinx.pycode import ModuleAnalyzer

DIRECTIVE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w-]+)\} ?(?P<title>.*)\n(?P<body>(?:.*\n)*?)(?P=fence)$",
    re.MULTILINE,
)
OPTIONS = re.compile(r"\A(?:---\n(?:.*\n)*?---\n|(?::[\w-]+:.*\n)*)\n*")
ROLE = re.compile(r"\{([\w:]+)\}`([^`]+)`")
REFERENCES = {"eq": "the equation", "numref": "the figure", "ref": "the section"}
TARGET = re.compile(r"^\(([\w-]+)\)=\n", re.MULTILINE)


def plain(text: str, folder: Path, glued: dict[str, str]) -> str:
    """`text`, which stands in a page of `folder`, without MyST's directives, roles and targets."""
    text = DIRECTIVE.sub(lambda match: directive(match, folder, glued), TARGET.sub("", text))
    return ROLE.sub(lambda match: role(match[1], match[2], glued), text)


def directive(match: re.Match, folder: Path, glued: dict[str, str]) -> str:
    """What a reader of the notebook sees in place of one directive."""
    name, title = match["name"], match["title"].strip()
    options = OPTIONS.match(match["body"])[0]
    body = match["body"][len(options) :].rstrip()
    if name == "literalinclude":
        return f"```python\n{included(folder / title, options)}\n```"
    if name == "math":
        return f"$$\n{body}\n$$"
    if name in {"figure", "image"}:
        return body
    body = plain(body, folder, glued)
    if name in {"dropdown", "toggle"}:
        return f"<details><summary>{title or 'Answer'}</summary>\n\n{body}\n\n</details>"
    return f"**{title}**\n\n{body}" if title else body


def included(file: Path, options: str) -> str:
    """The source that a literalinclude names, whole or one object of it."""
    lines = file.read_text("utf-8").splitlines()
    if chosen := re.search(r"^:pyobject: *(\S+)", options, re.MULTILINE):
        _, start, end = ModuleAnalyzer.for_file(str(file), file.stem).find_tags()[chosen[1]]
        lines = lines[start - 1 : end]
    return "\n".join(lines)


def role(name: str, text: str, glued: dict[str, str]) -> str:
    """The words that a role stands for."""
    if name.startswith("glue"):
        key, _, form = text.partition(":")
        return format(float(glued[key]), form) if form else glued[key].strip("'\"")
    if name.startswith("cite"):
        return f"[{text}]"
    if name == "math":
        return f"${text}$"
    if name in REFERENCES and "<" not in text:
        return REFERENCES[name]
    return re.sub(r"\s*<[^>]*>$", "", text)


def glued_values(record: Path) -> dict[str, str]:
    """What a page's cells have glued, by name, from the record that MyST-NB leaves."""
    if not record.is_file():
        return {}
    glued = json.loads(record.read_text("utf-8"))
    return {name: output["data"]["text/plain"] for name, output in glued.items()}
