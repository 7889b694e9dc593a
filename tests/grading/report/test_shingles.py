"""What dresses a program up leaves its tokens alone; what changes it does not."""

import warnings

import pytest

from course_lib.grading.report.shingles import LENGTH, MAX_CHARACTERS, shingles, tokens_of

PLAIN = """
def fit(features, y, alpha):
    penalty = alpha * torch.eye(features.shape[1])
    penalty[0, 0] = 0.0
    return torch.linalg.solve(features.T @ features + penalty, features.T @ y)
"""
DRESSED = '''
import numpy as something
from torch import (Tensor, nn)
%timeit 3

def my_fit(X: "Float[Tensor, 'n d']", target, strength: float) -> Tensor:
    """All mine."""
    # I thought about this for long
    reg = (strength
           * torch.eye(X.shape[1]))
    reg[0, 0]   =   0.0   # not the constant
    """More words."""
    return (torch.linalg.solve(((X.T @ X) + reg), X.T @ target))
'''


def test_names_comments_types_layout_and_imports_do_not_count():
    assert tokens_of(PLAIN) == tokens_of(DRESSED)
    assert len(tokens_of(PLAIN)) > 30


def test_another_name_for_an_import_does_not_count():
    one = "import numpy as np\ndef f(x):\n    return np.linalg.svd(x)"
    other = "import numpy as matrix\ndef g(a):\n    return matrix.linalg.svd(a)"
    assert tokens_of(one) == tokens_of(other)


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.0", "0.5"), ("torch.eye", "torch.ones"), ("+ penalty", "- penalty"), ("solve", "lstsq")],
)
def test_another_program_has_other_tokens(old, new):
    assert tokens_of(PLAIN.replace(old, new)) != tokens_of(PLAIN)


def test_shingles_are_counted_by_hand():
    tokens = [f"t{number}" for number in range(LENGTH + 3)]
    assert len(shingles(tokens)) == 4
    assert len(shingles(tokens[:LENGTH])) == 1
    assert len(shingles(tokens[: LENGTH - 1])) == 0
    assert len(shingles(["again"] * 50)) == 1
    assert list(shingles(tokens)) == sorted(shingles(tokens))


def test_broken_code_falls_back_to_its_text():
    broken = "def f(a:\n    return a + 1  # oops"
    assert tokens_of(broken) == tokens_of("def g(b:\nreturn b+1")
    assert tokens_of(broken) == [*["def", "name", "(", "name", ":", "return", "name", "+", "1"]]


@pytest.mark.parametrize(
    "code",
    [
        "(" * 10_000 + ")" * 10_000,
        "-" * 19_999 + "1",
        "a" + ".b" * 9_999,
        "1" + "+1" * 9_999,
        "lambda:" * 2_800 + "1",
        "x=" * 9_999 + "1",
        "a\0b",
        "\ud800 = 1",
        "x" * 10_000_000,
        "x = 1\n" * 2_000_000,
        "'\\d'",
        "\x1b]0;owned\x07",
        "1" * 19_000,
        "",
    ],
    ids=lambda code: repr(code[:12]),
)
def test_nothing_breaks_it(code):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokens = tokens_of(code)
    assert len(tokens) <= 2 * MAX_CHARACTERS
    shingles(tokens)


def test_nothing_is_run(tmp_path):
    target = tmp_path / "made"
    tokens_of(f"open({str(target)!r}, 'w')")
    assert not target.exists()
