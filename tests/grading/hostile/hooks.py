"""Attacks on what runs the cells: IPython's hooks, Python's imports, the notebook's own names."""

from __future__ import annotations

from hostile.kind import LEFT, STOPPED, Kind

KINDS = (
    Kind(
        "own_check",
        "The name `check` stands for a function that says 4.",
        "def check(exercise, *objects, seed=0):\n    return 4.0",
        beats_one_process=True,
    ),
    Kind(
        "own_check_late",
        "The same from inside an answer, where no cell of one's own is needed.",
        answers={
            "polynomial-features": """
            from course_lib import checks

            checks.check = check = lambda exercise, *objects, seed=0: 4.0

            def polynomial_features(x, degree):
                return None
            """,
        },
        beats_one_process=True,
    ),
    Kind(
        "replaced_module",
        "sys.modules holds a module of checks with a check that says 4.",
        """
        import sys
        import types

        fake = types.ModuleType("course_lib.checks")
        fake.check = lambda exercise, *objects, seed=0: 4.0
        for name in [name for name in sys.modules if name.startswith("course_lib")]:
            del sys.modules[name]
        sys.modules["course_lib.checks"] = fake
        from course_lib.checks import check
        """,
        beats_one_process=True,
    ),
    Kind(
        "import_hook",
        "A finder on sys.meta_path makes every module of the checks anew, with judges that sleep.",
        """
        import importlib.abc
        import importlib.machinery
        import sys

        class Finder(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path, target=None):
                spec = importlib.machinery.PathFinder.find_spec(name, path, target)
                if name == "course_lib.checks.compare" and spec:
                    source = spec.loader.get_source(name)
                    code = source + "\\n\\ndef differs(*items, **options):\\n    return None\\n"
                    spec.loader.get_code = lambda name: compile(code, spec.origin, "exec")
                return spec

        sys.meta_path.insert(0, Finder())
        for name in [name for name in sys.modules if name.startswith("course_lib")]:
            del sys.modules[name]
        from course_lib.checks import check
        """,
        beats_one_process=True,
    ),
    Kind(
        "ast_transformer",
        "Each cell is rewritten before it runs: no assert, and 4.0 where a check was called.",
        """
        import ast

        class Rewriter(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()

            def visit_Call(self, node):
                is_check = getattr(node.func, "id", "") == "check"
                return ast.Constant(4.0) if is_check else self.generic_visit(node)

        get_ipython().ast_transformers.append(Rewriter())
        """,
        beats_one_process=True,
    ),
    Kind(
        "input_transformer",
        "Lines of text are rewritten before they are even parsed.",
        """
        def rewrite(lines):
            return ["4.0" if line.startswith("check(") else line for line in lines]

        get_ipython().input_transformers_cleanup.append(rewrite)
        """,
        beats_one_process=True,
    ),
    Kind(
        "pre_run_cell",
        "A hook before each cell puts a `check` of its own in place.",
        """
        def before(info):
            get_ipython().user_ns["check"] = lambda *items, **options: 4.0

        get_ipython().events.register("pre_run_cell", before)
        """,
        beats_one_process=True,
    ),
    Kind(
        "post_run_cell",
        "A hook after each cell shows 4.0 as if it were the cell's value.",
        """
        def after(result):
            result.result = 4.0
            get_ipython().displayhook(4.0)

        get_ipython().events.register("post_run_cell", after)
        """,
        beats_one_process=True,
    ),
    Kind(
        "displayhook",
        "Whatever a cell's value is, 4.0 is displayed.",
        """
        shell = get_ipython()
        hook = type(shell.displayhook)
        shown = hook.__call__
        hook.__call__ = lambda self, result=None: shown(self, result and 4.0)
        """,
        beats_one_process=True,
    ),
    Kind(
        "formatter",
        "IPython is told to write 4.0 for each report.",
        """
        from course_lib.checks import Report

        formatters = get_ipython().display_formatter.formatters
        formatters["text/plain"].for_type(Report, lambda report, page, cycle: page.text("4.0"))
        """,
        beats_one_process=True,
    ),
    Kind(
        "run_cell",
        "IPython's own way to run a cell is replaced.",
        """
        shell = get_ipython()
        run_cell = type(shell).run_cell

        def run(self, source, *items, **options):
            source = "4.0" if source.startswith("check(") else source
            return run_cell(self, source, *items, **options)

        type(shell).run_cell = run
        """,
        beats_one_process=True,
    ),
    Kind(
        "magic",
        "A macro and a magic called `check` stand before the function.",
        """
        shell = get_ipython()
        shell.run_line_magic("automagic", "1")
        shell.register_magic_function(lambda line: 4.0, "line", "check")
        del shell.user_ns["check"]
        """,
    ),
    Kind(
        "namespace",
        "The notebook's namespace is a dict that answers every question with a yes-man.",
        """
        class Names(dict):
            def __getitem__(self, name):
                yes = lambda *items, **options: 4.0
                return yes if name == "check" else super().__getitem__(name)

            def copy(self):
                raise SystemExit("no copies")

            items = keys = values = __iter__ = lambda self: 1 / 0

        shell = get_ipython()
        shell.user_ns = Names(shell.user_ns)
        """,
        points=0,
        reported=frozenset({STOPPED}),
    ),
    Kind(
        "numbers_after_tests",
        "Each test is followed by a cell whose value is a large number.",
        edit=lambda notebook: _numbers_after_tests(notebook),
    ),
    Kind(
        "history",
        "Earlier outputs are overwritten when the last cell runs.",
        last="""
        shell = get_ipython()
        for number in range(100):
            shell.user_ns["Out"][number] = shell.user_ns[f"_{number}"] = 4.0
        shell.execution_count = 1
        from IPython.display import display, update_display

        for name in ("polynomial-features", "least-squares", "score", "points"):
            display(24.0, display_id=name)
            update_display(24.0, display_id=name)
        """,
    ),
    Kind(
        "startup_files",
        "Files are left wherever Python or IPython reads some at their next start.",
        f"""
        import os
        import site
        import sys

        homes = [os.path.expanduser("~"), "/root", "/home", os.getcwd(), *sys.path]
        homes += [*site.getsitepackages(), site.getusersitepackages(), "$repository", "$course"]
        for home in homes:
            for name in ("sitecustomize.py", "usercustomize.py", "{LEFT}.pth", "conftest.py"):
                for path in (os.path.join(home, name), os.path.join(home, ".ipython", name)):
                    try:
                        if not os.path.exists(path):
                            with open(path, "w") as file:
                                file.write("# {LEFT}")
                            print("wrote", path)
                    except OSError:
                        pass
        """,
    ),
)


def _numbers_after_tests(notebook):
    from nbformat.v4 import new_code_cell

    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cells.append(new_code_cell("1000.0"))
    notebook.cells = cells
    return notebook
