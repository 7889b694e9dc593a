"""Answers that are the course's own code, by whatever way they got into the notebook.

The library is published: who copies its text has an answer that is right, and gets its points. What
calls the library instead of writing the function is refused and reported.
"""

from __future__ import annotations

from hostile.kind import EARNED, TRIED, Kind

_CALLED = frozenset({TRIED})

KINDS = (
    Kind(
        "imports_the_reference",
        "Imports the course's own function under the name that is asked for.",
        answers={"rmse": "from course_lib.overfitting.polynomial import rmse"},
        points=0,
        reported=_CALLED,
    ),
    Kind(
        "calls_the_reference",
        "Wraps the course's own function.",
        answers={
            "rmse": """
            def rmse(predicted, observed):
                from course_lib.overfitting import polynomial

                return polynomial.rmse(predicted, observed)
            """,
        },
        points=0,
        reported=_CALLED,
    ),
    Kind(
        "finds_the_reference",
        "Finds it by importlib, by a text that is no name, and calls its code.",
        answers={
            "rmse": """
            def rmse(predicted, observed):
                import importlib

                name = ".".join(["course_lib", "overfitting", "polynomial"])
                module = importlib.import_module(name)
                return getattr(module, "".join(reversed("esmr")))(predicted, observed)
            """,
        },
        points=0,
        reported=_CALLED,
    ),
    Kind(
        "copies_the_function",
        "Makes a function of its own from the code object of the course's.",
        answers={
            "rmse": """
            import types

            from course_lib.overfitting import polynomial

            rmse = types.FunctionType(polynomial.rmse.__code__, vars(polynomial))
            """,
        },
        points=EARNED,  # as whoever copies the text
    ),
    Kind(
        "copies_the_text",
        "Reads the course's source and runs its text as if it were its own.",
        answers={
            "rmse": """
            import inspect

            from course_lib.overfitting import polynomial

            exec(inspect.getsource(polynomial.rmse).partition('\"\"\"')[0].replace(" -> ", "->")
                 + "return (predicted.flatten() - observed.flatten()).square().mean().sqrt()")
            """,
        },
        points=EARNED,
    ),
    Kind(
        "asks_the_oracle",
        "Calls the judge's own oracle with its inputs, and the judge with results until one fits.",
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                from course_lib.checks import catalogue
                from course_lib.checks.base import Case

                judge = catalogue()["ex1_overfitting/polynomial-features"].judge
                case = Case("powers", {"x": x, "degree": degree})
                for guess in (x.new_zeros(1), x.new_zeros(len(x), degree + 1)):
                    if judge(case, guess) is None:
                        return guess
                return None
            """,
        },
    ),
)
