"""From an encoder–decoder's logits to a text: the likeliest token, again and again."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.models.t5 import T5


@torch.inference_mode()
def translate(
    model: EncoderDecoder | T5,
    source_ids: Int[Tensor, "batch source"],
    start_id: int,
    end_id: int,
    n_tokens: int,
    source_mask: Bool[Tensor, "batch source"] | None = None,
) -> Int[Tensor, "batch target"]:
    """The target that a model writes when it takes its likeliest token each time.

    The encoder reads the source once, and the keys and values of what is read and written are
    kept, so each step computes one token only.

    Args:
        start_id: what stands before a target's first token.
        end_id: what stands after its last; a target that is done is filled up with it.
        n_tokens: how many tokens to write at most.
        source_mask: True for the source's real tokens, False for padding.

    Raises:
        ValueError: if n_tokens is below 1, the source does not fit the model, or the target grows
            longer than the model's positions go.
    """
    if n_tokens < 1:
        raise ValueError(f"n_tokens must be at least 1, got {n_tokens}")
    batch = len(source_ids)
    contexts = model.decoder.keys_values(model.encode(source_ids, source_mask))
    caches = model.decoder.new_caches(batch, n_tokens)
    newest = source_ids.new_full((batch, 1), start_id)
    done = torch.zeros_like(newest, dtype=torch.bool)
    written = []
    for _ in range(n_tokens):
        logits = model.decode(newest, contexts, source_mask, caches)
        newest = logits.argmax(dim=-1).masked_fill(done, end_id)
        written.append(newest)
        done |= newest == end_id
        if done.all():
            break
    return torch.cat(written, dim=1)
