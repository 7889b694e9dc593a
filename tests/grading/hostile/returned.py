"""Results that lie: objects that equal everything, strange tensors, traps for whoever copies."""

from __future__ import annotations

from hostile.kind import Kind


def _returning(id: str, tries: str, cell: str, result: str, **options) -> Kind:
    """A kind with two answers that return one expression."""
    signatures = {
        "polynomial-features": "polynomial_features(x, degree)",
        "bias-variance": "bias_variance(predictions, true_mean)",
    }
    answers = {
        exercise: f"def {signature}:\n    return {result}"
        for exercise, signature in signatures.items()
    }
    return Kind(id, tries, cell, answers=answers, **options)


_YES_MAN = """
class Yes{base}:
    def yes(self, *items, **options):
        return True

    __eq__ = __ge__ = __le__ = __contains__ = __bool__ = isclose = allclose = equal = yes
    __ne__ = __gt__ = __lt__ = lambda self, other: False
    __hash__ = lambda self: 0
    {more}
"""


def _yes_man(base: str, more: str = "") -> str:
    return _YES_MAN.format(base=base and f"({base})", more=more)


KINDS = (
    _returning("always_equal", "An object that equals everything.", _yes_man(""), "Yes()"),
    _returning(
        "float_that_equals", "A number that equals every other.", _yes_man("float"), "Yes(7)"
    ),
    _returning(
        "int_that_equals",
        "An int whose conversions lie.",
        _yes_man("int", "__float__ = __index__ = __int__ = lambda self: 1 / 0"),
        "(Yes(7), Yes(7))",
    ),
    _returning(
        "str_that_equals",
        "A text whose methods return objects.",
        _yes_man("str", "__str__ = __format__ = encode = lambda self, *items: self"),
        "Yes('4.0')",
    ),
    _returning(
        "list_that_lies",
        "A list whose length, items and iterator disagree.",
        _yes_man("list", "__len__ = lambda s: 4\n    __iter__ = lambda s: iter([1] * 10**9)"),
        "Yes([1, 2])",
    ),
    _returning(
        "dict_that_lies",
        "A dict with endless items.",
        "import itertools\n" + _yes_man("dict", "items = keys = lambda s: itertools.count()"),
        "Yes({Yes(): 1})",
    ),
    _returning(
        "tensor_subclass",
        "A tensor that takes part in every operation and makes each say yes.",
        """
        import torch

        class Yes(torch.Tensor):
            @classmethod
            def __torch_function__(cls, function, types, args=(), kwargs=None):
                if function.__name__ in ("isclose", "eq", "__eq__", "equal", "allclose"):
                    return torch.ones(args[0].shape, dtype=torch.bool)
                return super().__torch_function__(function, types, args, kwargs or {})
        """,
        "torch.zeros(3).as_subclass(Yes)",
    ),
    _returning(
        "torch_function_object",
        "No tensor, but torch asks it before comparing anything with it.",
        """
        import torch

        class Yes:
            shape, ndim, dtype, device = torch.Size([]), 0, torch.float64, torch.device("cpu")

            @classmethod
            def __torch_function__(cls, function, types, args=(), kwargs=None):
                return torch.tensor(True)

            __array__ = lambda self, *items: 1 / 0
        """,
        "Yes()",
    ),
    _returning(
        "class_that_lies",
        "An object that calls itself a tensor, to isinstance as well.",
        """
        import torch

        class Meta(type):
            __instancecheck__ = __subclasscheck__ = lambda *items: True
            __eq__ = lambda *items: True
            __hash__ = lambda self: hash(torch.Tensor)

        class Yes(metaclass=Meta):
            __class__ = property(lambda self: torch.Tensor)
            __module__ = __qualname__ = "torch.Tensor"
        """,
        "Yes()",
    ),
    _returning(
        "type_without_a_name",
        "An object whose type has a name that is no text, and terminal escapes in it.",
        """
        class Name(str):
            __str__ = __format__ = __repr__ = lambda self, *items: 1 / 0

        Yes = type("\\x1b[2J<script>alert(1)</script>", (), {"__module__": Name("x")})
        """,
        "Yes()",
    ),
    Kind(
        "meta_tensor",
        "Tensors with a shape and no values to be wrong.",
        answers={
            "polynomial-features": """
            def polynomial_features(x, degree):
                return x.new_empty(len(x), degree + 1, device="meta")
            """,
        },
    ),
    _returning(
        "nan", "Numbers that are neither right nor wrong.", "", "(float('nan'), float('nan'))"
    ),
    _returning(
        "strange_layouts",
        "Sparse, quantised, nested, complex, named and negated tensors.",
        """
        import itertools
        import warnings

        import torch

        warnings.simplefilter("ignore")
        strange = itertools.cycle(
            [
                lambda: torch.ones(3, 3).to_sparse(),
                lambda: torch.ones(3, 3).to_sparse_csr(),
                lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
                lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
                lambda: torch.ones(3, dtype=torch.complex64).conj(),
                lambda: torch.ones(3, dtype=torch.complex64).conj().imag,
                lambda: torch.ones(3, names=("n",)),
                lambda: torch.ones(3).to(torch.float8_e4m3fn),
                lambda: torch.ones(3).to_mkldnn(),
            ]
        )
        """,
        "next(strange)()",
    ),
    _returning(
        "expanded",
        "A tensor of 10^18 elements that takes 8 bytes, until it is copied.",
        "import torch",
        "torch.zeros(1).expand(10**9, 10**9)",
    ),
    _returning(
        "large_results",
        "Honest tensors that are far too large: a mistake, and no reason to suspect anyone.",
        "",
        "torch.zeros(500_000, dtype=torch.float64)",
    ),
    _returning(
        "ten_gigabytes",
        "A hundred tensors below each limit that share one memory, until they are copied.",
        "import torch\n\nshared = torch.zeros(1, dtype=torch.float64).expand(19_000_000)",
        "[shared] * 100",
    ),
    _returning(
        "no_memory_behind",
        "A tensor whose storage is gone: whoever reads it reads what is not there.",
        """
        import ctypes

        import torch

        def gone():
            tensor = torch.ones(1000)
            tensor.untyped_storage().resize_(0)
            return tensor

        def freed():
            return torch.frombuffer((ctypes.c_char * 10**6).from_address(8), dtype=torch.uint8)
        """,
        "[gone(), freed()]",
        reported=None,
    ),
    _returning(
        "graph_with_hooks",
        "A tensor whose graph runs code of the student's whenever it is touched.",
        """
        import torch

        class Node(torch.autograd.Function):
            @staticmethod
            def forward(context, x):
                return x.clone()

            @staticmethod
            def backward(context, gradient):
                raise SystemExit

        def hooked():
            tensor = Node.apply(torch.ones(3, requires_grad=True))
            tensor.register_hook(lambda gradient: 1 / 0)
            return tensor
        """,
        "hooked()",
    ),
    _returning(
        "pickle_bomb",
        "An object that runs code where it is unpickled.",
        """
        import os

        class Bomb:
            def __reduce__(self):
                return os.system, ("touch $course/left-by-a-hostile-submission",)

            __reduce_ex__ = lambda self, protocol: self.__reduce__()
            __getstate__ = __copy__ = lambda self: 1 / 0
            __deepcopy__ = lambda self, memo: self.__reduce__()
        """,
        "[Bomb(), Bomb]",
    ),
    _returning(
        "numpy_objects",
        "NumPy arrays of objects, of records, and over a file.",
        "import numpy",
        "[numpy.array([print, None], dtype=object), numpy.zeros(3), numpy.memmap('m', shape=9)]",
    ),
    _returning(
        "self_referential",
        "A list and a dict that hold themselves.",
        "endless = [1]\nendless.append(endless)\nloop = {}\nloop['loop'] = [loop, endless] * 100",
        "(endless, loop)",
    ),
    _returning(
        "deep_nesting",
        "A list in a list in a list, a hundred thousand times.",
        """
        deep = []
        for _ in range(100_000):
            deep = [deep]
        wide = [[1] * 10] * 10
        for _ in range(6):
            wide = [wide] * 10
        """,
        "(deep, wide)",
    ),
    _returning(
        "million_keys",
        "A dict with a million keys, each a list's worth of text.",
        "many = {f'key {i}' * 10: [i] for i in range(150_000)}",
        "many",
    ),
    _returning(
        "giant_numbers_and_texts",
        "An int of millions of digits and texts of a hundred million letters.",
        "big = [10**3_000_000, 'x' * 100_000_000, chr(0xD800) * 1000, -(2**200), 1e308 * 10]",
        "big",
    ),
    _returning(
        "endless_generator",
        "Something to iterate over that never ends, and something to wait for.",
        """
        import itertools

        async def never():
            return 4.0
        """,
        "[itertools.count(), (i for i in itertools.count()), range(10**18), memoryview(b'x' * 99)]",
    ),
    _returning(
        "methods_that_hang",
        "repr, ==, hash, len, bool and del of the result never return.",
        """
        def hang(self, *items):
            while True:
                pass

        names = "repr str eq ne hash len bool iter float getattr getattribute"
        Hang = type("Hang", (), {f"__{name}__": hang for name in names.split()})
        Text = type("Text", (str,), {f"__{n}__": hang for n in ("repr", "str", "eq", "len")})
        """,
        "[object.__new__(Hang), Text('x'), {Text('y'): 1}]",
    ),
    _returning(
        "finalisers",
        "Finalisers of all sorts, to run when the result is thrown away in someone's process.",
        """
        import atexit
        import os
        import weakref

        class Last:
            def __del__(self):
                os.write(1, b"finalised")
                while True:
                    pass

        def last():
            item = Last()
            weakref.finalize(item, os._exit, 0)
            atexit.register(os._exit, 0)
            return item
        """,
        "last()",
        reported=None,
    ),
)
