"""The book's own machinery: what makes a page execute again, and what a notebook's reader sees."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import execution_key  # noqa: E402  (lies in the book's folder of Sphinx extensions)
import plain_markdown  # noqa: E402

FRONT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---
"""
USES = (
    FRONT + "# Uses the library\n\n```{code-cell}\nfrom course_lib.a.b import f\nprint(f())\n```\n"
)
FREE = FRONT + "# Computes alone\n\n```{code-cell}\nprint(6 * 7)\n```\n"
CONF = """
extensions = ["myst_nb", "execution_key"]
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
html_theme = "basic"
exclude_patterns = ["_build"]
"""


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book of two pages over a library of three modules."""
    write(
        tmp_path,
        {
            "conf.py": CONF,
            "index.md": "# Book\n\n```{toctree}\nuses\nfree\n```\n",
            "uses.md": USES,
            "free.md": FREE,
            "course_lib/__init__.py": "",
            "course_lib/a/__init__.py": "",
            "course_lib/a/b.py": "from course_lib.c import N\n\ndef f():\n    return N\n",
            "course_lib/c.py": "N = 1\n",
            "course_lib/unused.py": "",
            "constraints.txt": "torch==2\n",
        },
    )
    return tmp_path


def build(book: Path) -> tuple[set[str], str]:
    """Build the book; the pages that were executed, and the first page's HTML."""
    command = [sys.executable, "-m", "sphinx", "-W", "-n", str(book), str(book / "_build" / "html")]
    paths = os.pathsep.join([str(book), str(ROOT / "book" / "_ext")])
    environment = os.environ | {"PYTHONPATH": paths, "NO_COLOR": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    executed = {name for name in ("uses", "free") if f"{name}.md: Executed notebook" in run.stdout}
    return executed, (book / "_build" / "html" / "uses.html").read_text("utf-8")


def touch(file: Path, text: str) -> None:
    """Rewrite a file, and make it newer than anything built within the same second."""
    file.write_text(text, encoding="utf-8")
    later = file.stat().st_mtime + 5
    os.utime(file, (later, later))


def test_a_page_is_executed_again_when_its_library_changes_and_not_for_prose(book: Path):
    assert build(book)[0] == {"uses", "free"}
    touch(book / "uses.md", USES.replace("# Uses", "Other prose.\n\n# Still uses"))
    touch(book / "course_lib/unused.py", "X = 1\n")
    assert build(book)[0] == set()
    touch(book / "course_lib/c.py", "N = 12345\n")
    executed, html = build(book)
    assert executed == {"uses"}
    assert "12345" in html
    assert len(list((book / "_build" / ".jupyter_cache").iterdir())) == 2  # no stale one is kept


def test_a_page_depends_on_modules_scripts_records_and_pins(book: Path):
    write(
        book,
        {
            "course_lib/widgets/__init__.py": "",
            "course_lib/widgets/w.py": "from course_lib import c\nscript = 'w.js'\n",
            "course_lib/widgets/w.js": "",
            "course_lib/widgets/other.js": "",
            "benchmarks/results/run.json": "{}",
            "benchmarks/results/run.safetensors": "",
            "benchmarks/results/other.json": "{}",
        },
    )
    page = (
        "from course_lib.widgets.w import (\n    W,\n)\n"
        "open('../benchmarks/results/run.json'), open('../benchmarks/results/run.safetensors')"
    )
    found = {file.relative_to(book).as_posix() for file in execution_key.dependencies(book, page)}
    assert found == {
        "course_lib/__init__.py",
        "course_lib/c.py",
        "course_lib/widgets/__init__.py",
        "course_lib/widgets/w.js",
        "course_lib/widgets/w.py",
        "benchmarks/results/run.json",
        "benchmarks/results/run.safetensors",
        "constraints.txt",
    }


def test_a_notebook_shows_plain_markdown(tmp_path: Path):
    write(tmp_path, {"lib.py": "import os\n\n\ndef f():\n    return 1\n\n\ndef g():\n    pass\n"})
    myst = """(label)=
## Title

```{admonition} Predict
:class: predict

How many?

:::{dropdown} Answer
About {glue:text}`page-n:.1f`, see {term}`overfits <overfitting>`.
:::
```

```{literalinclude} lib.py
:language: python
:pyobject: f
```

```{math}
:label: eq-x
x = 1
```
"""
    expected = """## Title

**Predict**

How many?

<details><summary>Answer</summary>

About 2.5, see overfits.

</details>

```python
def f():
    return 1
```

$$
x = 1
$$
"""
    assert plain_markdown.plain(myst, tmp_path, {"page-n": "2.49"}) == expected


def test_the_table_of_contents_names_pages_that_exist_and_no_solution():
    def files(entry: object) -> list[str]:
        if isinstance(entry, dict):
            own = [value for key, value in entry.items() if key in {"root", "file"}]
            return own + [file for value in entry.values() for file in files(value)]
        return [file for item in entry for file in files(item)] if isinstance(entry, list) else []

    named = files(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8")))
    assert not [file for file in named if file.startswith(("solutions", "tests"))]
    suffixes = (".md", ".ipynb")
    assert [f for f in named if not any((ROOT / f"{f}{s}").is_file() for s in suffixes)] == []


@pytest.mark.parametrize("page", sorted((ROOT / "book").glob("[1-6]_*/[1-9]_*.md")))
def test_a_page_depends_on_no_widget_but_its_own(page: Path):
    text = page.read_text("utf-8")
    modules = (ROOT / "course_lib" / "widgets").glob("*.py")
    widgets = {file.stem for file in modules if "_esm = source(" in file.read_text("utf-8")}
    scripts = {f.stem for f in execution_key.dependencies(ROOT, text) if f.suffix == ".js"}
    assert len(widgets) >= 8
    assert widgets & scripts == set(re.findall(r"from course_lib\.widgets\.(\w+) import", text))
