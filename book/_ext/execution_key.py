"""Execute a page again when what it computes with has changed.

MyST-NB's cache knows a page by its code cells alone: an edit of course_lib would leave stale
outputs, silently. Here each page gets a cache folder named after the contents of all that its cells
depend on: the course_lib modules they import, the modules those import, the scripts and styles
beside them, the recorded runs that any of these name, and the pinned versions.
"""

import hashlib
import re
import shutil
from pathlib import Path

from course_lib.import_graph import PACKAGE, imported_files

IMPORT_LINE = re.compile(
    rf"^[ \t]*(?:from|import)[ \t]+{PACKAGE}\b[^\n(]*(?:\([^)]*\))?", re.MULTILINE
)


def dependencies(root: Path, page: str) -> list[Path]:
    """Every file that the code of `page` (its text) depends on, sorted."""
    found = imported_files(root, ["\n".join(line.strip() for line in IMPORT_LINE.findall(page))])
    text = page + "".join(file.read_text("utf-8") for file in found)
    beside = {f for folder in {file.parent for file in found} for f in folder.iterdir()}
    named = {f for f in beside if f.suffix in {".js", ".css", ".json"}}
    named |= set(root.glob("benchmarks/results/*"))  # records, and the weights beside them
    found |= {file for file in named if file.name in text}
    found |= set(root.glob("constraints.txt"))
    return sorted(found)


def key(files: list[Path]) -> str:
    """A short name for the contents of `files`."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def choose_cache(app, docname, source):
    """Point MyST-NB at the page's own cache folder, just before it parses and executes the page."""
    files = dependencies(Path(app.srcdir), source[0])
    for file in files:
        app.env.note_dependency(str(file))  # Sphinx reads the page again when one of them changes
    folder = app.course_cache / key(files)
    app.env.mystnb_config = app.env.mystnb_config.copy(execution_cache_path=str(folder))


def remember_cache(app):
    app.course_cache = Path(app.env.mystnb_config.execution_cache_path)


def drop_stale(app, exception):
    """Remove the cache folders that no page points at any more."""
    if exception is None and app.course_cache.is_dir():
        root = Path(app.srcdir)
        pages = (Path(app.env.doc2path(name)).read_text("utf-8") for name in app.env.found_docs)
        current = {key(dependencies(root, page)) for page in pages}
        for folder in app.course_cache.iterdir():
            if folder.is_dir() and folder.name not in current:
                shutil.rmtree(folder)


def setup(app):
    app.connect("builder-inited", remember_cache, priority=900)  # MyST-NB settles its own first
    app.connect("source-read", choose_cache)
    app.connect("build-finished", drop_stale)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
