"""Record a small GPT on words of State of the Union speeches, whose attention the page shows.

    python benchmarks/record_attention_model.py          # about ten minutes of one core

writes benchmarks/results/attention_model.safetensors, the weights in half precision, and
benchmarks/results/attention_model.json: its sizes and vocabulary, the loss in nats a word while
training and on held-out speeches, some sentences from those, and what each head looks at, as
[layer][head] means over queries:

    before, itself, first    on the word before, the query's own and the text's first, in held-out
                             text
    copy, after_copy         where random words come twice over: on the same word's first
                             occurrence, and on the word that followed it there
"""

import hashlib
import re
from collections import Counter

import torch
from recording import RESULTS, read_options, write_record
from safetensors.torch import save_file
from torch import Tensor

from course_lib.data.batches import get_batch, random_batches
from course_lib.data.corpora import Speech, state_of_the_union
from course_lib.data.split import split_documents
from course_lib.data.words import Vocabulary
from course_lib.models.attention_maps import attention_maps
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.training import TrainingConfig, train

SIZES = GPTConfig(vocab_size=2000, context_length=64, d_model=64, n_heads=4, n_layers=3, d_ff=256)
STEPS = TrainingConfig(n_steps=4000, learning_rate=4e-3, n_warmup_steps=200)
BATCH_SIZE, EVERY, SEED = 16, 50, 0
RARE, NUMBER = "…", "#"
TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d(?:[\d,.]*\d)?|[.,;:?!]")
N_SENTENCES, LENGTHS = 4, range(12, 21)


def main() -> None:
    """Train the model, measure its heads, and write weights and record."""
    read_options(__doc__)
    generator = torch.Generator().manual_seed(SEED)
    known, held_out = split_documents(state_of_the_union(), 0.1, generator)
    vocabulary = vocabulary_of(known)
    token_ids, judged = (numbers(vocabulary, part) for part in (known, held_out))
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        model = GPT(SIZES)
    batches = random_batches(token_ids, BATCH_SIZE, SIZES.context_length, generator)
    losses = train(model, batches, STEPS)
    model.half().float().eval()  # judged with the weights that are kept
    path = RESULTS / "attention_model.safetensors"
    save_file({name: weight.half() for name, weight in model.state_dict().items()}, path)
    inputs, targets = get_batch(judged, 500, SIZES.context_length, generator)
    counts = torch.tensor(vocabulary.counts)
    shares = counts / counts.sum()
    with torch.no_grad():
        reached = model.loss(inputs, targets).item()
    results = {
        "seed": SEED,
        "sizes": vars(SIZES),
        "n_steps": STEPS.n_steps,
        "batch_size": BATCH_SIZE,
        "every": EVERY,
        "n_train": len(token_ids),
        "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
        "weights_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "loss": torch.tensor(losses).view(-1, EVERY).mean(dim=1).tolist(),
        "held_out": reached,
        "held_out_without_context": -shares[targets].log().mean().item(),
        "heads": heads_in_text(model, inputs) | heads_on_repetition(model, generator),
        "sentences": sentences(vocabulary, held_out, generator),
        "vocabulary": list(vocabulary.words),
    }
    write_record("attention_model", "a small GPT on the words of speeches", [], results)


def tokens(text: str) -> list[str]:
    """Words in lower case, punctuation marks, and one token for every number."""
    found = TOKEN.findall(text.lower().replace("’", "'"))
    return [NUMBER if token[0].isdigit() else token for token in found]


def vocabulary_of(speeches: list[Speech]) -> Vocabulary:
    """The commonest tokens and, in place of all the others, RARE."""
    counts = Counter(token for speech in speeches for token in tokens(speech.text))
    common = {token for token, _ in counts.most_common(SIZES.vocab_size - 1)}
    kept = Counter({token: count for token, count in counts.items() if token in common})
    kept[RARE] = counts.total() - kept.total()
    return Vocabulary.of(kept.elements())


def with_rare(vocabulary: Vocabulary, text: str) -> list[str]:
    """The tokens of a text with RARE in place of those not in the vocabulary."""
    return [token if token in vocabulary.numbers else RARE for token in tokens(text)]


def numbers(vocabulary: Vocabulary, speeches: list[Speech]) -> Tensor:
    """All speeches one after the other, as numbers of the vocabulary."""
    return vocabulary.ids(
        token for speech in speeches for token in with_rare(vocabulary, speech.text)
    )


def heads_in_text(model: GPT, inputs: Tensor) -> dict[str, list]:
    """Means over queries (the first of a text has no choice and is left out)."""
    maps = torch.stack(attention_maps(model, inputs)).mean(dim=1)  # (layers, heads, query, key)
    return {
        "before": maps.diagonal(-1, dim1=2, dim2=3).mean(dim=-1).tolist(),
        "itself": maps.diagonal(0, dim1=2, dim2=3)[..., 1:].mean(dim=-1).tolist(),
        "first": maps[..., 1:, 0].mean(dim=-1).tolist(),
    }


def heads_on_repetition(model: GPT, generator: torch.Generator) -> dict[str, list]:
    """Half a context of random words, twice over; means over the queries of the second half."""
    half = SIZES.context_length // 2
    drawn = torch.randint(SIZES.vocab_size, (200, half), generator=generator)
    maps = torch.stack(attention_maps(model, drawn.repeat(1, 2))).mean(dim=1)
    return {
        "copy": maps.diagonal(-half, dim1=2, dim2=3).mean(dim=-1).tolist(),
        "after_copy": maps.diagonal(1 - half, dim1=2, dim2=3)[..., 1:].mean(dim=-1).tolist(),
    }


def sentences(vocabulary: Vocabulary, speeches: list[Speech], generator: torch.Generator) -> list:
    """Sentences drawn from those whose words are all known and of which one comes twice."""
    found = []
    for speech in speeches:
        for sentence in re.split(r"(?<=[.?!])\s+", speech.text):
            cut = tokens(sentence)
            twice = [token for token, n in Counter(cut).items() if n > 1 and len(token) > 4]
            if len(cut) in LENGTHS and twice and all(token in vocabulary.numbers for token in cut):
                found.append({"tokens": cut, "president": speech.president, "year": speech.year})
    order = torch.randperm(len(found), generator=generator).tolist()
    return [found[i] for i in order[:N_SENTENCES]]


if __name__ == "__main__":
    main()
