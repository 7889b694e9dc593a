"""Check of `FeedForward(d_model, d_ff, activation, gated, bias, dropout)`, with given weights."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.compare import differs
from course_lib.checks.ex2_attention._feed_forward_bugs import BUGS
from course_lib.checks.ex2_attention._transformer import (
    ACTIVATIONS,
    drawn,
    feed_forward,
    feed_forward_shapes,
    linear,
    short,
)
from course_lib.checks.modules import construct, load_weights

SIZES = "d_model, d_ff"
P = 0.25  # the share dropped in the cases on dropout; not ½, which is also the share kept


def cases(rng: torch.Generator) -> Iterator[Case]:
    """By hand, then every activation, then the options."""
    up, down = _linear([[1], [-2]], [0, 1]), _linear([[2, 4]], [1])
    by_hand = "by hand: up gives (3, −5), ReLU (3, 0), down 2 · 3 + 1 = 7"
    yield _case("plain", {"up_proj": up, "down_proj": down}, [[3]], by_hand, activation="relu")
    yield _random(rng, "plain", 2, 3, (4,), "no options: GELU")
    for activation in ACTIVATIONS:
        yield _random(rng, "plain", 3, 5, (2, 4), activation=activation)

    gate = _linear([[1], [1]], [0, 0])
    by_hand = "by hand: gate gives (3, 3), up (3, −5), so down gets (9, −15): 2 · 9 − 4 · 15 + 1"
    parts = {"gate_proj": gate, "up_proj": up, "down_proj": down}
    yield _case("gated", parts, [[3]], by_hand, activation="relu", gated=True)
    for activation in ACTIVATIONS:
        yield _random(rng, "gated", 3, 5, (2, 4), activation=activation, gated=True)

    yield _random(rng, "bias", 2, 3, (4,), "no biases", activation="relu", bias=False)
    yield _random(rng, "bias", 3, 5, (4,), "gated", activation="silu", gated=True, bias=False)

    for gated in (False, True):
        note = "in evaluation nothing is dropped"
        yield _random(rng, "dropout", 2, 3, (4,), note, gated=gated, dropout=P, training=False)
        note = "in training each of a token's 3 features is dropped or divided by ¾"
        yield _random(rng, "dropout", 2, 3, (300,), note, gated=gated, dropout=P)


def _linear(weight: list, bias: list) -> dict[str, Tensor]:
    return {
        "weight": torch.tensor(weight, dtype=torch.float64),
        "bias": torch.tensor(bias, dtype=torch.float64),
    }


def _case(
    name: str, parts: dict, x: list | Tensor, note: str = "", training: bool = True, **options
) -> Case:
    weights = {f"{part}.{kind}": v for part, pair in parts.items() for kind, v in pair.items()}
    d_ff, d_model = weights["up_proj.weight"].shape
    inputs = {
        SIZES: (d_model, d_ff),
        "options": options,
        "weights": weights,
        "x": torch.as_tensor(x, dtype=torch.float64),
    }
    return Case(name, inputs | ({} if training else {"training": False}), note)


def _random(
    rng: torch.Generator,
    name: str,
    d_model: int,
    d_ff: int,
    shape: tuple,
    note: str = "",
    **options,
) -> Case:
    keep = {key: options[key] for key in ("gated", "bias") if key in options}
    seed = int(torch.randint(2**31, (1,), generator=rng))
    is_dropout, parts = "dropout" in options, {}
    for dotted, value in drawn(feed_forward_shapes("", d_model, d_ff, **keep), seed).items():
        part, kind = dotted.split(".")
        parts.setdefault(part, {})[kind] = value.abs() + 0.2 if is_dropout else value
    if name != "gated" and "gate_proj" in parts:  # which of the two is the gate is judged there
        parts["gate_proj"] = parts["up_proj"]
    x = short(torch.randn(*shape, d_model, generator=rng, dtype=torch.float64))
    x = x.abs() if is_dropout else x  # no feature near zero: what is dropped is seen
    return _case(name, parts, x, note, **options)


def run(implementation, case: Case) -> Plain:
    """The student's layer with the case's weights; dropout may draw from torch's global state."""
    module = construct(implementation, *case.inputs[SIZES], **case.inputs["options"])
    load_weights(module, case.inputs["weights"])
    module.train(case.inputs.get("training", True))
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        return module(case.inputs["x"])


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the formula; where features are dropped, with every choice of them."""
    right = _right(case)
    if not _drops(case):
        return differs(outputs, right)
    if not isinstance(outputs, Tensor) or outputs.shape != right.shape:
        return differs(outputs, right)
    kept = _kept_features(case, outputs)
    if kept is None:
        return (
            f"with dropout = {P} in training, expected down_proj of features that are each "
            f"dropped or divided by 1 − {P}; one token should have given one of "
            f"{2 ** case.inputs[SIZES][1]} results, and gave none of them"
        )
    if _all_lose_the_same(kept):
        return "expected each token to lose features of its own in training; all lose the same"
    n, share = kept.numel(), 1 - kept.double().mean().item()
    if abs(share - P) > 7 * (P * (1 - P) / n) ** 0.5:
        return f"expected about {P:.0%} of the features to be dropped in training, got {share:.0%}"
    return None


def _right(case: Case) -> Tensor:
    """The result without dropout."""
    activation = case.inputs["options"].get("activation", "gelu")
    return feed_forward(case.inputs["weights"], "", case.inputs["x"], activation)


def _drops(case: Case) -> bool:
    return "dropout" in case.inputs["options"] and case.inputs.get("training", True)


def _all_lose_the_same(kept: Tensor) -> bool:
    """Whether the tokens share what they have kept: all of it, or each token all its features."""
    return len(kept.unique(dim=0)) < 4


def _kept_features(case: Case, outputs: Tensor, divisor: float = 1 - P) -> Tensor | None:
    """Which features each token has kept, (token, d_ff); None where no choice explains a token."""
    weights = case.inputs["weights"]
    units = torch.eye(case.inputs[SIZES][1], dtype=torch.float64)
    unbiased = {**weights, "down_proj.weight": units, "down_proj.bias": units[0] * 0}
    features = feed_forward(unbiased, "", case.inputs["x"])
    masks = torch.tensor(list(itertools.product((False, True), repeat=len(units))))
    choices = torch.where(masks[:, None], features / divisor, 0.0)  # (mask, token, d_ff)
    distance = (linear(weights, "down_proj.", choices) - outputs).abs().amax(dim=-1)
    if not bool((distance.amin(dim=0) < 1e-5).all()):
        return None
    return masks[distance.argmin(dim=0)]


def symptoms(case: Case, outputs: Plain) -> Plain:
    """Of dropout: what was dropped, whichever numbers were drawn."""
    if "dropout" not in case.inputs["options"]:
        return outputs
    right = _right(case)
    if differs(outputs, right) is None:
        return "nothing is dropped"
    for divisor in (1 - P, 1.0, P):
        kept = _kept_features(case, outputs, divisor)
        if kept is not None and bool(kept.any()):
            same = "the same" if _all_lose_the_same(kept) else "some"
            return f"{same} features are dropped, the others divided by {divisor}"
    if bool(((outputs == 0) | torch.isclose(outputs, right / (1 - P))).all()):
        return "outputs are dropped"
    x = case.inputs["x"]
    masks = torch.tensor(list(itertools.product((0.0, 1 / (1 - P)), repeat=x.shape[-1])))
    choices = feed_forward(case.inputs["weights"], "", x * masks.double()[:, None])
    if bool(((choices - outputs).abs().amax(dim=-1).amin(dim=0) < 1e-5).all()):
        return "inputs are dropped"
    return outputs


CHECK = Check(
    id="ex2_attention/feed-forward",
    title="The feed-forward layer",
    references=("course_lib.nn.feed_forward.FeedForward",),
    properties=(
        Property("plain", 3, "down(activation(up(x))), with the activation asked for"),
        Property("gated", 3, "down(activation(gate(x)) · up(x)), where `gated` is True"),
        Property("bias", 1, "no biases where `bias` is False"),
        Property("dropout", 1, "features dropped in training, none in evaluation"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    bugs=BUGS,
    symptoms=symptoms,
    takeaway=(
        "With d_ff = 4 d_model, two thirds of a block's weights lie in this layer. No token looks "
        "at another here: what attention has gathered is worked on, token by token."
    ),
)
