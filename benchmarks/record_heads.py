"""Record how many tokens at fixed offsets one layer of attention can read with so many heads.

    python benchmarks/record_heads.py          # a few minutes on two idle cores

writes benchmarks/results/heads.json: for each reader behind the attention (linear, or with one
hidden layer), each task (1, 2 or 4 neighbours), number of heads and seed the share of neighbours
named rightly, as lists [task][heads][seed][neighbour].
"""

from concurrent.futures import ProcessPoolExecutor

import torch
from recording import read_options, write_record
from tqdm import tqdm

from course_lib.models.neighbours import NeighbourReader, neighbours
from course_lib.training import TrainingConfig, train

READERS = {"linear": None, "hidden": 128}  # width of the hidden layer
OFFSETS = [(-1,), (-1, 1), (-1, 1, 3, -4)]
HEADS = [1, 2, 4, 8]
VOCAB_SIZE, SEQ, D_MODEL, BATCH_SIZE = 10, 12, 32, 64
CONFIG = TrainingConfig(n_steps=300, learning_rate=0.01, weight_decay=1.0, n_warmup_steps=30)


def main() -> None:
    """Run the sweep, several runs at once, and write the record."""
    options = read_options(__doc__, seeds=5, jobs=2)
    seeds = list(range(options.seeds))
    tasks, heads = range(len(OFFSETS)), range(len(HEADS))
    runs = [(name, i, j, seed) for name in READERS for i in tasks for j in heads for seed in seeds]
    found = {name: [[[] for _ in heads] for _ in tasks] for name in READERS}
    with ProcessPoolExecutor(options.jobs) as pool:
        reached = tqdm(pool.map(share_right, *zip(*runs, strict=True)), total=len(runs))
        for (name, i, j, _), shares in zip(runs, reached, strict=True):
            found[name][i][j].append(shares)
    results = {
        "vocab_size": VOCAB_SIZE,
        "seq": SEQ,
        "d_model": D_MODEL,
        "batch_size": BATCH_SIZE,
        "n_steps": CONFIG.n_steps,
        "learning_rate": CONFIG.learning_rate,
        "readers": READERS,
        "offsets": [list(offsets) for offsets in OFFSETS],
        "n_heads": HEADS,
        "share_right": found,
    }
    what = "One layer of attention that reads tokens at fixed offsets, by number of heads"
    write_record("heads", what, seeds, results)


def share_right(reader: str, task: int, place: int, seed: int) -> list[float]:
    """Share of each neighbour named rightly in 500 new rings, after training from this seed."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    offsets = OFFSETS[task]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sizes = (VOCAB_SIZE, SEQ, D_MODEL, HEADS[place], len(offsets))
        model = NeighbourReader(*sizes, d_hidden=READERS[reader])

    def rings(n: int) -> tuple[torch.Tensor, torch.Tensor]:
        token_ids = torch.randint(VOCAB_SIZE, (n, SEQ), generator=generator)
        return token_ids, neighbours(token_ids, offsets)

    train(model, (rings(BATCH_SIZE) for _ in range(CONFIG.n_steps)), CONFIG)
    token_ids, targets = rings(500)
    with torch.no_grad():
        right = model(token_ids).argmax(dim=-1) == targets
    return right.float().mean(dim=(0, 1)).tolist()


if __name__ == "__main__":
    main()
