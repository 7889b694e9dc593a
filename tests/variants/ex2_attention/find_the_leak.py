"""Other correct ways to write sees_the_future."""

import torch


def suffixes(model, token_ids):
    """Everything from t on is exchanged, with tokens that are drawn."""
    generator = torch.Generator().manual_seed(0)
    logits = model(token_ids)
    seq, vocab = token_ids.shape[1], logits.size(-1)
    for t in range(1, seq):
        shift = torch.randint(1, vocab, token_ids.shape, generator=generator)
        shift[:, :t] = 0
        other = model((token_ids + shift) % vocab)
        if not torch.allclose(other[:, :t], logits[:, :t], rtol=0, atol=1e-5):
            return True
    return False


def prefixes(model, token_ids):
    """What a model says of a text must not depend on how it goes on."""
    with torch.inference_mode():
        whole = model(token_ids)
        found = False
        for t in range(1, token_ids.shape[1]):
            found |= bool((model(token_ids[:, :t]) - whole[:, :t]).abs().max() > 1e-5)
    return found


def one_large_batch(model, token_ids):
    """All changed texts at once, each sequence for itself."""
    batch, seq = token_ids.shape
    logits = model(token_ids)
    changed = token_ids.repeat(seq, 1, 1)  # (seq, batch, seq)
    for t in range(seq):
        changed[t, :, t] = torch.where(changed[t, :, t] == 0, 1, 0)
    others = model(changed.view(seq * batch, seq)).view(seq, batch, seq, -1)
    difference = (others - logits).abs().amax(dim=(1, 3))  # (changed token, position)
    return (difference.tril(-1) > 1e-5).any()


def every_other_token(model, token_ids):
    """All tokens of the vocabulary at all places, in float64."""
    logits = model(token_ids).double()
    n = logits.shape[2]
    return any(
        (model(token_ids.index_fill(1, torch.tensor([t]), token)).double()[:, i] - logits[:, i])
        .abs()
        .amax()
        .item()
        > 1e-5
        for t in range(token_ids.shape[1])
        for i in range(t)
        for token in range(n)
    )


VARIANTS = [suffixes, prefixes, one_large_batch, every_other_token]
