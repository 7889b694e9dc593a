"""Record how pre-norm and post-norm train, with and without warm-up.

    python benchmarks/record_norm_position.py        # half an hour of processor time

writes benchmarks/results/norm_position.json: for every position of the norm, depth, warm-up and
learning rate the validation loss in bits a byte after the same number of steps, as lists
[position][depth][warm-up][learning rate][seed]; None where the loss was no longer a number.
"""

import math
from concurrent.futures import ProcessPoolExecutor

import torch
from recording import read_options, write_record
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from course_lib.data.batches import get_batch
from course_lib.data.bytes import to_token_ids
from course_lib.data.corpora import state_of_the_union
from course_lib.data.split import split_documents
from course_lib.models.stack import Stack
from course_lib.nn.attention import causal_attention
from course_lib.nn.block import TransformerBlock
from course_lib.nn.norms import LayerNorm
from course_lib.nn.positions import LearnedPositions
from course_lib.training import TrainingConfig, train

NORM_POSITIONS = ["pre", "post"]
DEPTHS, WARMUPS, LEARNING_RATES = [2, 4, 8, 16], [0, 200], [0.0003, 0.001, 0.003]
N_STEPS, BATCH_SIZE, CONTEXT_LENGTH, D_MODEL, N_HEADS = 600, 8, 64, 64, 4


class ByteModel(nn.Module):
    """Bytes and positions, causal blocks of one kind, a last norm where the stream needs it."""

    def __init__(self, norm_position, n_layers):
        super().__init__()
        self.embedding = nn.Embedding(256, D_MODEL)
        self.positions = LearnedPositions(CONTEXT_LENGTH, D_MODEL)
        options = {"norm_position": norm_position, "attention": causal_attention}
        blocks = [
            TransformerBlock(D_MODEL, N_HEADS, 4 * D_MODEL, **options) for _ in range(n_layers)
        ]
        last = LayerNorm(D_MODEL) if norm_position == "pre" else nn.Identity()
        self.stack = Stack(blocks, last)
        self.head = nn.Linear(D_MODEL, 256, bias=False)
        for weight in self.parameters():
            if weight.ndim == 2:  # as Xiong et al. (2020) do, who compare the two
                nn.init.xavier_normal_(weight)

    def loss(self, token_ids, targets):
        """The mean cross-entropy of the next bytes, in nats."""
        x = self.embedding(token_ids) + self.positions(torch.arange(token_ids.shape[1]))
        return F.cross_entropy(self.head(self.stack(x)).flatten(0, 1), targets.flatten())


def main() -> None:
    """Run the sweep, several runs at once, and write the record."""
    options = read_options(__doc__, seeds=3, jobs=2)
    seeds = list(range(options.seeds))
    runs = [
        (position, depth, warmup, rate, seed)
        for position in NORM_POSITIONS
        for depth in DEPTHS
        for warmup in WARMUPS
        for rate in LEARNING_RATES
        for seed in seeds
    ]
    with ProcessPoolExecutor(options.jobs) as pool:
        losses = iter(list(tqdm(pool.map(outcome, *zip(*runs, strict=True)), total=len(runs))))
    results = {
        "n_steps": N_STEPS,
        "batch_size": BATCH_SIZE,
        "context_length": CONTEXT_LENGTH,
        "d_model": D_MODEL,
        "depths": DEPTHS,
        "warmups": WARMUPS,
        "learning_rates": LEARNING_RATES,
        "bits_per_byte": {
            position: [
                [[[next(losses) for _ in seeds] for _ in LEARNING_RATES] for _ in WARMUPS]
                for _ in DEPTHS
            ]
            for position in NORM_POSITIONS
        },
    }
    what = "validation loss, in bits a byte, of byte models of the State of the Union"
    write_record("norm_position", what, seeds, results)


def outcome(
    norm_position: str, n_layers: int, warmup: int, learning_rate: float, seed: int
) -> float:
    """Train one model and return its validation loss in bits a byte, on 200 windows."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    documents = [speech.text for speech in state_of_the_union()]
    texts = split_documents(documents, 0.1, generator)
    training, validation = (to_token_ids("\n\n".join(part)) for part in texts)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = ByteModel(norm_position, n_layers)
    drawn = torch.Generator().manual_seed(seed)
    batches = (get_batch(training, BATCH_SIZE, CONTEXT_LENGTH, drawn) for _ in range(N_STEPS))
    config = TrainingConfig(
        n_steps=N_STEPS, learning_rate=learning_rate, n_warmup_steps=warmup, max_norm=math.inf
    )
    try:
        train(model, batches, config)
    except FloatingPointError:
        return float("nan")
    model.eval()
    with torch.no_grad():
        windows = get_batch(validation, 200, CONTEXT_LENGTH, torch.Generator().manual_seed(1))
        return model.loss(*windows).item() / math.log(2)


if __name__ == "__main__":
    main()
