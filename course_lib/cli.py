"""The command `course`: each subcommand is a thin door to the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from course_lib.tokenizer_cli import app as tokenizer

app = typer.Typer(
    help="Build the exercises, grade the demo cohort, tokenize, inspect the machine.",
    no_args_is_help=True,
)
app.add_typer(tokenizer, name="tokenizer")


@app.command()
def exercises(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if a notebook is out of date.")
    ] = False,
) -> None:
    """Build the solved and the released notebooks from solutions/*.md."""
    from course_lib.grading.exercises import build_exercises, stale_exercises, update_exercises
    from course_lib.grading.source import AuthorError

    root = _root()
    try:
        built = build_exercises(root)
    except (AuthorError, FileNotFoundError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    stale = stale_exercises(root, built) if check else update_exercises(root, built)
    for path in stale:
        typer.echo(
            f"{'out of date' if check else 'written' if path in built else 'removed'}: {path}"
        )
    if check and stale:
        typer.echo("Run `make exercises` and commit what it changes.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{len(built)} notebooks are current.")


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="Its name, such as ex1_overfitting.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine; as many as cores.")
    ] = None,
    cluster: Annotated[
        str, typer.Option(help="Address of a dask.distributed scheduler to grade on instead.")
    ] = "",
    regrade: Annotated[bool, typer.Option(help="Grade again what has a result.")] = False,
    trust_students: Annotated[
        bool, typer.Option("--trust-students", help="Run their code without a sandbox, as you.")
    ] = False,
) -> None:
    """Grade what lies in submitted/: safely, at once, into nbgrader's autograded/ and gradebook.

    What has a result is not graded again. Ends with status 1 unless every submission has one.
    """
    from rich.console import Console

    from course_lib.grading.grade import GradingError, grade_assignment

    root, console = _root(), Console()
    try:
        summary = grade_assignment(
            root,
            root,
            assignment,
            workers=workers,
            cluster=cluster,
            regrade=regrade,
            trust_students=trust_students,
            console=console,
        )
    except GradingError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    typer.echo(summary.in_words())
    for student, notebook, reason in summary.failures:
        typer.echo(f"no result: {student}, {notebook or 'all'}: {reason}", err=True)
    if summary.failures or summary.report_problem:
        raise typer.Exit(1)


@app.command()
def demo() -> None:
    """Grade a demo cohort, unless nothing has changed, and show the table.

    Fails where a student did not get the points or the feedback that they should get.
    """
    from rich.console import Console

    from course_lib.grading.demo.run import grade_demo

    console = Console()
    differences = grade_demo(_root(), console if console.is_terminal else Console(width=140))
    for difference in differences:
        typer.echo(f"unexpected: {difference}", err=True)
    if differences:
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Show the machine, the versions, and what is missing."""
    from rich.console import Console

    from course_lib.doctor import examine

    examine(Console(), _root())


def _root() -> Path:
    """The course's folder; ends the command with a plain sentence where there is none."""
    from course_lib.grading.course import find_root

    try:
        return find_root()
    except FileNotFoundError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
