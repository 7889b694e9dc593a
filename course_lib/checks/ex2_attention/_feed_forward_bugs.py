"""The mistakes people make in a feed-forward layer, with the words that help."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.base import Bug
from course_lib.checks.ex2_attention._transformer import (
    ACTIVATIONS,
    Named,
    feed_forward_shapes,
    linear,
)


def as_is(h: Tensor, layer: Named) -> Tensor:
    """Nothing done."""
    return h


def dropped(h: Tensor, layer: Named, p: float | None = None) -> Tensor:
    """In training, as asked for."""
    return F.dropout(h, layer.p if p is None else p, layer.training)


def layer(
    *,
    inner: Callable = lambda phi, gate, up: phi(gate) * up,
    plain: Callable = lambda phi, up: phi(up),
    named: Callable[[str, bool], str] = lambda activation, gated: activation,
    has_bias: Callable[[str, bool], bool] = lambda part, bias: bias,
    has_gate: Callable[[bool], bool] = lambda gated: gated,
    before: Callable = as_is,
    inside: Callable = dropped,
    after: Callable = as_is,
    result: Callable = lambda y, x, phi: y,
) -> type:
    """A class whose parts can be exchanged: each bug below exchanges one or two."""

    class FeedForward(Named):
        def __init__(
            self,
            d_model: int,
            d_ff: int,
            activation: str = "gelu",
            gated: bool = False,
            bias: bool = True,
            dropout: float = 0.0,
        ):
            shapes = feed_forward_shapes("", d_model, d_ff, has_gate(gated))
            kept = {
                name: shape
                for name, shape in shapes.items()
                if name.endswith("weight") or has_bias(name.partition(".")[0], bias)
            }
            super().__init__(kept)
            self.phi, self.gated, self.p = ACTIVATIONS[named(activation, gated)], gated, dropout

        def forward(self, x: Tensor) -> Tensor:
            weights, h = self.weights, before(x, self)
            up = linear(weights, "up_proj.", h)
            if self.gated:
                features = inner(self.phi, linear(weights, "gate_proj.", h), up)
            else:
                features = plain(self.phi, up)
            y = linear(weights, "down_proj.", inside(features, self))
            return after(result(y, x, self.phi), self)

    return FeedForward


BUGS = (
    Bug(
        "no-activation",
        "There is no activation: two linear maps in a row are one linear map.",
        "Put the activation between the two: `down_proj(activation(up_proj(x)))`.",
        layer(plain=lambda phi, up: up, inner=lambda phi, gate, up: gate * up),
    ),
    Bug(
        "gate-and-value-swapped",
        "The activation stands on the value (`up_proj`); it belongs on the gate.",
        "Gated: `activation(gate_proj(x)) * up_proj(x)`.",
        layer(inner=lambda phi, gate, up: phi(up) * gate),
    ),
    Bug(
        "gate-without-activation",
        "The gate has no activation: its numbers multiply the value as they are.",
        "Gated: `activation(gate_proj(x)) * up_proj(x)`.",
        layer(inner=lambda phi, gate, up: gate * up),
    ),
    Bug(
        "activation-on-the-product",
        "The activation stands around the product of gate and value; it belongs on the gate alone.",
        "Gated: `activation(gate_proj(x)) * up_proj(x)`.",
        layer(inner=lambda phi, gate, up: phi(gate * up)),
    ),
    Bug(
        "activation-on-both",
        "The activation stands on gate and value alike; the value stays linear.",
        "Gated: `activation(gate_proj(x)) * up_proj(x)`.",
        layer(inner=lambda phi, gate, up: phi(gate) * phi(up)),
    ),
    Bug(
        "gate-added",
        "Gate and value are added; a gate multiplies.",
        "Gated: `activation(gate_proj(x)) * up_proj(x)`.",
        layer(inner=lambda phi, gate, up: phi(gate) + up),
    ),
    Bug(
        "sigmoid-gate",
        "The gate goes through a sigmoid, as in the first gated layers; here it goes through the "
        "activation that was asked for.",
        "Gated: `self.activation(self.gate_proj(x)) * self.up_proj(x)`.",
        layer(inner=lambda phi, gate, up: torch.sigmoid(gate) * up),
    ),
    Bug(
        "gate-ignored",
        "The gate changes nothing where `gated` is True.",
        "Gated: `activation(gate_proj(x)) * up_proj(x)`.",
        layer(inner=lambda phi, gate, up: phi(up)),
    ),
    Bug(
        "gate-always-there",
        "There is a gate where `gated` is False, with weights that nothing uses.",
        "Make `gate_proj` only where `gated` is True, and set it to None otherwise.",
        layer(has_gate=lambda gated: True),
    ),
    Bug(
        "always-gelu",
        "The activation is always GELU: the argument `activation` changes nothing.",
        "Look the function up by its name: `ACTIVATIONS[activation]`.",
        layer(named=lambda activation, gated: "gelu"),
    ),
    Bug(
        "always-relu",
        "The activation is always ReLU: the argument `activation` changes nothing.",
        "Look the function up by its name: `ACTIVATIONS[activation]`.",
        layer(named=lambda activation, gated: "relu"),
    ),
    Bug(
        "one-gelu-for-both",
        '"gelu" and "gelu_tanh" give the same: the second is an approximation, and models trained '
        "with it need it.",
        "Look the function up by its name: `ACTIVATIONS[activation]`.",
        layer(named=lambda activation, gated: activation.removesuffix("_tanh")),
    ),
    Bug(
        "activation-at-the-end",
        "The activation stands after the last map: it has nothing left to bend, and cuts off what "
        "the layer may say.",
        "Put it between the two maps: `down_proj(activation(up_proj(x)))`.",
        layer(
            plain=lambda phi, up: up,
            inner=lambda phi, gate, up: gate * up,
            result=lambda y, x, phi: phi(y),
        ),
    ),
    Bug(
        "two-activations",
        "There is a second activation after `down_proj`; what the layer adds may have any sign.",
        "End with `down_proj`.",
        layer(result=lambda y, x, phi: phi(y)),
    ),
    Bug(
        "residual-inside",
        "x is added to the result; that is the block's work, which would then add it twice.",
        "Return what `down_proj` gives.",
        layer(result=lambda y, x, phi: x + y),
    ),
    Bug(
        "biases-always",
        "There are biases where `bias` is False.",
        "Hand the argument on: `nn.Linear(d_model, d_ff, bias)`.",
        layer(has_bias=lambda part, bias: True),
    ),
    Bug(
        "down-keeps-its-bias",
        "`down_proj` has a bias where `bias` is False.",
        "Hand the argument on to every map: `nn.Linear(d_ff, d_model, bias)`.",
        layer(has_bias=lambda part, bias: bias or part == "down_proj"),
    ),
    Bug(
        "no-dropout",
        "Nothing is dropped in training.",
        "Apply `nn.Dropout(dropout)` to the features, before `down_proj`.",
        layer(inside=as_is),
    ),
    Bug(
        "dropout-at-evaluation",
        "Features are dropped in evaluation as well.",
        "`nn.Dropout` knows the mode; `F.dropout` must be told: `training=self.training`.",
        layer(inside=lambda h, layer: F.dropout(h, layer.p)),
    ),
    Bug(
        "dropout-on-the-output",
        "Dropout acts on the result; here it acts on the d_ff features inside. The result is "
        "dropped from later, by the block.",
        "Apply it to the features, before `down_proj`.",
        layer(inside=as_is, after=dropped),
    ),
    Bug(
        "dropout-on-the-input",
        "Dropout acts on x; here it acts on the d_ff features inside.",
        "Apply it to the features, before `down_proj`.",
        layer(inside=as_is, before=dropped),
    ),
    Bug(
        "dropout-not-scaled",
        "Features are dropped, but those that stay keep their size: in evaluation, where all of "
        "them stay, the layer gives more than it has learned with.",
        "Divide what stays by 1 − dropout, as `nn.Dropout(dropout)` does.",
        layer(inside=lambda h, layer: dropped(h, layer) * (1 - layer.p * layer.training)),
    ),
    Bug(
        "dropout-is-the-share-kept",
        "`dropout` is taken for the share of features that stay; it is the share that is dropped.",
        "`nn.Dropout(dropout)`, or keep a feature with probability 1 − dropout.",
        layer(inside=lambda h, layer: dropped(h, layer, (1 - layer.p) * (layer.p > 0))),
    ),
    Bug(
        "one-choice-for-all-tokens",
        "All tokens lose the same features: they are drawn once.",
        "Draw for each feature of each token, as `nn.Dropout(dropout)` does.",
        layer(inside=lambda h, layer: h * dropped(torch.ones_like(h[:1]), layer)),
    ),
)
