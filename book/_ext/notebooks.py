"""Publish every page that is a notebook as a real .ipynb, with the buttons that lead to it.

Chapter pages are MyST text, which neither Colab nor a plain Jupyter opens. Their executed
notebooks, and the exercises' releases, go to `notebooks/` in the site; Colab finds them on the
branch that GitHub Pages serves.
"""

import shutil
from pathlib import Path

import nbformat
from plain_markdown import glued_values, plain
from sphinx.util.osutil import relative_uri

FOLDER = "notebooks"
PAGES_BRANCH = "gh-pages"
INSTALL = """\
# On Colab, say, where the course is not installed: fetch it and install its library.
import importlib.util

if importlib.util.find_spec("course_lib") is None:
    !git clone --quiet --depth 1 {url} course
    %pip install --quiet "./course[widgets]" myst-nb
    %cd course/{folder}"""


def is_notebook(app, docname: str) -> bool:
    path = Path(app.env.doc2path(docname))
    return path.suffix == ".ipynb" or "kernelspec" in app.env.metadata[docname]


def runnable(notebook, url: str, folder: Path, root: Path, glued: dict[str, str]):
    """The notebook of a page in `folder`, an install cell in front, its text as plain Markdown."""
    install = nbformat.v4.new_code_cell(INSTALL.format(url=url, folder=folder.as_posix()))
    install.id = "install-course-lib"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, root / folder, glued)
    notebook.cells.insert(0, install)
    return notebook


def publish(app, exception):
    """Write the notebooks into the built site: exercises as they are released, pages executed."""
    if exception is not None or app.builder.format != "html":
        return
    root, out = Path(app.srcdir), Path(app.outdir)
    url = app.config.html_theme_options["repository_url"]
    for docname in filter(lambda name: is_notebook(app, name), sorted(app.env.found_docs)):
        source = Path(app.env.doc2path(docname))
        target = out / FOLDER / f"{docname}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".ipynb":
            shutil.copyfile(source, target)
            continue
        executed = out.parent / "jupyter_execute" / f"{docname}.ipynb"
        notebook = nbformat.read(executed, as_version=4)
        glued = glued_values(executed.with_suffix(".glue.json"))
        nbformat.write(runnable(notebook, url, Path(docname).parent, root, glued), target)


def add_buttons(app, pagename, templatename, context, doctree):
    """Download the notebook; open it on Colab."""
    for button in context.get("header_buttons", []):
        if button["icon"] == "fab fa-github":  # the only brand's icon: 118 KB of font for one sign
            button["icon"] = "fas fa-code-branch"
    if doctree is None or not is_notebook(app, pagename):
        return
    path = f"{FOLDER}/{pagename}.ipynb"
    slug = app.config.html_theme_options["repository_url"].removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{slug}/blob/{PAGES_BRANCH}/{path}"
    here = app.builder.get_target_uri(pagename)
    for label, text, icon, url in (
        ("notebook", "Download notebook", "fas fa-download", relative_uri(here, path)),
        ("colab", "Open in Colab", "fas fa-rocket", colab),
    ):
        button = {"type": "link", "label": label, "text": text, "icon": icon, "url": url}
        context["header_buttons"].append(button)


def setup(app):
    app.connect(
        "html-page-context", add_buttons, priority=502
    )  # after the theme has begun its list of buttons
    app.connect("build-finished", publish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
