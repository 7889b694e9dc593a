import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from pages import acting
from payloads import PAYLOADS, PNG

from course_lib.grading import safe_markdown
from course_lib.grading.safe_markdown import as_text, is_harmless

HARMLESS = [
    "",
    'My answer is *so* **good** that `x < y` & it\'s "quoted".',
    "# A heading\n\n## With <sub>2</sub> and $x^2$\n\nText",
    "- a\n- b\n  1. c\n\n     d\n\n> quoted\n\n---\n\na  \nb",
    "- [ ] to do\n- [x] done",
    "| a | b |\n|:-|-:|\n| 1 | 2 |",
    "term\n: meaning",
    "~~wrong~~ <u>underlined</u> <kbd>Esc</kbd> H<sub>2</sub>O<br/>x<br>y",
    "```python\nif x < 3:\n    print(f'{x}')  # \"quoted\"\n```",
    "```\n<script>alert(1)</script>\n```",
    "```nothing\n<b>\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "$a < b$ and $$\n\\frac{1}{2} \\\\\n$$ and \\begin{align}a&<b\\end{align}",
    "[link](https://example.org/a?b=c&d=e#f 'title') <https://example.org> http://example.org",
    "[other](other.ipynb) [up](#heading) <someone@example.org>",
    "![plot](plot.png) ![plot](pictures/plot-1.jpg)",
    '<div class="alert alert-info" align="center">\n\n**Note**\n\n</div>',
    "<details open><summary>More</summary>\n\ntext\n\n</details>",
    "<!-- a comment -->\n\ntext",
    '<img src="plot.png" width="300" alt="a plot">',
]


@pytest.mark.parametrize("source", HARMLESS)
def test_plain_formatting_is_harmless(source):
    assert is_harmless(source)


@pytest.mark.parametrize("source", PAYLOADS)
def test_a_payload_is_seen_or_comes_to_nothing(source):
    simple, browser = acting(markdown2html_mistune(source))
    assert not is_harmless(source) or not (simple or browser)


def test_most_payloads_would_act_without_it():
    """So that the test above and the pages' tests can fail."""
    assert sum(any(acting(markdown2html_mistune(source))) for source in PAYLOADS) >= 60


@pytest.mark.parametrize("source", PAYLOADS)
def test_a_payload_as_text_does_not_act_and_reads_as_it_was_written(source):
    rendered = markdown2html_mistune(as_text(source))
    assert acting(rendered) == ({}, {})
    assert html.unescape(rendered).strip() == f"<pre>\n{source}\n</pre>"


@given(st.lists(st.sampled_from([*PAYLOADS, *HARMLESS]) | st.text(max_size=30), max_size=4))
@settings(max_examples=200, deadline=None)
def test_what_is_harmless_never_acts(parts):
    for source in ("".join(parts), "\n\n".join(parts)):
        if is_harmless(source):
            assert acting(markdown2html_mistune(source)) == ({}, {})
        assert acting(markdown2html_mistune(as_text(source))) == ({}, {})


@pytest.mark.parametrize(
    "source",
    [
        "<div>never closed",
        "closed too often</div>",
        "<b><i>crossed</b></i>",
        '<p class="modal fade in">over the page</p>',
        '<b id="rmse">in place of a score</b>',
        '<b title="1" title="2">twice</b>',
        '<h1 id="a b">x</h1>',
        "![gone](attachment:gone.png)",
        '<img src="%2e%2e/x.png">',
        '<img src="data:image/png;base64,PHNjcmlwdD4=">',
        "<p title='single quotes'>x</p>",
    ],
)
def test_what_would_disturb_a_page_is_not_harmless(source):
    assert not is_harmless(source)


def test_an_attached_picture_is_harmless():
    assert is_harmless("![p](attachment:p.png)", {"p.png": {"image/png": PNG}})
    assert is_harmless(f'<img src="data:image/png;base64,{PNG}">')
    assert not is_harmless("![p](attachment:p.png)", {"p.png": {"text/html": "PGI+"}})
    assert not is_harmless("![p](attachment:p.png)", {"p.png": {}})


@pytest.mark.parametrize("opener", ["\\\\[", "\\\\(", "\\begin{a}"])
def test_what_keeps_the_renderer_busy_is_not_rendered(opener, monkeypatch):
    monkeypatch.setattr(safe_markdown, "IPythonRenderer", None)  # would raise, and be taken so
    slow = opener * (safe_markdown.MAX_LENGTH // len(opener))
    assert not is_harmless(slow)
    assert not is_harmless("x" * (safe_markdown.MAX_LENGTH + 1))


def test_length_alone_does_not_make_it_harmful():
    assert is_harmless("x " * (safe_markdown.MAX_LENGTH // 2))
    assert is_harmless("$$\\begin{matrix}a \\\\ b\\end{matrix}$$\n\n" * 30)
