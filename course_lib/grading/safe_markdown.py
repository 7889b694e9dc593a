"""Whether a student's markdown does nothing but show text, and how to show it where it might.

nbgrader's pages take over the HTML inside markdown. A sanitiser would rewrite what the student
wrote; here a cell that renders to plain formatting stays as it is, byte for byte, and any other is
shown as the text that it is. The rendering is nbconvert's own, and it is read by a grammar so
narrow that no two browsers could take what it accepts for different things.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Mapping

from nbconvert.filters import strip_files_prefix
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from course_lib.grading.pictures import safe_picture

MAX_LENGTH = 20_000  # characters; beyond it, some take the renderer many seconds
_MAX_WORK = 5_000_000  # characters that it reads while it looks for the ends of formulas
_OPENERS = ("\\\\[", "\\\\(", "\\begin{")

_VOID = {"br", "hr", "img", "input"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_TAGS = {
    *(_VOID | _HEADINGS),
    *("p", "div", "span", "center", "blockquote", "details", "summary", "figure", "figcaption"),
    *("ul", "ol", "li", "dl", "dt", "dd", "pre", "code", "kbd", "samp", "var"),
    *("a", "abbr", "b", "strong", "i", "em", "u", "s", "del", "ins", "mark", "sub", "sup", "small"),
    *("q", "cite", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
_CLASSES = (
    "highlight|err|[a-z]{1,2}[0-9]?"  # as Pygments names them
    "|anchor-link|language-[\\w+#.-]+|task-list-item(?:-checkbox)?|alert(?: alert-[a-z]+)*"
)
_LINK = r"(?:(?:https?://|mailto:)[^\s\x00-\x1f\\#]*|[^\s\x00-\x1f\\#:]*)(?:#[^\s\x00-\x1f\\]*)?"
_OWN_PICTURE = r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.(?:png|jpe?g|gif)"  # handed in with the notebook
_DATA = re.compile(r"data:(image/(?:png|jpeg));base64,([\w+/=]*)", re.ASCII)
_VALUES = {
    "class": _CLASSES,
    "href": _LINK,
    "src": _OWN_PICTURE,
    "id": r"\S*",
    "style": "text-align: ?(?:left|right|center);?",
    "align": "left|right|center|justify|top|middle|bottom",
    **dict.fromkeys(("title", "alt"), "(?s:.*)"),
    **dict.fromkeys(("width", "height", "start", "colspan", "rowspan"), "[0-9]{1,4}%?"),
    "type": "checkbox",
    **dict.fromkeys(("open", "disabled", "checked"), ""),
}
_ONLY_IN = {  # these would mean more elsewhere
    **{"href": {"a"}, "src": {"img"}, "id": _HEADINGS, "open": {"details"}},
    **{"type": {"input"}, "disabled": {"input"}, "checked": {"input"}},
}
_VALUE = {name: re.compile(pattern) for name, pattern in _VALUES.items()}
_PIECE = re.compile(
    r"(?P<text>[^<>]+)"
    r"|<!--(?:[^<>-]|-(?!-))*-->"
    r'|<(?P<end>/?)(?P<tag>[a-z][a-z0-9]*)(?P<attributes>(?:\s+[a-z]+(?:="[^"<>]*")?)*)\s*/?>'
)
_ATTRIBUTE = re.compile(r'\s+([a-z]+)(?:="([^"<>]*)")?')


def is_harmless(source: str, attachments: Mapping[str, Mapping[str, str]] | None = None) -> bool:
    """Whether nbconvert renders this markdown, and renders it to plain formatting."""
    if len(source) > MAX_LENGTH or sum(map(source.count, _OPENERS)) * len(source) > _MAX_WORK:
        return False
    return _is_harmless(source, attachments) if attachments else _is_harmless_alone(source)


@functools.lru_cache(maxsize=500)  # what was released comes again with every submission
def _is_harmless_alone(source: str) -> bool:
    return _is_harmless(source, {})


def _is_harmless(source: str, attachments: Mapping[str, Mapping[str, str]]) -> bool:
    try:
        renderer = IPythonRenderer(escape=False, attachments=dict(attachments))
        rendered = strip_files_prefix(MarkdownWithMath(renderer=renderer).render(source))
    except Exception:  # a missing attachment, or what else the renderer stumbles over
        return False
    return _is_plain_formatting(rendered)


def as_text(source: str) -> str:
    """Markdown that shows this source as text, in Jupyter as in nbgrader's pages."""
    shown = html.escape(source.replace("\r", ""), quote=False)
    for sign in "$\\[=":  # begin what is changed even where HTML stands
        shown = shown.replace(sign, f"&#{ord(sign)};")
    return f"<pre>\n{shown}\n</pre>"


def _is_plain_formatting(rendered: str) -> bool:
    """Whether this HTML is balanced and made of the tags and attributes above, and nothing else."""
    opened: list[str] = []
    place = 0
    while piece := _PIECE.match(rendered, place):
        place = piece.end()
        tag = piece["tag"]
        if tag is None:
            continue
        if tag not in _TAGS:
            return False
        if piece["end"]:
            if piece["attributes"] or not opened or opened.pop() != tag:
                return False
        elif not _are_harmless(tag, piece["attributes"]):
            return False
        elif tag not in _VOID:
            opened.append(tag)
    return place == len(rendered) and not opened


def _are_harmless(tag: str, attributes: str) -> bool:
    found = _ATTRIBUTE.findall(attributes)
    names = [name for name, _ in found]
    return len(set(names)) == len(names) and all(
        name in _VALUE
        and tag in _ONLY_IN.get(name, _TAGS)
        and (_VALUE[name].fullmatch(html.unescape(value)) or _is_picture(name, value))
        for name, value in found
    )


def _is_picture(name: str, value: str) -> bool:
    data = _DATA.fullmatch(html.unescape(value))
    return bool(name == "src" and data and safe_picture(data[1], data[2]))
