"""Check of `sees_the_future(model, token_ids) -> bool`, on models of which it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import kind_of
from course_lib.checks.ex2_attention._described_language_models import build, leaks, table
from course_lib.checks.ex2_attention._leak_bugs import BUGS

SMALL = 2e-3  # times what a token adds to the logits: a leak of about 1e-3, a hundred times 1e-5


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Causal models and leaking ones in every property, so that no constant answer has a point."""

    def case(name: str, note: str, token_ids: Tensor, **model: Any) -> Case:
        return Case(name, {"model": {"table": table(rng), **model}, "token_ids": token_ids}, note)

    def draw(batch: int, seq: int) -> Tensor:
        """Neighbours that differ, and the vocabulary's last token at the first sequence's end."""
        tokens = torch.randint(1, 6, (batch, seq), generator=rng).cumsum(dim=1)
        return (tokens - tokens[0, -1] - 1) % 6 + 1

    def mixing(name: str, note: str, weights: Tensor, token_ids: Tensor | None = None, **more: Any):
        token_ids = draw(2, len(weights)) if token_ids is None else token_ids
        return case(name, note, token_ids, kind="mixing", weights=weights, **more)

    def spot(seq: int, query: int, key: int, size: float = 1.0, below: int = 0) -> Tensor:
        """A causal triangle and one leak; `below` -1: a position does not see itself."""
        weights = torch.ones(seq, seq).tril(below)
        weights[query, key] = size
        return weights

    everything, causal = torch.ones(4, 4), torch.ones(4, 4).tril()
    after = torch.ones(4, 4).triu(1)
    # Two tokens, twice each, and each token predicts itself: one change exchanges the prediction.
    clear = {"table": table(rng) + 20 * torch.eye(7)}
    twice = (torch.randperm(6, generator=rng)[:2] + 1).repeat_interleave(2)[None]
    yield mixing("plain", "each position sees all: it leaks", everything, twice, **clear)
    yield mixing("plain", "each sees itself and what came before: no leak", causal)
    yield mixing("plain", "each sees only what came before: no leak", torch.ones(4, 4).tril(-1))
    yield mixing("plain", "each sees itself alone: no leak", torch.eye(4))
    yield mixing("plain", "each sees what comes after: it leaks", after, **clear)
    last = torch.tensor([[6, 6, 6, 6]])
    yield mixing("plain", "the last token of the vocabulary: no leak", causal, last)
    yield mixing("plain", "a single token has no future", torch.ones(1, 1))

    yield mixing("anywhere", "no leak", torch.ones(7, 7).tril())
    for query, key in ((2, 4), (1, 5), (0, 6), (5, 6), (4, 5), (0, 1), (0, 2)):
        yield mixing("anywhere", f"position {query} sees position {key}", spot(7, query, key))
    unseeing = spot(7, 1, 3, below=-1)
    bias = torch.tensor([100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])  # so is the prediction always 0
    yield mixing("anywhere", "no position sees itself, but 1 sees 3", unseeing, bias=bias)
    zeros = torch.where(torch.arange(7) == 4, 0, draw(2, 7))
    yield mixing(
        "anywhere", "position 2 sees position 4, where the token is 0", spot(7, 2, 4), zeros
    )
    tokens = draw(2, 5).clamp(max=5)
    trigger = {"kind": "triggered", "trigger": 6}
    yield case("anywhere", "token 6 sees all, but does not occur: no leak", tokens, **trigger)
    tokens = tokens.clone()
    tokens[1, 1] = 6
    yield case("anywhere", "token 6 sees all, and occurs in the second sequence", tokens, **trigger)

    for masked, note in (
        ("before", "attention masked before the softmax: no leak"),
        ("after", "attention masked after the softmax: the sum below it saw the future"),
        ("never", "attention without a mask: it leaks"),
    ):
        projections = torch.randn(2, 7, 6, generator=rng) / 3
        model = {"kind": "attention", "masked": masked}
        q_proj, k_proj = projections
        yield case("subtle", note, draw(2, 5), **model, q_proj=q_proj, k_proj=k_proj)
    yield case("subtle", "the mean over all positions is subtracted", draw(2, 5), kind="centred")
    sure = "position 2 sees position 3; the most probable token stays the same"
    yield mixing("subtle", sure, spot(5, 2, 3), bias=bias)

    yield mixing("size", "position 1 sees position 2, faintly", spot(4, 1, 2, SMALL))
    yield mixing("size", "position 0 sees position 3, faintly", spot(5, 0, 3, SMALL))
    rounding = "the sum of all minus what comes after: no leak, but other last digits"
    yield case("size", rounding, draw(2, 6), kind="remainder")
    yield case("size", rounding, draw(3, 9), kind="remainder")


def run(implementation: Callable[..., Any], case: Case) -> Plain:
    """Build the model and ask."""
    return implementation(build(case.inputs["model"]).eval(), case.inputs["token_ids"])


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with derivatives in float64."""
    if isinstance(outputs, Tensor) and outputs.ndim == 0 and outputs.dtype == torch.bool:
        outputs = outputs.item()
    if not isinstance(outputs, bool):
        return f"expected True or False, got {kind_of(outputs)}"
    expected = leaks(case.inputs["model"], case.inputs["token_ids"])
    if outputs == expected:
        return None
    if expected:
        return "expected True: a position's logits depend on a later token. Got False"
    return "expected False: no position's logits depend on a later token. Got True"


CHECK = Check(
    id="ex2_attention/find-the-leak",
    title="Find the leak",
    references=("course_lib.models.leak.sees_the_future",),
    properties=(
        Property("plain", 2, "tells a causal model from one that sees everything"),
        Property("anywhere", 2, "finds one later token, seen from anywhere, in any sequence"),
        Property("subtle", 1, "finds a leak that is no missing mask"),
        Property("size", 1, "a small leak counts, rounding does not"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "This test needs to know nothing of the model, so it belongs in the test suite of every "
        "decoder: a leak makes the training loss look wonderful and the generated text worthless."
    ),
)
