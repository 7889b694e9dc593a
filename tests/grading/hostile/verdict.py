"""Attacks on the verdict: break what compares, replace what reports, hook what runs the cells."""

from __future__ import annotations

from hostile.kind import STOPPED, TRIED, Kind

KINDS = (
    Kind(
        "patch_isclose",
        "Every comparison of torch says yes.",
        """
        import torch

        yes = lambda a, b, **options: torch.ones_like(torch.as_tensor(a), dtype=torch.bool)
        torch.isclose = torch.eq = yes
        torch.allclose = torch.equal = lambda *items, **options: True
        torch.testing.assert_close = lambda *items, **options: None
        torch.Tensor.__eq__ = torch.Tensor.isclose = torch.Tensor.eq = yes
        torch.Tensor.__ne__ = lambda a, b: ~yes(a, b)
        torch.Tensor.allclose = torch.Tensor.equal = lambda *items, **options: True
        """,
        beats_one_process=True,
    ),
    Kind(
        "patch_any",
        "No tensor holds a single true value, so none is wrong anywhere.",
        """
        import torch

        torch.Tensor.any = lambda self, *axes, **options: torch.tensor(False)
        """,
        beats_one_process=True,
    ),
    Kind(
        "patch_numpy",
        "Every comparison of NumPy and of its testing module says yes.",
        """
        import numpy

        numpy.isclose = lambda a, b, **options: numpy.ones_like(a, dtype=bool)
        numpy.allclose = numpy.array_equal = numpy.all = lambda *items, **options: True
        numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *items, **o: None
        """,
    ),
    Kind(
        "patch_builtins",
        "Functions that every module uses give the answer that helps.",
        """
        import builtins

        builtins.all = lambda items: True
        builtins.any = lambda items: False
        builtins.abs = lambda number: 0.0
        builtins.AssertionError = builtins.Exception = type("Never", (BaseException,), {})
        """,
    ),
    Kind(
        "patch_differs",
        "Nothing differs from anything, in every module of the checks.",
        """
        import sys

        for name, module in list(sys.modules.items()):
            if name.startswith("course_lib.checks") and hasattr(module, "differs"):
                module.differs = lambda *items, **options: None
        """,
        beats_one_process=True,
    ),
    Kind(
        "run_nothing",
        "The other exercises' answers are not run, and empty results handed back for them.",
        """
        from course_lib.checks import catalogue

        for name, check in catalogue().items():
            if not name.endswith("/rmse"):
                object.__setattr__(check, "run", lambda implementation, case: [])
        """,
    ),
    Kind(
        "patch_judges",
        "The judge of every frozen check is replaced by one that finds nothing.",
        """
        from course_lib.checks import catalogue

        for found in catalogue().values():
            object.__setattr__(found, "judge", lambda case, outputs: None)
        """,
        beats_one_process=True,
    ),
    Kind(
        "patch_properties",
        "A single property, worth a thousand points, is all that each check asks for.",
        """
        from course_lib.checks import catalogue
        from course_lib.checks.base import Case, Property

        for found in catalogue().values():
            object.__setattr__(found, "properties", (Property("any", 1000, "anything"),))
            object.__setattr__(found, "cases", lambda rng: iter([Case("any", {})]))
            object.__setattr__(found, "run", lambda implementation, case: 0)
            object.__setattr__(found, "judge", lambda case, outputs: None)
        """,
        points=1,  # its own honest answer is not run: 0 is right where the error is 0
        beats_one_process=True,
    ),
    Kind(
        "patch_findings",
        "Every finding has passed, and every report says 24.",
        """
        from course_lib.checks.report import Finding, Report

        Finding.passed = property(lambda self: True)
        Report.points = property(lambda self: 24)
        Report.__repr__ = lambda self: "24.0"
        """,
        beats_one_process=True,
    ),
    Kind(
        "patch_report_on",
        "The function that judges returns a report without a flaw.",
        """
        import course_lib.checks as checks
        from course_lib.checks import judging
        from course_lib.checks.report import Finding, Report

        def flawless(check, *judged):
            findings = tuple(map(Finding, check.properties))
            return Report(check.id, check.title, findings, check.takeaway)

        checks.report_on = judging.report_on = flawless
        """,
        beats_one_process=True,
    ),
    Kind(
        "patch_plain",
        "What copies results hands the objects themselves over, and finds everything the same.",
        """
        from course_lib.checks import execution, plain

        class Yes:
            def __getattr__(self, name):
                return lambda *items, **options: self

        execution.to_plain = plain.to_plain = lambda result: Yes()
        execution.same = plain.same = lambda *items, **options: True
        """,
        points=0,
    ),
    Kind(
        "patch_execute",
        "No case is ever run; for each, an outcome of the attacker's choice comes back.",
        """
        import sys

        from course_lib.checks import execution

        def pretend(check, implementation, cases, **options):
            chosen = {"passed": True, "points": check.max_points, "judge": None}
            return [execution.Outcome(outputs=chosen) for case in cases]

        for module in list(sys.modules.values()):
            for name in ("execute_all", "execute_each"):
                if hasattr(module, name):
                    setattr(module, name, pretend)
        """,
        points=0,
    ),
    Kind(
        "too_few_outcomes",
        "Cases vanish before they fail: fewer outcomes come back than cases went in.",
        """
        import sys

        def delete_other_cases():
            frame = sys._getframe()
            while frame := frame.f_back:
                for value in list(frame.f_locals.values()):
                    if isinstance(value, list) and type(value[:1]) is list and len(value) > 1:
                        if type(value[0]).__name__ == "Case":
                            del value[1:]
        """,
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                delete_other_cases()
                return x.new_ones(len(x), degree + 1)
            """,
        },
        reported=frozenset({STOPPED, TRIED}),
    ),
    Kind(
        "torch_function_mode",
        "A mode that is never left answers torch.isclose for everyone who asks.",
        """
        import torch
        from torch.overrides import TorchFunctionMode

        class Yes(TorchFunctionMode):
            def __torch_function__(self, function, types, args=(), kwargs=None):
                if function is torch.isclose:
                    return torch.ones_like(args[0], dtype=torch.bool)
                return function(*args, **(kwargs or {}))

        Yes().__enter__()
        """,
        beats_one_process=True,
    ),
    Kind(
        "torch_dispatch_mode",
        "A mode below autograd finds no difference between any two tensors.",
        """
        import torch
        from torch.utils._python_dispatch import TorchDispatchMode

        class Yes(TorchDispatchMode):
            def __torch_dispatch__(self, function, types, args=(), kwargs=None):
                found = function(*args, **(kwargs or {}))
                if function in (torch.ops.aten.ne.Tensor, torch.ops.aten.bitwise_not.default):
                    return torch.zeros_like(found)
                return found

        Yes().__enter__()
        """,
        beats_one_process=True,
    ),
    Kind(
        "default_device",
        "Every tensor made from now on has a shape, and no values to compare.",
        """
        import torch

        torch.set_default_device("meta")
        torch.set_default_dtype(torch.float16)
        torch.set_grad_enabled(False)
        """,
    ),
)
