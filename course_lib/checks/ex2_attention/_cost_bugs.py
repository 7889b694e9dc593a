"""The mistakes people make when they count what attention costs, with the words that help."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.checks.base import Bug

Pair = tuple[Callable[..., float], Callable[..., float]]  # attention_parameters, attention_flops


def all_widths(d_model: int, n_heads: int, n_kv_heads: int) -> tuple[int, ...]:
    """What q_proj, k_proj, v_proj and out_proj put out."""
    d_kv = d_model // n_heads * n_kv_heads
    return d_model, d_kv, d_kv, d_model


def parameters(
    *,
    widths: Callable[[int, int, int], tuple[int, ...]] = all_widths,
    biases: Callable[[tuple[int, ...], bool], int] = lambda widths, bias: bias * sum(widths),
) -> Callable[..., float]:
    """`attention_parameters` with its parts exchangeable: a bug exchanges one."""

    def attention_parameters(
        d_model: int, n_heads: int, n_kv_heads: int | None = None, bias: bool = True
    ) -> float:
        found = widths(d_model, n_heads, n_kv_heads or n_heads)
        return d_model * sum(found) + biases(found, bias)

    return attention_parameters


def flops(
    *,
    queries: Callable[[int, int], int] = lambda q, d: 4 * q * d * d,
    keys: Callable[[int, int, int, int], int] = lambda q, k, d, d_kv: 4 * k * d * d_kv,
    scores: Callable[[int, int, int, int, int], int] = lambda q, k, d, h, g: 2 * q * k * d,
    means: Callable[[int, int, int, int, int], int] = lambda q, k, d, h, g: 2 * q * k * d,
    shared: bool = True,
    cross: bool = True,
    total: Callable[[int], float] = lambda n: n,
) -> Callable[..., float]:
    """`attention_flops` with its parts exchangeable: a bug exchanges one or two."""

    def attention_flops(
        n_queries: int,
        d_model: int,
        n_heads: int,
        n_kv_heads: int | None = None,
        n_keys: int | None = None,
    ) -> float:
        n_keys = n_keys if n_keys and cross else n_queries
        groups = n_kv_heads if n_kv_heads and shared else n_heads
        sizes = n_queries, n_keys, d_model
        return total(
            queries(n_queries, d_model)
            + keys(*sizes, d_model // n_heads * groups)
            + scores(*sizes, n_heads, groups)
            + means(*sizes, n_heads, groups)
        )

    return attention_flops


def _nothing(*sizes: int) -> int:
    return 0


def _per_head_of_full_width(q: int, k: int, d: int, h: int, g: int) -> int:
    return 2 * q * k * d * h


def _of_one_head(q: int, k: int, d: int, h: int, g: int) -> int:
    return 2 * q * k * d // h


def _of_key_heads(q: int, k: int, d: int, h: int, g: int) -> int:
    return 2 * q * k * d // h * g


def _wrong_parameters(name: str, wrong: Callable, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (wrong, flops()))


def _wrong_flops(name: str, wrong: Callable, sentence: str, hint: str) -> Bug:
    return Bug(name, sentence, hint, (parameters(), wrong))


BUGS = (
    _wrong_parameters(
        "grows-with-heads",
        parameters(
            widths=lambda d, h, g: (d * h, d * g, d * g, d),
            biases=lambda widths, bias: bias * sum(widths),
        ),
        "Every head is counted as d_model wide on the way in, so more heads have more weights.",
        "Heads share the width: each is d_model / n_heads wide, and together they are d_model.",
    ),
    _wrong_parameters(
        "every-head-a-full-layer",
        lambda d_model, n_heads, n_kv_heads=None, bias=True: (
            n_heads * parameters()(d_model, n_heads, n_kv_heads, bias)
        ),
        "The count of a whole layer is multiplied by n_heads.",
        "The projections of all heads together are one d_model × d_model matrix each: a head has "
        "d_model / n_heads columns of it.",
    ),
    _wrong_parameters(
        "one-head-counted",
        parameters(widths=lambda d, h, g: (d // h, d // h, d // h, d)),
        "The projections of one head are counted in place of those of all heads.",
        "Multiply the width of a head, d_model / n_heads, by the number of heads.",
    ),
    _wrong_parameters(
        "no-output-projection",
        parameters(widths=lambda d, h, g: all_widths(d, h, g)[:3]),
        "Only queries, keys and values are projected in this count: out_proj is missing.",
        "There are four projections; the last one mixes the heads, d_model to d_model.",
    ),
    _wrong_parameters(
        "biases-left-out",
        parameters(biases=lambda widths, bias: 0),
        "The biases are not counted.",
        "With `bias`, each projection has one more number for every column that it puts out.",
    ),
    _wrong_parameters(
        "biases-always-in",
        parameters(biases=lambda widths, bias: sum(widths)),
        "Biases are counted with `bias=False` too.",
        "Add them only where `bias` is true.",
    ),
    _wrong_parameters(
        "one-bias-a-projection",
        parameters(biases=lambda widths, bias: bias * len(widths)),
        "Each projection is given a single bias.",
        "A linear layer has as many biases as columns that it puts out.",
    ),
    _wrong_parameters(
        "key-biases-too-wide",
        parameters(biases=lambda widths, bias: bias * 4 * widths[0]),
        "All four biases are counted as d_model wide, those of fewer key and value heads too.",
        "A bias is as wide as the output of its projection: n_kv_heads · d_head for keys.",
    ),
    _wrong_parameters(
        "key-heads-ignored",
        parameters(widths=lambda d, h, g: (d, d, d, d)),
        "`n_kv_heads` makes no difference to the number of weights.",
        "k_proj and v_proj put out n_kv_heads · d_head columns each.",
    ),
    _wrong_parameters(
        "only-keys-shared",
        parameters(widths=lambda d, h, g: (d, d // h * g, d, d)),
        "Only k_proj shrinks with `n_kv_heads`; v_proj keeps its full width.",
        "Keys and values come in pairs: both have n_kv_heads heads.",
    ),
    _wrong_parameters(
        "key-heads-widened",
        parameters(widths=lambda d, h, g: (d, d // g, d // g, d)),
        "The width d_model / n_kv_heads is taken for that of all key heads together.",
        "A key head is as wide as a query head, d_model / n_heads; there are n_kv_heads of them.",
    ),
    _wrong_parameters(
        "four-square-layers",
        parameters(widths=lambda d, h, g: (d, d, d, d), biases=lambda widths, bias: sum(widths)),
        "This is 4 d_model (d_model + 1), whatever `bias` and `n_kv_heads` say.",
        "Count k_proj and v_proj by their own width, and biases only where there are some.",
    ),
    Bug(
        "float-from-division",
        "The number is right, but it is a float: `/` makes one even of whole numbers.",
        "Divide with `//`; n_heads divides d_model.",
        (lambda *sizes: float(parameters()(*sizes)), lambda *sizes: float(flops()(*sizes))),
    ),
    _wrong_flops(
        "no-score-matrix",
        flops(scores=_nothing, means=_nothing),
        "Only the projections are counted, so the cost grows in line with the length.",
        "Add what grows with its square: Q Kᵀ, and the weights times V.",
    ),
    _wrong_flops(
        "half-the-pairs",
        flops(means=_nothing),
        "Half of the operations between queries and keys is missing: the weights times V, or what "
        "a causal mask would drop.",
        "Count Q Kᵀ and, as much again, the weights times V; a mask spares nothing of either.",
    ),
    _wrong_flops(
        "only-the-score-matrix",
        flops(queries=_nothing, keys=lambda *sizes: 0),
        "The four projections are not counted.",
        "Each takes 2 · positions · d_model · width: for short texts they are most of the cost.",
    ),
    _wrong_flops(
        "no-output-projection-flops",
        flops(queries=lambda q, d: 2 * q * d * d),
        "out_proj is missing from the operations.",
        "It is one more product, (n_queries, d_model) by (d_model, d_model).",
    ),
    _wrong_flops(
        "multiplications-only",
        flops(total=lambda n: n // 2),
        "Half of it is counted: multiplications without additions.",
        "A product of (a, b) by (b, c) is 2abc operations.",
    ),
    _wrong_flops(
        "backward-counted",
        flops(total=lambda n: 3 * n),
        "This is three times the count: forward and backward pass together.",
        "Count the forward pass alone; the backward pass takes about twice as much again.",
    ),
    _wrong_flops(
        "scores-grow-with-heads",
        flops(scores=_per_head_of_full_width, means=_per_head_of_full_width),
        "Each head is counted as d_model wide, so the (query, key) products grow with n_heads.",
        "A head is d_model / n_heads wide: n_heads of them cost what one of full width costs.",
    ),
    _wrong_flops(
        "scores-of-one-head",
        flops(scores=_of_one_head, means=_of_one_head),
        "The (query, key) products of one head are counted, not of all.",
        "Every head has a Q Kᵀ of its own: multiply by n_heads.",
    ),
    _wrong_flops(
        "scores-of-key-heads",
        flops(scores=_of_key_heads, means=_of_key_heads),
        "Q Kᵀ is counted once for each key head; each of the n_heads query heads has one.",
        "Sharing keys spares projections and memory. The scores are n_heads matrices as before.",
    ),
    _wrong_flops(
        "key-heads-ignored-flops",
        flops(shared=False),
        "`n_kv_heads` makes no difference to the operations.",
        "k_proj and v_proj are narrower: n_kv_heads · d_head columns.",
    ),
    _wrong_flops(
        "context-ignored",
        flops(cross=False),
        "`n_keys` is ignored: there are as many keys as queries in this count.",
        "In cross-attention keys and values come from n_keys positions, queries from n_queries.",
    ),
    _wrong_flops(
        "keys-made-from-queries",
        flops(keys=lambda q, k, d, d_kv: 4 * q * d * d_kv),
        "k_proj and v_proj are counted for n_queries positions.",
        "They project the context: n_keys positions.",
    ),
    _wrong_flops(
        "all-projected-from-keys",
        lambda n_queries, d_model, n_heads, n_kv_heads=None, n_keys=None: flops(
            queries=lambda q, d: 4 * (n_keys or n_queries) * d * d
        )(n_queries, d_model, n_heads, n_kv_heads, n_keys),
        "All four projections are counted for n_keys positions.",
        "q_proj and out_proj work on the n_queries positions of x.",
    ),
)
