"""Check of `attention_parameters(d_model, …)` and `attention_flops(n_queries, d_model, …)`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._cost_bugs import BUGS, Pair


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Sizes small enough for a hand count, then larger ones."""

    def drawn(low: int, high: int) -> int:
        return int(torch.randint(low, high, (1,), generator=rng))

    note = "by hand: four 2 × 2 matrices, four biases of 2"
    yield _parameters("parameters", 2, 1, note=note)
    yield _parameters("parameters", 12, 3)
    yield _parameters("parameters", 12, 6, note="twice the heads, the same count")
    yield _parameters("parameters", 12, 12, note="heads of width 1")
    yield _parameters("biases", 4, 2, bias=True)
    yield _parameters("biases", 4, 2, bias=False)
    yield _parameters("biases", 64 * drawn(1, 9), 8, bias=False)
    yield _parameters("biases", 24, 6, 2, bias=True, note="narrower key and value biases")
    yield _parameters("shared-heads", 8, 4, 2, bias=False)
    yield _parameters("shared-heads", 8, 4, 1, bias=False, note="one key head for all")
    yield _parameters("shared-heads", 64 * drawn(1, 9), 16, 4, bias=False)

    yield _flops("flops", 3, 2, 1, note="by hand: 4 · 24 for the projections, 2 · 36 for the rest")
    yield _flops("flops", 1, 4, 2, note="a single token")
    yield _flops("flops", 5, 12, 3)
    yield _flops("flops", 5, 12, 6, note="twice the heads, the same count")
    yield _flops("flops", drawn(100, 900), 64 * drawn(1, 9), 8)
    yield _flops("shared-heads", 3, 8, 4, 2, note="operations with fewer key heads")
    yield _flops("shared-heads", drawn(100, 900), 64 * drawn(1, 9), 16, 4)
    yield _flops("cross", 2, 4, 2, None, 3, note="2 queries, 3 keys")
    yield _flops("cross", drawn(10, 90), 64, 8, None, drawn(100, 900))
    yield _flops("cross", drawn(100, 900), 64, 8, 2, drawn(10, 90))


def _parameters(
    name: str,
    d_model: int,
    n_heads: int,
    n_kv_heads: int | None = None,
    bias: bool = True,
    note: str = "",
) -> Case:
    inputs = {"d_model": d_model, "n_heads": n_heads, "n_kv_heads": n_kv_heads, "bias": bias}
    return Case(name, inputs, note)


def _flops(
    name: str,
    n_queries: int,
    d_model: int,
    n_heads: int,
    n_kv_heads: int | None = None,
    n_keys: int | None = None,
    note: str = "",
) -> Case:
    sizes = {"n_queries": n_queries, "d_model": d_model, "n_heads": n_heads}
    return Case(name, sizes | {"n_kv_heads": n_kv_heads, "n_keys": n_keys}, note)


def run(implementation: Pair, case: Case) -> Plain:
    """Call the function that the case is about."""
    attention_parameters, attention_flops = implementation
    called = attention_flops if "n_queries" in case.inputs else attention_parameters
    return called(*case.inputs.values())


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with torch's own layers, and with one matrix product after the other."""
    if "n_queries" in case.inputs:
        return differs(outputs, product_by_product(**case.inputs), what="the number of operations")
    return differs(outputs, layer_by_layer(**case.inputs), what="the number of parameters")


def layer_by_layer(d_model: int, n_heads: int, n_kv_heads: int | None, bias: bool) -> int:
    """What torch's linear layers hold."""
    d_head = d_model // n_heads
    d_kv = d_head * n_heads if n_kv_heads is None else d_head * n_kv_heads
    layers = [
        nn.Linear(d_in, d_out, bias, device="meta")  # shapes without numbers
        for d_in, d_out in [
            (d_model, n_heads * d_head),
            (d_model, d_kv),
            (d_model, d_kv),
            (n_heads * d_head, d_model),
        ]
    ]
    return sum(parameter.numel() for layer in layers for parameter in layer.parameters())


def product_by_product(
    n_queries: int, d_model: int, n_heads: int, n_kv_heads: int | None, n_keys: int | None
) -> int:
    """The operations of one head after the other, and then of the projection that joins them."""
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    n_keys = n_queries if n_keys is None else n_keys
    d_head, n_operations = d_model // n_heads, 0

    def multiply(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        nonlocal n_operations
        assert a[1] == b[0]
        n_operations += 2 * a[0] * a[1] * b[1]
        return a[0], b[1]

    x, context, to_head = (n_queries, d_model), (n_keys, d_model), (d_model, d_head)
    for _ in range(n_kv_heads):
        k, v = multiply(context, to_head), multiply(context, to_head)
    for _ in range(n_heads):
        weights = multiply(multiply(x, to_head), k[::-1])
        multiply(weights, v)
    multiply((n_queries, n_heads * d_head), (n_heads * d_head, d_model))
    return n_operations


CHECK = Check(
    id="ex2_attention/attention-cost",
    title="What attention costs",
    references=(
        "course_lib.nn.attention_cost.attention_parameters",
        "course_lib.nn.attention_cost.attention_flops",
    ),
    properties=(
        Property("parameters", 1, "parameters: four projections, whatever the number of heads"),
        Property("biases", 1, "parameters: with and without biases"),
        Property("flops", 2, "operations: projections, scores and means"),
        Property("shared-heads", 1, "both: fewer key and value heads"),
        Property("cross", 1, "operations: keys from a context of another length"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "The number of heads has dropped out of both counts: many narrow heads cost what one wide "
        "head costs. What grows is the square of the length, which overtakes the projections once "
        "the text is longer than about twice d_model."
    ),
)
