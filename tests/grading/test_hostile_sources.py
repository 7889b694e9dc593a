"""The hostile submissions are what they say: told without the sandbox that they must not leave."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hostile.cohort import FAMILIES, KINDS
from hostile.kind import EARNED, filled_in

GAINING = [kind.id for kind in KINDS if kind.beats_one_process]
FACTS = {"course": "/c", "repository": "/r", "port": 1, "abstract": "a", "mark": "m"}
FACTS |= {"public_cases": [], "n_first_cases": 4}


def test_no_two_kinds_are_one():
    assert len({kind.id for kind in KINDS}) == len(KINDS) >= 60
    assert len({kind.tries for kind in KINDS}) == len(KINDS)
    assert len(FAMILIES) == 11


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_every_cell_is_code_that_python_takes(kind):
    """An attack with a slip in it would be no attack."""
    for source in (kind.cell, kind.last, *kind.answers.values()):
        code = filled_in(source, FACTS)
        ast.parse(code)
        assert "$" not in code.replace("${7*7}", "")


@pytest.fixture(scope="module")
def scores_in_one_process():
    command = [sys.executable, "-m", "hostile.one_process", *GAINING, "right_only_at_first"]
    done = subprocess.run(command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


@pytest.mark.xdist_group("hostile_sources")
@pytest.mark.parametrize("id", GAINING)
def test_the_attack_works_where_cells_and_judge_share_a_process(scores_in_one_process, id):
    assert scores_in_one_process[id] > EARNED


@pytest.mark.xdist_group("hostile_sources")
def test_the_public_cases_alone_can_be_known_in_advance(scores_in_one_process):
    assert scores_in_one_process["right_only_at_first"] == EARNED
