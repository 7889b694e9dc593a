"""Record how far back an RNN, LSTMs and attention learn to recall a token.

    python benchmarks/record_recall.py          # about nine minutes on an idle core

writes benchmarks/results/recall.json: for each reader the share of fresh sequences whose first
token it recalls, after `n_steps` steps of Adam, as lists [distance][learning rate][seed]. A reader
of each distance is trained at that distance.
"""

import torch
from recording import read_options, write_record
from torch.nn.utils import clip_grad_norm_
from tqdm import tqdm

from course_lib.models.recall import VOCAB_SIZE, Reader, accuracy, recall_batch

READERS = {
    "rnn": {"layer": "rnn"},
    "lstm": {"layer": "lstm"},
    "lstm_open": {"layer": "lstm", "forget_bias": 5.0},
    "attention": {"layer": "attention"},
}
DISTANCES, LEARNING_RATES = [5, 10, 20, 40, 80, 160], [0.01, 0.003]
D_MODEL, N_STEPS, BATCH_SIZE, N_TEST, MAX_NORM = 32, 400, 32, 1000, 1.0


def main() -> None:
    """Train every reader at every distance, and write the record."""
    seeds = list(range(read_options(__doc__, seeds=5).seeds))
    recalled = {name: [] for name in READERS}
    for name, options in READERS.items():
        for distance in tqdm(DISTANCES, desc=name):
            by_rate = [[run(options, distance, r, seed) for seed in seeds] for r in LEARNING_RATES]
            recalled[name].append(by_rate)
    results = {
        "distances": DISTANCES,
        "learning_rates": LEARNING_RATES,
        "n_steps": N_STEPS,
        "batch_size": BATCH_SIZE,
        "d_model": D_MODEL,
        "forget_bias": READERS["lstm_open"]["forget_bias"],
        "vocab_size": VOCAB_SIZE,
        "recalled": recalled,
    }
    write_record("recall", "how far back four networks learn to recall a token", seeds, results)


def run(options: dict, distance: int, learning_rate: float, seed: int) -> float:
    """The share recalled after training; the seed draws the weights and all sequences."""
    generator = torch.Generator().manual_seed(seed)
    reader = Reader(d_model=D_MODEL, generator=generator, **options)
    optimizer = torch.optim.Adam(reader.parameters(), lr=learning_rate)
    for _ in range(N_STEPS):
        optimizer.zero_grad()
        reader.loss(*recall_batch(BATCH_SIZE, distance, generator)).backward()
        clip_grad_norm_(reader.parameters(), MAX_NORM)
        optimizer.step()
    return accuracy(reader, distance, N_TEST, generator)


if __name__ == "__main__":
    main()
