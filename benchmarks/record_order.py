"""Record how a small Transformer learns which of two letters came first, by kind of positions.

    python benchmarks/record_order.py          # a minute or two on two idle cores

writes benchmarks/results/order.json: for each kind (and for none with a causal mask) the training
loss, averaged over blocks of 10 steps, and the share of new texts answered rightly, by seed.
"""

from concurrent.futures import ProcessPoolExecutor

import torch
from recording import read_options, write_record
from tqdm import tqdm

from course_lib.models.positioned import PositionedConfig, PositionedTransformer
from course_lib.models.which_first import which_came_first
from course_lib.training import TrainingConfig, train

KINDS = {
    "none": {},
    "sinusoidal": {"positions": "sinusoidal"},
    "learned": {"positions": "learned"},
    "rotary": {"positions": "rotary"},
    "relative": {"positions": "relative"},
    "none_causal": {"causal": True},
}
N_LETTERS, VOCAB_SIZE, BATCH_SIZE, N_NEW = 8, 11, 32, 1000
SIZES = {"d_model": 32, "n_heads": 2, "n_layers": 2, "d_ff": 64}
CONFIG = TrainingConfig(n_steps=300, learning_rate=0.006, weight_decay=0.0, n_warmup_steps=10)


def main() -> None:
    """Train every kind from every seed, and write the record."""
    options = read_options(__doc__, seeds=5, jobs=2)
    seeds = list(range(options.seeds))
    runs = [(kind, seed) for kind in KINDS for seed in seeds]
    losses, right = {kind: [] for kind in KINDS}, {kind: [] for kind in KINDS}
    with ProcessPoolExecutor(options.jobs) as pool:
        outcomes = tqdm(pool.map(outcome, *zip(*runs, strict=True)), total=len(runs))
        for (kind, _), (curve, share) in zip(runs, outcomes, strict=True):
            losses[kind].append(curve)
            right[kind].append(share)
    results = {
        "n_letters": N_LETTERS,
        "vocab_size": VOCAB_SIZE,
        "batch_size": BATCH_SIZE,
        "n_steps": CONFIG.n_steps,
        "learning_rate": CONFIG.learning_rate,
        "sizes": SIZES,
        "loss": losses,
        "share_right": right,
    }
    write_record("order", "Which of two letters came first, by kind of positions", seeds, results)


def outcome(kind: str, seed: int) -> tuple[list[float], float]:
    """The loss in blocks of 10 steps, and the share of new texts answered rightly."""
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        options = SIZES | {"causal": False} | KINDS[kind]
        model = PositionedTransformer(PositionedConfig(VOCAB_SIZE, N_LETTERS + 1, **options))
    generator = torch.Generator().manual_seed(seed)
    task = (N_LETTERS, VOCAB_SIZE, generator)
    losses = train(model, (which_came_first(BATCH_SIZE, *task) for _ in range(10**6)), CONFIG)
    token_ids, targets = which_came_first(N_NEW, *task)
    with torch.no_grad():
        answers = model(token_ids)[:, -1].argmax(dim=-1)
    share = (answers == targets[:, -1]).float().mean().item()
    return torch.tensor(losses).reshape(-1, 10).mean(dim=1).tolist(), share


if __name__ == "__main__":
    main()
