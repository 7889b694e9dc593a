"""A right Transformer block, and the wrong ways through its parts that people write."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.ex2_attention._transformer import (
    Named,
    attend,
    block_shapes,
    feed_forward,
    layer_norm,
)

Function = Callable[[Tensor], Tensor]


class Block(Named):
    """A right block, to be subclassed; `norm_of` and the others make the functions of its parts."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_ff: int,
        *,
        activation: str = "gelu",
        dropout: float = 0.0,
        norm_position: str = "pre",
        cross_attention: bool = False,
    ):
        super().__init__(block_shapes("", d_model, d_ff, cross_attention))
        self.n_heads, self.activation, self.p = n_heads, activation, dropout
        self.is_pre, self.crosses = norm_position == "pre", cross_attention

    def norm_of(self, name: str) -> Function:
        """The normalisation of a sub-layer."""
        return lambda h: layer_norm(self.weights, f"{name}_norm.", h)

    def to_itself(self, mask: Tensor | None) -> Function:
        """Self-attention."""
        return lambda h: attend(self.weights, "self_attention.", h, h, self.n_heads, mask)

    def to(self, context: Tensor, mask: Tensor | None) -> Function:
        """Cross-attention."""
        return lambda h: attend(self.weights, "cross_attention.", h, context, self.n_heads, mask)

    def fed(self, h: Tensor) -> Tensor:
        """The feed-forward layer, whose features are all dropped in training where p is 1."""
        if self.p == 1 and self.training:
            return self.weights["feed_forward.down_proj.bias"].expand(h.shape)
        return feed_forward(self.weights, "feed_forward.", h, self.activation)

    def drop(self, h: Tensor) -> Tensor:
        """Dropout in training."""
        return F.dropout(h, self.p, self.training)

    def add(self, x: Tensor, sublayer: Function, norm: Function) -> Tensor:
        """One residual step."""
        if self.is_pre:
            return x + self.drop(sublayer(norm(x)))
        return norm(x + self.drop(sublayer(x)))

    def forward(
        self,
        x: Tensor,
        context: Tensor | None = None,
        mask: Tensor | None = None,
        context_mask: Tensor | None = None,
    ) -> Tensor:
        """Self-attention, cross-attention, feed-forward."""
        x = self.add(x, self.to_itself(mask), self.norm_of("self_attention"))
        if self.crosses:
            x = self.add(x, self.to(context, context_mask), self.norm_of("cross_attention"))
        return self.add(x, self.fed, self.norm_of("feed_forward"))


def adding(
    pre: Callable[..., Tensor] | None = None, post: Callable[..., Tensor] | None = None
) -> type:
    """A block with another residual step: functions of (x, sublayer, norm, drop)."""

    class Wrong(Block):
        def add(self, x: Tensor, sublayer: Function, norm: Function) -> Tensor:
            step = pre if self.is_pre else post
            if step is None:
                return super().add(x, sublayer, norm)
            return step(x, sublayer, norm, self.drop)

    return Wrong


def pre_step(x, sublayer, norm, drop):
    """As it should be in pre-norm."""
    return x + drop(sublayer(norm(x)))


def post_step(x, sublayer, norm, drop):
    """As it should be in post-norm."""
    return norm(x + drop(sublayer(x)))


def going(forward: Callable[..., Tensor]) -> type:
    """A block with another way through its parts: a function of (block, x, c, mask, c_mask)."""

    class Wrong(Block):
        def forward(self, x, context=None, mask=None, context_mask=None):
            return forward(self, x, context, mask, context_mask)

    return Wrong


def one_residual_around_both(b, x, context, mask, context_mask):
    """The sub-layers in a row, then one sum."""
    names = ["self_attention", "cross_attention", "feed_forward"]
    layers = [b.to_itself(mask), b.to(context, context_mask), b.fed]
    h = x
    for name, layer in zip(names, layers, strict=True):
        if name != "cross_attention" or b.crosses:
            h = layer(b.norm_of(name)(h)) if b.is_pre else layer(h)
            if not b.is_pre and name != "feed_forward":
                h = b.norm_of(name)(h)
    return x + b.drop(h) if b.is_pre else b.norm_of("feed_forward")(x + b.drop(h))


def feed_forward_on_the_input(b, x, context, mask, context_mask):
    """The last sum starts from what came into the block."""
    h = b.add(x, b.to_itself(mask), b.norm_of("self_attention"))
    if b.crosses:
        h = b.add(h, b.to(context, context_mask), b.norm_of("cross_attention"))
    norm = b.norm_of("feed_forward")
    return x + b.drop(b.fed(norm(h))) if b.is_pre else norm(x + b.drop(b.fed(h)))


def in_parallel(b, x, context, mask, context_mask):
    """Every sub-layer reads what came into the block."""
    layers = {"self_attention": b.to_itself(mask), "feed_forward": b.fed}
    if b.crosses:
        layers["cross_attention"] = b.to(context, context_mask)
    total = x
    for name, layer in layers.items():
        norm = b.norm_of(name)
        total = total + (b.drop(layer(norm(x))) if b.is_pre else b.drop(layer(x)))
    return total if b.is_pre else b.norm_of("feed_forward")(total)


def feed_forward_first(b, x, context, mask, context_mask):
    """The other way round."""
    x = b.add(x, b.fed, b.norm_of("feed_forward"))
    x = b.add(x, b.to_itself(mask), b.norm_of("self_attention"))
    return b.add(x, b.to(context, context_mask), b.norm_of("cross_attention")) if b.crosses else x


def mask_not_passed(b, x, context, mask, context_mask):
    """No mask in self-attention."""
    return Block.forward(b, x, context, None, context_mask)


def context_mask_not_passed(b, x, context, mask, context_mask):
    """No mask in cross-attention."""
    return Block.forward(b, x, context, mask, None)


def cross_attention_last(b, x, context, mask, context_mask):
    """After the feed-forward layer."""
    x = b.add(x, b.to_itself(mask), b.norm_of("self_attention"))
    x = b.add(x, b.fed, b.norm_of("feed_forward"))
    return b.add(x, b.to(context, context_mask), b.norm_of("cross_attention")) if b.crosses else x


def cross_attention_first(b, x, context, mask, context_mask):
    """Before self-attention."""
    if b.crosses:
        x = b.add(x, b.to(context, context_mask), b.norm_of("cross_attention"))
    x = b.add(x, b.to_itself(mask), b.norm_of("self_attention"))
    return b.add(x, b.fed, b.norm_of("feed_forward"))


def cross_attention_left_out(b, x, context, mask, context_mask):
    """The context is never read."""
    x = b.add(x, b.to_itself(mask), b.norm_of("self_attention"))
    return b.add(x, b.fed, b.norm_of("feed_forward"))


def cross_attention_to_itself(b, x, context, mask, context_mask):
    """Keys and values of x, not of the context."""
    x = b.add(x, b.to_itself(mask), b.norm_of("self_attention"))
    if b.crosses:
        x = b.add(x, lambda h: b.to(h, None)(h), b.norm_of("cross_attention"))
    return b.add(x, b.fed, b.norm_of("feed_forward"))


def context_asks(b, x, context, mask, context_mask):
    """Queries of the context, keys and values of x."""
    x = b.add(x, b.to_itself(mask), b.norm_of("self_attention"))
    if b.crosses:
        x = b.add(x, lambda h: b.to(h, context_mask)(context), b.norm_of("cross_attention"))
    return b.add(x, b.fed, b.norm_of("feed_forward"))


def context_normalised(b, x, context, mask, context_mask):
    """The norm of cross-attention is laid on the context as well."""
    if b.crosses:
        context = b.norm_of("cross_attention")(context)
    return Block.forward(b, x, context, mask, context_mask)


class OneNormForAll(Block):
    """The first norm before (or after) every sub-layer."""

    def norm_of(self, name: str) -> Function:
        """Always the same."""
        return super().norm_of("self_attention")


class NormsSwapped(Block):
    """Self-attention and feed-forward take each other's norm."""

    def norm_of(self, name: str) -> Function:
        """The other one."""
        other = {"self_attention": "feed_forward", "feed_forward": "self_attention"}
        return super().norm_of(other.get(name, name))


class DropsAlways(Block):
    """Drops in evaluation, too."""

    def drop(self, h: Tensor) -> Tensor:
        """Dropout in any mode."""
        return F.dropout(h, self.p)
