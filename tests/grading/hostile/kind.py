"""One hostile submission: what it tries, what it hands in, and what it may come to.

Each answers one exercise honestly (`rmse`, 4 of the notebook's 24 points) and attacks beside it, so
that a test sees both: an attack gains nothing, and takes nothing from what was earned.
"""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.grading.demo.hand_in import as_json, find
from course_lib.grading.tasks import IncidentKind

NOTEBOOK, EARNED = "fitting", 4.0
REPAIRED, REFUSED, STOPPED, TRIED = IncidentKind
LEFT = "left-by-a-hostile-submission"  # names every file that an attack writes
FIRST_ANSWER = "polynomial-features-answer"

# Wrong, but of the right kinds: whoever breaks the comparison would get points for them.
WRONG = {
    "polynomial-features": """
        def polynomial_features(x, degree):
            return x.new_zeros(len(x), degree + 1)
        """,
    "least-squares": """
        def fit_least_squares(features, y, rcond=1e-10):
            return y.new_zeros(features.shape[1])
        """,
    "train-validation-split": """
        def train_validation_split(x, y, validation_fraction, generator):
            return x, y, x, y
        """,
    "bias-variance": """
        def bias_variance(predictions, true_mean):
            return true_mean.sum() * 0 - 1, true_mean.sum() * 0 - 1
        """,
}
HONEST = {
    "rmse": """
        def rmse(predicted, observed):
            pairs = zip(predicted.flatten().tolist(), observed.tolist())
            squares = [(a - b) ** 2 for a, b in pairs]
            return (sum(squares) / len(squares)) ** 0.5
        """,
}

Edit = Callable[[NotebookNode], NotebookNode]
HandIn = Callable[[str, Path], None]


def as_file(notebook: str, folder: Path) -> None:
    """Hand in the notebook and nothing else."""
    (folder / f"{NOTEBOOK}.ipynb").write_text(notebook, encoding="utf-8", errors="surrogatepass")


@dataclass(frozen=True)
class Kind:
    """One submission; `$course`, `$port` and the like in its code stand for facts of the test."""

    id: str  # the student's
    tries: str  # a sentence
    cell: str = ""  # code of the student's own, before the first answer
    last: str = ""  # the same, after the last test
    answers: Mapping[str, str] = field(default_factory=dict)  # source by exercise
    edit: Edit = lambda notebook: notebook  # what else becomes of the notebook
    hand_in: HandIn = as_file  # puts the submission's files into its folder
    points: float = EARNED  # deserved: what it must get, no more and no less
    may_lose: bool = False  # it breaks its own notebook in a race: less is possible
    reported: frozenset[IncidentKind] | None = frozenset()  # what an instructor hears of; None: any
    beats_one_process: bool = False  # gains points where cells and judge share a process
    shows: str = ""  # a text that must stand in the graded notebook

    def notebook(self, released: NotebookNode, facts: Mapping[str, object]) -> NotebookNode:
        """The notebook that is handed in."""
        notebook = copy.deepcopy(released)
        for exercise, source in {**WRONG, **HONEST, **self.answers}.items():
            cell = notebook.cells[find(notebook, f"{exercise}-answer")]
            cell.source = filled_in(source, facts)
        if self.cell:
            attack = new_code_cell(filled_in(self.cell, facts), id="of-their-own")
            notebook.cells.insert(find(notebook, FIRST_ANSWER), attack)
        if self.last:
            notebook.cells.append(new_code_cell(filled_in(self.last, facts), id="last"))
        return self.edit(notebook)

    def lay_out(self, released: NotebookNode, folder: Path, facts: Mapping[str, object]) -> None:
        """Hand in."""
        folder.mkdir(parents=True)
        self.hand_in(as_json(self.notebook(released, facts)), folder)


def filled_in(source: str, facts: Mapping[str, object]) -> str:
    """A kind's source as it stands in a cell."""
    return Template(textwrap.dedent(source).strip("\n")).safe_substitute(facts)
