"""Record how the original encoder–decoder learns to turn dates in ten languages into ISO 8601.

    python benchmarks/record_dates.py                    # half an hour on one idle core
    python benchmarks/record_dates.py --device cuda      # two minutes on a GPU

writes benchmarks/results/dates.safetensors, the trained weights in float16, and
benchmarks/results/dates.json with

    config, n_parameters            the model
    training, batch_size            settings of the training loop
    n_days                          days to train on and days held out, none of them in both
    loss                            mean training loss of every `every` steps
    exact_match                     after every `every_match` steps, the share of 500 held-out pairs
                                    whose ISO date comes out right, all ten characters of it
    by_language                     for the final weights, read back from the file: for each
                                    language how many of `n_judged` held-out pairs come out right
    wrong                           some that do not: what was written, what is right, what came
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict

import torch
from recording import RESULTS, write_record
from safetensors.torch import load_file, save_file
from torch import Tensor

from course_lib.data.dates import (
    END,
    LANGUAGES,
    START,
    all_days,
    date_batch,
    date_of,
    date_pairs,
)
from course_lib.data.split import split_documents
from course_lib.device import seeded_generator
from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.models.encoder_decoder_config import EncoderDecoderConfig
from course_lib.models.translate import translate
from course_lib.training import TrainingConfig, train

SEED, BATCH_SIZE, N_JUDGED, N_WRONG = 0, 64, 1000, 12
EVERY, EVERY_MATCH = 60, 500
CONFIG = EncoderDecoderConfig(
    vocab_size=256, context_length=96, d_model=64, n_heads=4, n_layers=2, d_ff=256, dropout=0.0
)
TRAINING = TrainingConfig(n_steps=9000, learning_rate=2e-3, weight_decay=0.01, n_warmup_steps=200)
WEIGHTS = RESULTS / "dates.safetensors"


def main() -> None:
    """Train, judge the weights that are kept, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to train")
    device = parser.parse_args().device
    torch.set_num_threads(1)
    train_days, held_out_days = split_documents(all_days(), 0.1, seeded_generator(SEED))
    glimpse = date_pairs(500, seeded_generator(1), held_out_days)
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        model = EncoderDecoder(CONFIG).to(device)
    exact_match = []

    def on_step(step: int, _: float) -> None:
        if (step + 1) % EVERY_MATCH == 0:
            model.eval()
            exact_match.append(1 - len(mistakes(model, glimpse)) / len(glimpse))
            model.train()

    losses = train(model, batches(train_days), TRAINING, on_step)
    model.to("cpu")
    save_file({name: weight.half() for name, weight in model.state_dict().items()}, WEIGHTS)
    model.load_state_dict({name: weight.float() for name, weight in load_file(WEIGHTS).items()})
    model.eval()

    by_language, wrong = {}, []
    for language in LANGUAGES:
        pairs = date_pairs(N_JUDGED, seeded_generator(2), held_out_days, [language])
        found = mistakes(model, pairs)
        by_language[language] = N_JUDGED - len(found)
        wrong += [[language, *mistake] for mistake in found]
    order = torch.randperm(len(wrong), generator=seeded_generator(3)).tolist()
    results = {
        "config": asdict(CONFIG),
        "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
        "training": asdict(TRAINING),
        "batch_size": BATCH_SIZE,
        "n_days": [len(train_days), len(held_out_days)],
        "every": EVERY,
        "loss": torch.tensor(losses).view(-1, EVERY).mean(dim=1).tolist(),
        "every_match": EVERY_MATCH,
        "exact_match": exact_match,
        "n_judged": N_JUDGED,
        "by_language": by_language,
        "wrong": [wrong[i] for i in sorted(order[:N_WRONG])],
    }
    what = "the original encoder-decoder on dates in ten languages, judged on days held out"
    write_record("dates", what, [SEED], results, device)


def batches(days: list) -> Iterator[tuple[Tensor, ...]]:
    """Fresh pairs of these days, without end."""
    generator = seeded_generator(SEED)
    while True:
        yield date_batch(date_pairs(BATCH_SIZE, generator, days))


def mistakes(model: EncoderDecoder, pairs: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """The pairs that come out wrong, each with what came."""
    device = next(model.parameters()).device
    source_ids, _, _, source_mask = (part.to(device) for part in date_batch(pairs))
    written = translate(model, source_ids, START, END, 12, source_mask)
    came = [date_of(row) for row in written]
    return [(*pair, iso) for pair, iso in zip(pairs, came, strict=True) if iso != pair[1]]


if __name__ == "__main__":
    main()
