"""Other correct ways to write TransformerBlock."""

import torch
from torch import nn
from torch.nn import functional as F

from course_lib.nn.attention_layer import AttentionLayer
from course_lib.nn.block import TransformerBlock
from course_lib.nn.feed_forward import FeedForward
from course_lib.nn.multi_head import MultiHeadAttention
from course_lib.nn.norms import LayerNorm


class TwoBranches(TransformerBlock):
    """The parts that are given, and one branch for each norm position."""

    def forward(self, x, context=None, mask=None, context_mask=None, **options):
        if self.norm_position == "pre":
            x = x + self.dropout(
                self.self_attention(self.self_attention_norm(x), None, mask, **options)
            )
            if context is not None:
                h = self.cross_attention_norm(x)
                x = x + self.dropout(self.cross_attention(h, context, context_mask))
            return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        x = self.self_attention_norm(x + self.dropout(self.self_attention(x, mask=mask, **options)))
        if context is not None:
            x = self.cross_attention_norm(
                x + self.dropout(self.cross_attention(x, context=context, mask=context_mask))
            )
        return self.feed_forward_norm(x + self.dropout(self.feed_forward(x)))


class ALoopOverParts(TransformerBlock):
    """The steps as a list of (sub-layer, norm)."""

    def forward(self, x, context=None, mask=None, context_mask=None, **options):
        steps = [
            (lambda h: self.self_attention(h, mask=mask, **options), self.self_attention_norm),
            (lambda h: self.cross_attention(h, context, context_mask), self.cross_attention_norm),
            (self.feed_forward, self.feed_forward_norm),
        ]
        for sublayer, norm in steps:
            if norm is None:
                continue
            pre = self.norm_position == "pre"
            added = F.dropout(sublayer(norm(x) if pre else x), self.dropout.p, self.training)
            x = x + added if pre else norm(x + added)
        return x


class OwnInit(nn.Module):
    """Parts made otherwise, and plain multi-head attention; the stream is a copy of x."""

    attention = MultiHeadAttention

    def __init__(
        self, d_model, n_heads, d_ff, *, activation="gelu", dropout=0.0, norm_position="pre",
        cross_attention=False, norm=LayerNorm, **options
    ):  # fmt: skip
        super().__init__()
        names = ["self_attention", *["cross_attention"] * cross_attention]
        for name in names:
            self.add_module(name, self.attention(d_model, n_heads))
        self.feed_forward = FeedForward(d_model, d_ff, activation, dropout=dropout)
        for name in (*names, "feed_forward"):
            self.add_module(f"{name}_norm", norm(d_model))
        self.post, self.p = norm_position == "post", dropout

    def forward(self, x, context=None, mask=None, context_mask=None):
        stream = x.clone()
        for name, arguments in {
            "self_attention": (None, mask),
            "cross_attention": (context, context_mask),
            "feed_forward": (),
        }.items():
            if not hasattr(self, name):
                continue
            norm = getattr(self, f"{name}_norm")
            h = stream if self.post else norm(stream)
            added = getattr(self, name)(h, *arguments)
            if self.training:
                keep = torch.rand_like(added) >= self.p
                added = torch.where(keep, added / max(1 - self.p, 1e-9), 0.0)
            stream = stream + added
            stream = norm(stream) if self.post else stream
        return stream


class WithFusedAttention(OwnInit):
    """The same with torch's kernel."""

    attention = AttentionLayer


VARIANTS = [TwoBranches, ALoopOverParts, OwnInit, WithFusedAttention]
