"""Record how a language model trained on short windows does on longer ones, by kind of positions.

    python benchmarks/record_positions.py          # a few minutes on two idle cores

trains `PositionedTransformer` on windows of 64 bytes of the State of the Union speeches, and
measures on windows of 512 bytes of held-out speeches. It writes benchmarks/results/positions.json:
bits a byte, averaged over blocks of 16 positions, as lists [seed][block] for each kind (learned
positions end at 64); and positions.safetensors: weights of the first seed, in float16.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from math import log

import torch
from recording import RESULTS, read_options, write_record
from safetensors.torch import save_file
from torch.nn import functional as F
from tqdm import tqdm

from course_lib.data.batches import get_batch, random_batches
from course_lib.data.bytes import to_token_ids
from course_lib.data.corpora import state_of_the_union
from course_lib.data.split import split_documents
from course_lib.models.positioned import POSITIONS, PositionedConfig, PositionedTransformer
from course_lib.training import TrainingConfig, train

MODEL = PositionedConfig(
    vocab_size=256,
    context_length=64,
    d_model=64,
    n_heads=4,
    n_layers=2,
    d_ff=256,
    n_buckets=16,
    max_distance=32,
)
TRAINING = TrainingConfig(n_steps=600, learning_rate=3e-3, n_warmup_steps=50)
BATCH_SIZE, LONG, BLOCK, N_WINDOWS = 16, 512, 16, 128
KEPT = ("sinusoidal", "rotary", "relative")  # their weights are kept, of the first seed


def main() -> None:
    """Train every kind from every seed, and write the record."""
    options = read_options(__doc__, seeds=3, jobs=2)
    seeds = list(range(options.seeds))
    runs = [(kind, seed) for seed in seeds for kind in POSITIONS]
    bits, kept = {kind: [] for kind in POSITIONS}, {}
    with ProcessPoolExecutor(options.jobs) as pool:
        outcomes = tqdm(pool.map(outcome, *zip(*runs, strict=True)), total=len(runs))
        for (kind, seed), (by_block, weights) in zip(runs, outcomes, strict=True):
            bits[kind].append(by_block)
            outcomes.write(
                f"{kind}, seed {seed}: {by_block[0]:.3f} to {by_block[-1]:.3f} bits a byte"
            )
            if seed == 0:
                kept |= {f"{kind}.{name}": weight.half() for name, weight in weights.items()}
    results = {
        "model": asdict(MODEL),
        "n_steps": TRAINING.n_steps,
        "learning_rate": TRAINING.learning_rate,
        "batch_size": BATCH_SIZE,
        "n_windows": N_WINDOWS,
        "block": BLOCK,
        "bits_a_byte": bits,
    }
    what = "Language models trained on 64 bytes and measured on 512, by kind of positions"
    write_record("positions", what, seeds, results)
    save_file(kept, RESULTS / "positions.safetensors")


def outcome(kind: str, seed: int) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Bits a byte in each block of positions, and the weights worth keeping."""
    torch.set_num_threads(1)
    texts, held_out = (
        to_token_ids("".join(speech.text for speech in part))
        for part in split_documents(state_of_the_union(), 0.1, torch.Generator().manual_seed(0))
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = PositionedTransformer(replace(MODEL, positions=kind))
    generator = torch.Generator().manual_seed(seed)
    train(model, random_batches(texts, BATCH_SIZE, MODEL.context_length, generator), TRAINING)
    windows = get_batch(held_out, N_WINDOWS, LONG, torch.Generator().manual_seed(0))
    longest = MODEL.context_length if kind == "learned" else LONG
    bits = bits_by_position(model, *(part[:, :longest] for part in windows))
    weights = model.state_dict() if kind in KEPT else {}
    if kind == "learned":
        weights = {"learned.table": model.learned.table.detach()}
    return bits.reshape(-1, BLOCK).mean(dim=1).tolist(), weights


@torch.no_grad()
def bits_by_position(model, token_ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean over windows of −log₂ of the target's probability, at each position."""
    model.eval()
    losses = [
        F.cross_entropy(model(inputs).transpose(1, 2), wanted, reduction="none")
        for inputs, wanted in zip(token_ids.split(16), targets.split(16), strict=True)
    ]
    return torch.cat(losses).mean(dim=0) / log(2)


if __name__ == "__main__":
    main()
