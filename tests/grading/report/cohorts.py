"""Made-up notebooks, results and honest code for the tests of the report."""

import ast
import json
from pathlib import Path
from types import SimpleNamespace

from course_lib.grading.report.answers import answers
from course_lib.grading.tasks import ExerciseResult, Result

ROOT = Path(__file__).parent.parent.parent.parent
ASSIGNMENT = "ex1_overfitting"


def notebook(codes):
    """An autograded notebook with an answer cell and a test cell for each exercise."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# Title"}]
    for grade_id, code in codes.items():
        answer = {"solution": True, "grade": False, "grade_id": f"{grade_id}-answer"}
        test = {"solution": False, "grade": True, "grade_id": grade_id}
        cells.append({"cell_type": "code", "metadata": {"nbgrader": answer}, "source": code})
        cells.append({"cell_type": "code", "metadata": {"nbgrader": test}, "source": "check()"})
    return json.dumps({"cells": cells})


def check(title, points, properties, bugs):
    """The part of a check that the report reads."""
    return SimpleNamespace(
        title=title,
        max_points=points,
        properties=[SimpleNamespace(name=n, title=t) for n, t in properties.items()],
        bugs=[SimpleNamespace(name=n, sentence=s) for n, s in bugs.items()],
    )


def result(student, name, codes, outcomes=(), incidents=(), content=None):
    """What a worker hands back; an outcome is a grade id, points, maximum, bugs, failed."""
    exercises = tuple(
        ExerciseResult(id, f"{ASSIGNMENT}/{id}", points, most, bugs, failed)
        for id, points, most, bugs, failed in outcomes
    )
    return Result(
        student,
        ASSIGNMENT,
        name,
        "key",
        notebook(codes) if content is None else content,
        {},
        {},
        exercises,
        tuple(incidents),
        seconds=1.0,
        cpu_seconds=0.5,
    )


def course_notebooks(folder):
    """The assignment's notebooks, as JSON by name."""
    return {path.stem: path.read_text() for path in sorted((ROOT / folder / ASSIGNMENT).iterdir())}


def course_code(folder):
    """Every exercise's code in the released or the solved notebooks."""
    return {
        f"{ASSIGNMENT}/{id}": code
        for content in course_notebooks(folder).values()
        for id, code in answers(content).items()
    }


def honest_variants():
    """Several independent right answers for each exercise."""
    found = {}
    for path in sorted((ROOT / "tests" / "variants" / ASSIGNMENT).glob("*.py")):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        code = {
            node.name: ast.get_source_segment(text, node)
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        found[f"{ASSIGNMENT}/{path.stem.replace('_', '-')}"] = [
            "\n\n".join(code[n.id] for n in ast.walk(variant) if getattr(n, "id", "") in code)
            for variant in tree.body[-1].value.elts
        ]
    return found
