"""Other correct ways to write GPT."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.nn.attention import scaled_dot_product_attention
from course_lib.nn.block import TransformerBlock
from course_lib.nn.masks import causal_mask
from course_lib.nn.norms import LayerNorm, layer_norm
from course_lib.nn.positions import LearnedPositions


def initialize(model, n_layers):
    for name, parameter in model.named_parameters():
        if name.endswith(("out_proj.weight", "down_proj.weight")):
            nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * n_layers))
        elif parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.02)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)


class AMaskForEveryBlock(nn.Module):
    """The blocks attend by hand and are given the mask; a head that shares its weight."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        c = self.config = config
        self.token_embedding = nn.Embedding(c.vocab_size, c.d_model)
        self.positions = LearnedPositions(c.context_length, c.d_model)
        self.drop = nn.Dropout(c.dropout)
        blocks = [
            TransformerBlock(
                c.d_model,
                c.n_heads,
                c.d_ff,
                activation="gelu_tanh",
                dropout=c.dropout,
                attention=scaled_dot_product_attention,
            )
            for _ in range(c.n_layers)
        ]
        self.blocks = nn.ModuleList(blocks)
        self.final_norm = LayerNorm(c.d_model)
        self.lm_head = nn.Linear(c.d_model, c.vocab_size, bias=False)
        self.lm_head.weight = self.token_embedding.weight
        self.register_buffer("mask", causal_mask(c.context_length))
        initialize(self, c.n_layers)

    def forward(self, token_ids):
        seq = token_ids.size(1)
        x = self.token_embedding(token_ids) + self.positions(torch.arange(seq))[None]
        x = self.drop(x)
        for block in self.blocks:
            x = block(x, mask=self.mask[:seq, :seq])
        return self.lm_head(self.final_norm(x))

    def loss(self, token_ids, targets):
        z = self(token_ids)
        return F.cross_entropy(z.view(-1, z.size(-1)), targets.view(-1))


class OneTokenAfterTheOther(AMaskForEveryBlock):
    """The slow way: every beginning of the sequence anew, and of it the last token."""

    def forward(self, token_ids):
        results = []
        for n in range(1, token_ids.shape[1] + 1):
            x = self.token_embedding(token_ids[:, :n]) + self.positions.table[:n]
            for block in self.blocks:
                x = block(x, mask=self.mask[:n, :n])
            results.append(self.final_norm(x[:, -1]) @ self.token_embedding.weight.t())
        return torch.stack(results, dim=1)

    def loss(self, token_ids, targets):
        log_p = self(token_ids).log_softmax(-1)
        counts = targets >= 0
        chosen = log_p.gather(-1, targets.clamp(min=0)[..., None]).squeeze(-1)
        return -(chosen * counts).sum() / counts.sum()


class FromMatrices(nn.Module):
    """Nothing of the course's but the names: matrices and torch's functions."""

    def __init__(self, config):
        super().__init__()
        c = self.config = config

        def holder(**shapes):
            module = nn.Module()
            for name, shape in shapes.items():
                start = torch.ones(shape) if name == "scale" else torch.zeros(shape)
                module.register_parameter(name, nn.Parameter(start))
            return module

        def linear(n_in, n_out):
            return holder(weight=(n_out, n_in), bias=(n_out,))

        def norm():
            return holder(scale=(c.d_model,), shift=(c.d_model,))

        self.token_embedding = holder(weight=(c.vocab_size, c.d_model))
        self.positions = holder(table=(c.context_length, c.d_model))
        self.blocks = nn.ModuleList()
        for _ in range(c.n_layers):
            block = nn.Module()
            block.self_attention, block.feed_forward = nn.Module(), nn.Module()
            for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                setattr(block.self_attention, name, linear(c.d_model, c.d_model))
            block.feed_forward.up_proj = linear(c.d_model, c.d_ff)
            block.feed_forward.down_proj = linear(c.d_ff, c.d_model)
            block.self_attention_norm, block.feed_forward_norm = norm(), norm()
            self.blocks.append(block)
        self.final_norm = norm()
        initialize(self, c.n_layers)

    def forward(self, token_ids):
        p, n_heads = self.config.dropout if self.training else 0.0, self.config.n_heads

        def normed(part, x):
            return layer_norm(x, part.scale, part.shift)

        def mapped(part, x):
            return F.linear(x, part.weight, part.bias)

        table = self.positions.table[: token_ids.shape[-1]]
        x = F.dropout(F.embedding(token_ids, self.token_embedding.weight) + table, p)
        for block in self.blocks:
            a, f = block.self_attention, block.feed_forward
            h = normed(block.self_attention_norm, x)
            q, k, v = (
                mapped(part, h).unflatten(-1, (n_heads, -1)).transpose(1, 2)
                for part in (a.q_proj, a.k_proj, a.v_proj)
            )
            heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + F.dropout(mapped(a.out_proj, heads.transpose(1, 2).flatten(2)), p)
            h = F.gelu(mapped(f.up_proj, normed(block.feed_forward_norm, x)), approximate="tanh")
            x = x + F.dropout(mapped(f.down_proj, F.dropout(h, p)), p)
        return normed(self.final_norm, x) @ self.token_embedding.weight.mT

    def loss(self, token_ids, targets):
        return nn.CrossEntropyLoss()(self(token_ids).transpose(1, 2), targets)


class ATiedLinearHead(GPT):
    """What the release gives, `initialize` among it, and a linear map for the head."""

    def __init__(self, config: GPTConfig):
        super().__init__(config)
        self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.head.weight = self.token_embedding.weight
        self.initialize()

    def forward(self, token_ids, mask=None, caches=None):
        return self.head(self.hidden(token_ids))


VARIANTS = [AMaskForEveryBlock, OneTokenAfterTheOther, FromMatrices, ATiedLinearHead]
