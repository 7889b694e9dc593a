"""Tiny models of Hugging Face's transformers with random weights, and how both are called."""

import pytest
import torch
from model_copies import random_ids, randomised

from course_lib.nn.masks import padding_mask

VOCAB, CONTEXT = 50, 16
GPT2 = {"n_positions": CONTEXT, "n_embd": 24, "n_head": 3, "n_layer": 2}
BERT = {
    "hidden_size": 24,
    "num_attention_heads": 3,
    "num_hidden_layers": 2,
    "intermediate_size": 40,
    "max_position_embeddings": CONTEXT,
}
ALBERT = BERT | {"embedding_size": 6, "hidden_act": "gelu_new", "num_hidden_layers": 3}
ROBERTA = BERT | {"type_vocab_size": 1, "layer_norm_eps": 1e-5}
T5 = {
    "d_model": 24,
    "num_heads": 3,
    "d_kv": 8,
    "num_layers": 2,
    "d_ff": 40,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 12,
}
LLAMA = BERT | {"num_key_value_heads": 3, "rms_norm_eps": 1e-6}
SETTINGS = {
    "gpt2": ("gpt2", GPT2),
    "gpt2, one head": ("gpt2", GPT2 | {"n_head": 1, "n_inner": 40, "n_layer": 3}),
    "llama, all heads": ("llama", LLAMA),
    "llama, grouped, tied": (
        "llama",
        LLAMA
        | {"num_attention_heads": 6, "num_key_value_heads": 2}
        | {"rope_theta": 500_000.0, "tie_word_embeddings": True},
    ),
    "llama, one key head": ("llama", LLAMA | {"num_key_value_heads": 1}),
    "bert": ("bert", BERT),
    "bert, relu": ("bert", BERT | {"hidden_act": "relu", "num_hidden_layers": 3}),
    "roberta": ("roberta", ROBERTA | {"pad_token_id": 1, "max_position_embeddings": CONTEXT + 2}),
    "roberta, padding 0": (
        "roberta",
        ROBERTA | {"pad_token_id": 0, "max_position_embeddings": CONTEXT + 1},
    ),
    "albert": ("albert", ALBERT),
    "albert, gelu": ("albert", ALBERT | {"hidden_act": "gelu", "embedding_size": 24}),
    "t5 1.0": ("t5", T5),
    "t5 1.1": ("t5", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
}
"""By name: their model_type, and settings that differ from the published ones."""

CLASSES = {
    "gpt2": "GPT2LMHeadModel",
    "llama": "LlamaForCausalLM",
    "bert": "BertForPreTraining",
    "roberta": "RobertaForMaskedLM",
    "albert": "AlbertForPreTraining",
    "t5": "T5ForConditionalGeneration",
}


def their_model(name, **changes):
    """A model of theirs in evaluation mode, all its weights random, norms and biases included."""
    reason = "parity needs Hugging Face's transformers, which is not installed"
    transformers = pytest.importorskip("transformers", reason=reason)
    kind, settings = SETTINGS[name]
    config = transformers.AutoConfig.for_model(
        kind, vocab_size=VOCAB, attn_implementation="eager", **settings | changes
    )
    return randomised(getattr(transformers, CLASSES[kind])(config))


def real_tokens(batch, seq, n_padding):
    """Where tokens are real: the first sequence has padding at its end, or begin if negative."""
    lengths = torch.full((batch,), seq)
    lengths[0] -= abs(n_padding)
    real = padding_mask(lengths, seq)
    return real.flip(1) if n_padding < 0 else real


def outputs(ours, theirs, batch, seq, n_padding):
    """All logits of both at real tokens: two lists, the same in ours as in theirs."""
    kind, real = theirs.config.model_type, real_tokens(batch, seq, n_padding)
    mask = real if n_padding else None
    ids = random_ids(batch, seq, low=2, high=VOCAB)
    given = {"input_ids": ids, "attention_mask": real.long()}
    if kind in ("gpt2", "llama"):
        allowed = None if mask is None else mask[:, None, None, :]
        return [ours(ids, allowed)[real]], [theirs(**given).logits[real]]
    if kind == "roberta":
        ids = torch.where(real, ids, theirs.config.pad_token_id)
        given["input_ids"] = ids
        return [ours(ids, mask)[real]], [theirs(**given).logits[real]]
    if kind == "t5":
        target = random_ids(batch, seq + 2, high=VOCAB, seed=1)
        expected = theirs(**given, decoder_input_ids=target, use_cache=False).logits
        return [ours(ids, target, mask)], [expected]
    segments = random_ids(batch, seq, high=2)
    expected = theirs(**given, token_type_ids=segments)
    sentence = expected.sop_logits if kind == "albert" else expected.seq_relationship_logits
    found = ours(ids, segments, mask)[real], ours.sentence_head(ours.encode(ids, segments, mask))
    return list(found), [expected.prediction_logits[real], sentence]


def gradients(theirs, state):
    """Their gradients under our names, by the function that renames their weights."""
    kind = theirs.config.model_type
    found = {
        name: torch.zeros_like(weight) if weight.grad is None else weight.grad.clone()
        for name, weight in theirs.named_parameters()
    }
    if kind == "roberta":  # the segment's vector is part of ours of the positions
        found["roberta.embeddings.token_type_embeddings.weight"].zero_()
    renamed = state(found)
    if kind == "t5":  # a weight √d_head times as large has a gradient that much smaller
        for name in renamed:
            if "q_proj" in name:
                renamed[name] = renamed[name] / theirs.config.d_kv
    return renamed
