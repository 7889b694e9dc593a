"""Python's own library as text."""

import ast
import inspect
import json.decoder

from course_lib.data.source_code import python_source


def test_the_source_holds_the_modules_of_the_standard_library():
    source = python_source()
    assert inspect.getsource(json.decoder) in source
    assert len(source.encode()) > 5_000_000


def test_what_other_packages_installed_is_left_out():
    source = python_source()
    assert inspect.getsource(inspect.getmodule(ast.parse)) in source
    import pytest

    assert inspect.getsource(pytest) not in source
