import pytest
from typer.testing import CliRunner

from course_lib.cli import app


@pytest.mark.parametrize("command", ["exercises", "demo", "doctor"])
def test_outside_the_course_one_sentence_says_so(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [command])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"no course in {tmp_path} or above it: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
