"""Check of `GPT(config)`, with given weights, against a network of plain tensor functions.

A head with weights of its own is given the embedding's, so that it costs the points of the property
`tied` alone; so is each property's case free of what the others are about.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._gpt_bugs import BUGS
from course_lib.checks.ex2_attention._gpt_parts import LOSSES
from course_lib.checks.ex2_attention._gpt_plain import gpt_shapes, logits
from course_lib.checks.ex2_attention._gpt_run import Config, run, weights_of

IGNORED = -100
SIZES = {"vocab_size": 11, "context_length": 5, "d_model": 4, "n_heads": 2, "d_ff": 6}
LARGER = {"vocab_size": 64, "context_length": 32, "d_model": 32, "n_heads": 2, "d_ff": 64}
# LayerNorm magnifies what is small, and a float32 constant in between may be allowed.
RTOL, ATOL = 1e-5, 1e-6


def cases(rng: torch.Generator) -> Iterator[Case]:
    """One token, one block, several, then the loss, the head and the first weights."""

    def tokens(batch: int, seq: int) -> Tensor:
        return torch.randint(11, (batch, seq), generator=rng)

    def case(name: str, token_ids: Tensor, note: str = "", n_layers: int = 1, **more) -> Case:
        sizes = {**SIZES, "n_layers": n_layers, **more.pop("sizes", {})}
        seed = int(torch.randint(2**31, (1,), generator=rng))
        inputs = {"config": sizes, "weights_seed": seed, "token_ids": token_ids}
        return Case(name, inputs | more, note)

    alone = {"positions_are_zero": True}
    note = "one token, one block, all position vectors zero"
    yield case("layers", tokens(1, 1), note, **alone)
    yield case("layers", tokens(2, 1), "three blocks", n_layers=3, **alone)
    note = "the same token everywhere: only positions tell one place from another"
    yield case("positions", tokens(1, 1).expand(1, 3).clone(), note)
    yield case("positions", tokens(2, 5), "two sequences as long as context_length")
    note = "two tokens, all position vectors zero: the first must not see the second"
    yield case("causal", torch.tensor([[3, 8]]), note, **alone)
    yield case("causal", tokens(2, 4), n_layers=2, **alone)
    yield case("whole", tokens(2, 5), "everything at once", n_layers=2)
    note = "dropout is 0.5, but the model is in evaluation"
    yield case("whole", tokens(2, 5), note, sizes={"dropout": 0.5}, training=False)
    ids, note = tokens(2, 4), "judged by the logits that your model gives"
    yield case("loss", ids[:1, :2], note, targets=ids[:1, 1:3])
    yield case("loss", ids, "targets that follow no rule", targets=tokens(2, 4))
    targets = tokens(2, 4)
    targets[0, 2:] = IGNORED
    yield case("loss", ids, f"targets of {IGNORED} do not count", targets=targets)
    yield case("tied", tokens(1, 2), "the parameters of the model")
    yield case("start", tokens(1, 2), "the first weights, before training", 8, sizes=LARGER)


def judge(case: Case, outputs: Plain) -> str | None:
    """Judge the clause that the case is about."""
    if case.property == "start":
        return _start_problem(case, outputs)
    if case.property in ("tied", "loss"):
        shape = (*case.inputs["token_ids"].shape, case.inputs["config"]["vocab_size"])
        if not isinstance(outputs["logits"], Tensor) or outputs["logits"].shape != shape:
            return differs(outputs["logits"], torch.zeros(shape), what="the logits")
        return (_head_problem if case.property == "tied" else _loss_problem)(case, outputs)
    config = Config(**case.inputs["config"])
    right = logits(weights_of(case), config, case.inputs["token_ids"])
    if (
        case.property == "positions"
        and isinstance(outputs, Tensor)
        and outputs.shape == right.shape
    ):
        # With one block the last token's logits are the same whoever else sees whom.
        return differs(outputs[:, -1], right[:, -1], RTOL, ATOL, "the last token's logits")
    return differs(outputs, right, RTOL, ATOL, "the logits")


def _loss_problem(case: Case, outputs: Plain) -> str | None:
    """The mean of −log softmax(logits)[target], of the logits that the student's model gives."""
    found, targets = outputs["logits"], case.inputs["targets"]
    counts = targets != IGNORED
    rows, wanted = found[counts].double(), targets[counts]
    right = rows.logsumexp(dim=1) - rows[torch.arange(len(rows)), wanted]
    return differs(outputs["loss"], right.mean(), RTOL, ATOL, "the loss")


def _head_problem(case: Case, outputs: Plain) -> str | None:
    if not outputs["head"]:
        return None
    listed = " and ".join(str(tuple(shape)) for shape in outputs["head"])
    return (
        f"expected a head without parameters of its own, since it is the token embedding; "
        f"found parameters of shape {listed} beside the embedding"
    )


def _start_problem(case: Case, sizes: Plain) -> str | None:
    """Whether each matrix is as large as GPT-2's, within what so few numbers vary by chance."""
    config = Config(**case.inputs["config"])
    for name, shape in gpt_shapes(config).items():
        if len(shape) < 2:
            continue
        added = name.endswith(("out_proj.weight", "down_proj.weight"))
        expected = 0.02 / math.sqrt(2 * config.n_layers) if added else 0.02
        # The root mean square of n numbers varies by 1 / √(2n). That one of the 50 matrices is
        # 6.5 times as far off by chance: once in 10⁸ runs.
        if not abs(sizes[name] / expected - 1) <= 6.5 / math.sqrt(2 * math.prod(shape)):
            return (
                f"expected the first values of `{name}` to be normal with standard deviation "
                f"{expected:.3g}, got a root mean square of {sizes[name]:.3g}"
            )
    return None


def symptoms(case: Case, outputs: Plain) -> Plain:
    """Of the loss, its formula; of the head, its kind; of the first weights, the rough size."""
    if case.property == "start":
        known = gpt_shapes(Config(**case.inputs["config"])).keys() & outputs.keys()
        return {name: round(2 * math.log2(outputs[name] / 0.02)) for name in sorted(known)}
    if case.property == "tied":
        return max(map(len, outputs["head"]), default=0)
    if case.property == "loss":
        found, loss = outputs["logits"], outputs["loss"]
        fit = [differs(loss, formula(found, case.inputs["targets"])) for formula in FORMULAS]
        return [problem is None for problem in fit] if None in fit else outputs
    return outputs


# All that can be computed from logits of that shape; the others raise an error.
FORMULAS = [formula for name, formula in LOSSES.items() if name != "classes on axis 1"]

CHECK = Check(
    id="ex2_attention/gpt",
    title="GPT",
    references=("course_lib.models.gpt.GPT",),
    properties=(
        Property("layers", 2, "embedding, blocks one after the other, last norm, head"),
        Property("positions", 1, "each token's vector plus its position's"),
        Property("causal", 2, "no token sees one that comes after it"),
        Property("whole", 1, "everything together, and no dropout in evaluation"),
        Property("loss", 1, "`loss`: the mean cross-entropy of the targets"),
        Property("tied", 1, "the head is the token embedding"),
        Property("start", 1, "first weights as small as GPT-2's"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    symptoms=symptoms,
    takeaway=(
        "This is GPT-2 as it was published, but for its size: with config = gpt2_small() the same "
        "class has its 124,439,808 parameters, and its public weights fit under your names."
    ),
)
