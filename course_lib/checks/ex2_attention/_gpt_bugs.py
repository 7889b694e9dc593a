"""The mistakes people make in GPT, with the words that help."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from course_lib.checks.base import Bug
from course_lib.checks.ex2_attention._gpt_parts import (
    LOSSES,
    as_is,
    default_start,
    gpt,
    norm_before,
    only_the_last_counts,
    placed,
    started,
    untied,
)
from course_lib.checks.ex2_attention._gpt_plain import EMBEDDING, POSITIONS, causal, embedded

BUGS = (
    Bug(
        "positions-missing",
        "Positions are missing: the model cannot tell one order of the same tokens from another.",
        "Add `self.positions(torch.arange(seq))` to the token embeddings.",
        gpt(embed=lambda weights, ids: weights[EMBEDDING][ids]),
    ),
    Bug(
        "same-position-everywhere",
        "Every token gets the vector of position 0.",
        "Ask for the positions 0, 1, …, seq − 1: `torch.arange(seq)`.",
        gpt(embed=placed(lambda ids: torch.zeros_like(ids))),
    ),
    Bug(
        "positions-by-batch",
        "Positions count the sequences of the batch, not the tokens of a sequence.",
        "`token_ids` is (batch, seq): ask for `torch.arange(token_ids.shape[1])`.",
        gpt(embed=placed(lambda ids: torch.arange(len(ids))[:, None])),
    ),
    Bug(
        "positions-of-the-tokens",
        "Positions are looked up by token id, not by place.",
        "Ask for `torch.arange(seq)`; the ids belong to `token_embedding`.",
        gpt(
            embed=lambda weights, ids: (
                weights[EMBEDDING][ids] + F.embedding(ids, weights[POSITIONS])
            )
        ),
    ),
    Bug(
        "positions-from-the-end",
        "Positions are counted from the end of the sequence.",
        "The first token stands at 0: `torch.arange(seq)`.",
        gpt(embed=placed(lambda ids: torch.arange(ids.shape[1]).flip(0))),
    ),
    Bug(
        "embeddings-scaled",
        "Token embeddings are multiplied by √d_model, as in the first Transformer; GPT adds them "
        "as they are.",
        "h₀ = E[token] + P[position].",
        gpt(
            embed=lambda weights, ids: (
                embedded(weights, ids)
                + (weights[EMBEDDING].shape[1] ** 0.5 - 1) * weights[EMBEDDING][ids]
            )
        ),
    ),
    Bug(
        "mask-missing",
        "The causal mask is missing: every token sees those after it, and so what it is to "
        "predict.",
        "Give the blocks `attention=causal_attention`.",
        gpt(mask=lambda seq: None),
    ),
    Bug(
        "mask-transposed",
        "Each token sees itself and what comes after it, not what came before.",
        "Row i of the mask is True up to and including column i.",
        gpt(mask=lambda seq: causal(seq).T),
    ),
    Bug(
        "sees-one-ahead",
        "Each token sees one place too far, the very token that it is to predict.",
        "The mask's diagonal is the last that is True: `tril()`, not `tril(1)`.",
        gpt(mask=lambda seq: torch.ones(seq, seq).tril(1).bool()),
    ),
    Bug(
        "final-norm-missing",
        "The last norm is missing: pre-norm blocks leave the stream as large as it has grown.",
        "Normalise after the last block: `self.final_norm(x)`.",
        gpt(final_norm=as_is),
    ),
    Bug(
        "final-norm-first",
        "The last norm stands before the blocks.",
        "Normalise after the last block, before the head.",
        gpt(final_norm=as_is, embed=norm_before),
    ),
    Bug(
        "blocks-not-chained",
        "Every block reads the embeddings, so only the last one counts.",
        "Go on from what the block gives: `x = block(x)`.",
        gpt(order=only_the_last_counts),
    ),
    Bug(
        "one-block-shared",
        "All layers are one and the same block, with one set of weights.",
        "Make a new one for each: `nn.ModuleList(TransformerBlock(…) for _ in range(n_layers))`, "
        "not `[block] * n_layers`.",
        gpt(shared=True),
    ),
    Bug(
        "blocks-backwards",
        "The last block comes first.",
        "Go through `self.blocks` in their order.",
        gpt(order=lambda blocks, x: [x := apply(x) for apply in reversed(blocks)][-1]),
    ),
    Bug(
        "post-norm-blocks",
        "The blocks are post-norm; GPT's are pre-norm, with a last norm at the end.",
        'Leave `norm_position` at "pre".',
        gpt(is_pre=False),
    ),
    Bug(
        "exact-gelu",
        "The activation is GELU itself; GPT-2 was trained with its tanh approximation.",
        'Give the blocks `activation="gelu_tanh"`.',
        gpt(activation="gelu"),
    ),
    Bug(
        "relu",
        "The activation is ReLU; GPT-2 was trained with GELU's tanh approximation.",
        'Give the blocks `activation="gelu_tanh"`.',
        gpt(activation="relu"),
    ),
    Bug(
        "softmax-in-the-model",
        "The model returns probabilities. Logits are asked: the loss applies the softmax itself.",
        "Return the head's numbers as they are.",
        gpt(output=lambda z: z.softmax(dim=-1)),
    ),
    Bug(
        "head-untied",
        "The head has a matrix of its own; here the one that reads tokens also writes them.",
        "`F.linear(hidden, self.token_embedding.weight)` needs no layer for the head.",
        gpt(more=untied, head="head.weight"),
    ),
    Bug(
        "head-with-bias",
        "The head has a bias; it is the token embedding and nothing else.",
        "`F.linear(hidden, self.token_embedding.weight)` needs no layer for the head.",
        gpt(more=lambda config: {"head.bias": (config.vocab_size,)}),
    ),
    Bug(
        "loss-shifted-again",
        "The targets are shifted once more: targets[b, t] already is what follows token_ids[b, t].",
        "Compare the logits at t with the target at t.",
        gpt(loss=LOSSES["shifted again"]),
    ),
    Bug(
        "loss-summed",
        "The loss is summed over the tokens, so it grows with the batch.",
        "Take the mean: it is `F.cross_entropy`'s default.",
        gpt(loss=LOSSES["sum"]),
    ),
    Bug(
        "softmax-twice",
        "The loss is taken of probabilities: `F.cross_entropy` applies the softmax itself.",
        "Hand it the logits.",
        gpt(loss=LOSSES["softmax twice"]),
    ),
    Bug(
        "last-token-only",
        "Only the last token's prediction counts in the loss.",
        "Every token predicts the next one: flatten batch and seq together.",
        gpt(loss=LOSSES["last token"]),
    ),
    Bug(
        "mean-of-means",
        "The loss is the mean of each sequence's mean, so a token counts more in a sequence where "
        "more targets are ignored.",
        "Flatten batch and seq, then take one mean over all targets that count.",
        gpt(loss=LOSSES["mean of means"]),
    ),
    Bug(
        "ignored-targets-divide",
        "The sum is divided by the number of all targets, those of −100 included.",
        "Divide by the number of targets that count, as `F.cross_entropy` does.",
        gpt(loss=LOSSES["divided by all"]),
    ),
    Bug(
        "loss-not-flattened",
        "`F.cross_entropy` takes axis 1 for the classes, but that is seq; the vocabulary is last.",
        "Make one long batch of it: `logits.flatten(0, 1)` and `targets.flatten()`.",
        gpt(loss=LOSSES["classes on axis 1"]),
    ),
    Bug(
        "first-weights-of-torch",
        "The first weights are torch's own: embeddings with standard deviation 1 make the first "
        "logits, and so the first loss, far too large.",
        "End `__init__` with `self.initialize()`.",
        gpt(start=default_start),
    ),
    Bug(
        "no-smaller-start-for-sums",
        "All first weights are of one size; the maps whose results are added to the stream start "
        "smaller by √(2 n_layers).",
        "Leave `initialize` as it is given, and call it once all blocks are there.",
        gpt(start=lambda module, n_layers: started(module, 1 / 2)),
    ),
)
