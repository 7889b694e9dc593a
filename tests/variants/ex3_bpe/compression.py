"""Other correct ways to write bytes_per_token."""

import torch


def lengths_of_tokens(tokenizer, text):
    lengths = torch.tensor([len(tokenizer.vocab[i]) for i in tokenizer.encode(text)])
    if len(lengths) == 0:
        raise ValueError("no tokens")
    return lengths.double().mean()


def guarded_by_try(tokenizer, text):
    n_bytes = sum(1 for _ in bytearray(text, "utf-8"))
    try:
        return n_bytes / len(tokenizer.encode(text))
    except ZeroDivisionError:
        raise ValueError(f"text is empty: {text!r}") from None


def through_decode(tokenizer, text):
    token_ids = list(tokenizer.encode(text))
    if not token_ids:
        raise ValueError
    return float(len(tokenizer.decode(token_ids).encode("utf8"))) / len(token_ids)


VARIANTS = [lengths_of_tokens, guarded_by_try, through_decode]
