"""Files that were edited outside of any notebook: tests, metadata, links, giants, other files."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import stat

from nbformat.v4 import new_code_cell

from course_lib.grading.demo.hand_in import find
from hostile.kind import EARNED, NOTEBOOK, REFUSED, REPAIRED, Kind, as_file

_REPAIRED, _REFUSED = frozenset({REPAIRED}), frozenset({REFUSED})
_FILE = f"{NOTEBOOK}.ipynb"


def _tests(notebook):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def _points_raised(notebook):
    for cell in _tests(notebook):
        cell.metadata.nbgrader.points = 1000
    return notebook


def _tests_replaced(notebook):
    for cell in _tests(notebook):
        cell.source, cell.metadata.nbgrader.checksum = "1000.0", "0" * 32
    return notebook


def _not_graded(notebook):
    for cell in _tests(notebook):
        cell.metadata.nbgrader.grade = cell.metadata.nbgrader.locked = False
    return notebook


def _tests_without_metadata(notebook):
    for cell in _tests(notebook):
        del cell.metadata["nbgrader"]
        cell.source = "4.0"
    return notebook


def _tests_thrice(notebook):
    for cell in _tests(notebook):
        twin = copy.deepcopy(cell)
        twin.source = "4.0"
        notebook.cells += [twin, copy.deepcopy(twin)]
    return notebook


def _new_grade_cells(notebook):
    model = _tests(notebook)[0].metadata.nbgrader
    for name in ("bonus", "polynomial-features-2", "../../solutions", "rmse-answer", ""):
        metadata = dict(model, grade_id=name, points=1000)
        notebook.cells.append(new_code_cell("1000.0", metadata={"nbgrader": metadata}))
    return notebook


def _answers_graded(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.metadata.nbgrader |= {"grade": True, "points": 1000, "task": True}
    return notebook


def _manual(notebook):
    for cell in _tests(notebook):
        cell.metadata.nbgrader |= {"cell_type": "markdown", "task": True, "solution": True}
        cell.metadata.nbgrader |= {"schema_version": 99}
    return notebook


def _tests_moved(notebook):
    test = notebook.cells.pop(find(notebook, "rmse"))
    notebook.cells.insert(0, test)
    return notebook


def _metadata_of_no_kind(notebook):
    for number, cell in enumerate(notebook.cells):
        cell.metadata["nbgrader"] = [None, [], "x", {"grade_id": []}, {"grade_id": {}}, 7][
            number % 6
        ]
    return notebook


def _kernel(notebook):
    notebook.metadata["kernelspec"] = {
        "name": "../../../course/evil",
        "display_name": "x",
        "argv": ["touch", "left-by-a-hostile-submission"],
        "language": "bash",
    }
    notebook.metadata["language_info"] = {"name": "bash", "file_extension": "/../../x"}
    return notebook


def _scored(notebook):
    notebook.metadata["nbgrader"] = {"score": 1000, "max_score": 24, "auto_score": 24}
    for cell in notebook.cells:
        cell.metadata["score"] = cell.metadata["points"] = 1000
    for cell in _tests(notebook):
        cell.metadata.nbgrader |= {"score": 1000, "auto_score": 1000, "extra_credit": 1000}
        cell.outputs = [
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "data": {"text/plain": "1000.0"},
                "metadata": {},
            }
        ]
    return notebook


def _magics(notebook):
    source = "%%bash\ntouch left-by-a-hostile-submission; echo $((6 * 7))RAN"
    for more in (
        source,
        "%%script python3\nprint(42, 'RAN', sep='')",
        "!echo $((6 * 7))RAN",
        "%pip install x",
    ):
        notebook.cells.insert(3, new_code_cell(more))
    return notebook


def _linked(target: str):
    def hand_in(notebook: str, folder) -> None:
        course = folder.parents[2]
        (folder / _FILE).symlink_to(target.format(course=course))

    return hand_in


def _linked_folder(notebook: str, folder) -> None:
    as_file(notebook, folder)
    (folder / "data").symlink_to("/")
    (folder / "others").symlink_to(folder.parents[1])
    (folder / "loop").symlink_to(folder)
    (folder / "secret.txt").symlink_to(folder.parents[2] / "notes.txt")


def _pipe(notebook: str, folder) -> None:
    os.mkfifo(folder / _FILE)
    os.mkfifo(folder / "data.csv")


def _device(notebook: str, folder) -> None:
    as_file(notebook, folder)
    with contextlib.suppress(OSError):  # only root can make one
        os.mknod(folder / "zero.csv", stat.S_IFCHR | 0o666, os.makedev(1, 5))


def _folder(notebook: str, folder) -> None:
    (folder / _FILE).mkdir()
    as_file(notebook, folder / _FILE)


def _text(content: bytes):
    return lambda notebook, folder: (folder / _FILE).write_bytes(content)


def _giant(notebook: str, folder) -> None:
    content = json.loads(notebook)
    content["cells"].insert(0, {"cell_type": "markdown", "id": "x", "metadata": {}, "source": "@@"})
    start, end = json.dumps(content).encode().split(b"@@")
    with (folder / _FILE).open("wb") as file:
        file.write(start)
        for _ in range(150):
            file.write(b"x" * 1_000_000)
        file.write(end)


def _giant_files(notebook: str, folder) -> None:
    as_file(notebook, folder)
    for name in ("data.bin", "sub/more.bin"):
        (folder / name).parent.mkdir(exist_ok=True)
        with (folder / name).open("wb") as file:
            file.truncate(10**12)


def _many_files(notebook: str, folder) -> None:
    as_file(notebook, folder)
    for number in range(5000):
        (folder / f"{number}.txt").write_text("x")
    deep = folder
    for _ in range(100):
        deep /= "d"
    deep.mkdir(parents=True)


def _names_that_clash(notebook: str, folder) -> None:
    as_file(notebook, folder)
    (folder / "x?").mkdir()
    (folder / "x?" / "b").write_text("x")
    with open(os.fsencode(folder) + b"/x\xff", "wb") as file:
        file.write(b"x")


def _nested_too_deeply(notebook: str, folder) -> None:
    as_file(notebook, folder)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(200):
        os.mkdir("dddd", dir_fd=here)
        below = os.open("dddd", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def _bloated(notebook: str, folder) -> None:
    content = json.loads(notebook)
    content["metadata"]["x"] = content["cells"][0]["metadata"]["x"] = [{}] * 2_000_000
    (folder / _FILE).write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def _with_cells(number: int):
    def edit(notebook):
        notebook.cells += [new_code_cell("1") for _ in range(number)]
        return notebook

    return edit


def _shadowing(notebook: str, folder) -> None:
    as_file(notebook, folder)
    yes = "def check(*items, **options):\n    return 4.0\n\nprint('SHADOWED')\n"
    for name in ("torch.py", "numpy.py", "jaxtyping.py", "IPython.py", "sitecustomize.py"):
        (folder / name).write_text(yes)
    for name in ("course_lib", "course_lib/checks"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(yes)
    for name in ("nbgrader_config.py", "ipython_config.py", ".pdbrc", "conftest.py", "x.pth"):
        (folder / name).write_text("print('SHADOWED')\n")


KINDS = (
    Kind(
        "names_that_clash",
        "Names that are no text, and become one with others where they are made text.",
        hand_in=_names_that_clash,
        reported=_REPAIRED,
    ),
    Kind(
        "nested_too_deeply",
        "Folders in folders, two hundred deep.",
        hand_in=_nested_too_deeply,
    ),
    Kind("bloated", "Metadata of four million objects.", hand_in=_bloated),
    Kind("points_raised", "Tests worth a thousand points each.", edit=_points_raised),
    Kind(
        "tests_replaced",
        "Tests that say 1000, with a checksum to match.",
        edit=_tests_replaced,
        reported=_REPAIRED,
    ),
    Kind("tests_not_graded", "Tests that are marked as no tests.", edit=_not_graded),
    Kind(
        "tests_without_metadata",
        "Tests turned into cells of one's own, which say 4.",
        edit=_tests_without_metadata,
        reported=_REPAIRED,
    ),
    Kind("tests_thrice", "Three of each test, two say 4.", edit=_tests_thrice, reported=_REPAIRED),
    Kind(
        "new_tests", "Five more tests, of 1000 points each.", edit=_new_grade_cells, reported=None
    ),
    Kind("answers_graded", "Answers that are marked as tests.", edit=_answers_graded),
    Kind("manual", "Tests that call for a person, of an unknown version.", edit=_manual),
    Kind("test_moved", "A test before its answer.", edit=_tests_moved, reported=_REPAIRED),
    Kind(
        "metadata_of_no_kind",
        "Metadata that is a list, a number, a text, or has ids that are.",
        edit=_metadata_of_no_kind,
        points=0,
        reported=_REFUSED,
    ),
    Kind("other_kernel", "A kernel of its own, with a command line to run.", edit=_kernel),
    Kind("scored_already", "Scores, comments and outputs, as if it were graded.", edit=_scored),
    Kind("magics", "Cells of other languages: shells, programs, installers.", edit=_magics),
    Kind("many_cells", "Fifteen hundred cells more.", edit=_with_cells(1500)),
    Kind(
        "too_many_cells",
        "Twenty thousand cells more.",
        edit=_with_cells(20_000),
        points=0,
        reported=_REFUSED,
    ),
    Kind(
        "linked_to_the_solution",
        "A link to the solved notebook.",
        hand_in=_linked("{course}/solutions/ex1_overfitting/fitting.ipynb"),
        points=0,
        reported=_REFUSED,
    ),
    Kind(
        "linked_to_a_device",
        "A link to a device that never ends.",
        hand_in=_linked("/dev/zero"),
        points=0,
        reported=_REFUSED,
    ),
    Kind(
        "linked_to_another",
        "A link to the submission of someone who knew it all.",
        hand_in=_linked("{course}/submitted/ada/ex1_overfitting/fitting.ipynb"),
        points=0,
        reported=_REFUSED,
    ),
    Kind(
        "linked_folders",
        "Links beside the notebook: to the root folder, to others, to a secret, to itself.",
        "import glob\n\nfor path in glob.glob('**', recursive=True)[:500]:\n"
        "    try:\n        print('OPENED', path, open(path).read()[:500])\n"
        "    except (OSError, UnicodeDecodeError):\n        pass",
        hand_in=_linked_folder,
        reported=None,
    ),
    Kind(
        "pipe",
        "A pipe in place of the notebook: whoever opens it waits for ever.",
        hand_in=_pipe,
        points=0,
        reported=_REFUSED,
    ),
    Kind("device", "A device beside the notebook.", hand_in=_device, reported=None),
    Kind(
        "folder",
        "A folder in place of the notebook.",
        hand_in=_folder,
        points=0,
        reported=_REFUSED,
    ),
    Kind("empty_file", "Nothing at all.", hand_in=_text(b""), points=0, reported=_REFUSED),
    Kind(
        "deep_json",
        "Lists in lists, a hundred thousand deep.",
        hand_in=_text(b"[" * 100_000),
        points=0,
        reported=_REFUSED,
    ),
    Kind(
        "odd_json",
        "Numbers of a million digits, NaN, keys twice, bytes that are no text.",
        hand_in=_text(
            b'{"nbformat": 4, "nbformat": NaN, "cells": ' + b"1" * 10**6 + b', "\xff": 1}'
        ),
        points=0,
        reported=_REFUSED,
    ),
    Kind(
        "not_a_notebook",
        "JSON of the right shape with everything of the wrong type.",
        hand_in=_text(
            b'{"nbformat": 4, "nbformat_minor": 1e999, "metadata": [], "cells": '
            b'[{"cell_type": {}, "source": 5, "metadata": null, "outputs": {}}, 7, null]}'
        ),
        points=0,
        reported=_REFUSED,
    ),
    Kind(
        "giant_notebook",
        "A notebook of 150 megabytes.",
        hand_in=_giant,
        points=0,
        reported=_REFUSED,
    ),
    Kind("giant_files", "Files of a terabyte beside it.", hand_in=_giant_files, reported=None),
    Kind("many_files", "Thousands of files beside it.", hand_in=_many_files, reported=None),
    Kind(
        "shadowing_files",
        "Modules beside it that are called torch, numpy and course_lib.",
        "for name in ('torch', 'numpy', 'course_lib.checks'):\n    __import__(name)",
        hand_in=_shadowing,
        reported=None,
        points=EARNED,
    ),
)
