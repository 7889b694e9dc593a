"""Record how depth and each remedy for it change what a fixed training budget reaches, on digits.

    python benchmarks/record_depth.py          # a few minutes on two idle cores

writes benchmarks/results/depth.json: for every variant, depth, learning rate and seed the training
loss (mean over the last 20 batches) and the test accuracy after the same number of SGD steps, as
lists [depth][learning rate][seed].
"""

from concurrent.futures import ProcessPoolExecutor

import torch
from recording import read_options, write_record
from tqdm import tqdm

from course_lib.gradients.descent import accuracy, train
from course_lib.gradients.optimizers import sgd_step
from course_lib.models.mlp import MLP
from course_lib.overfitting.digits import digits_task

VARIANTS = {
    "sigmoid": {"activation": "sigmoid", "initialization": "glorot"},
    "tanh": {"activation": "tanh", "initialization": "glorot"},
    "default": {"initialization": "uniform"},
    "he": {},
    "batch": {"normalization": "batch"},
    "layer": {"normalization": "layer"},
    "residual": {"residual": True},
    "residual_layer": {"residual": True, "normalization": "layer"},
}
DEPTHS = [3, 10, 30]
LEARNING_RATES = [0.01, 0.03, 0.1]
N_STEPS, BATCH_SIZE, D_HIDDEN, N_TRAIN = 200, 64, 64, 1297


def main() -> None:
    """Run the sweep, several runs at once, and write the record."""
    options = read_options(__doc__, seeds=5, jobs=2)
    seeds = list(range(options.seeds))
    runs = [
        (name, i, j, seed)
        for i in reversed(range(len(DEPTHS)))  # the long ones first
        for name in VARIANTS
        for j in range(len(LEARNING_RATES))
        for seed in seeds
    ]
    shape = (len(DEPTHS), len(LEARNING_RATES), len(seeds))
    loss = {name: torch.full(shape, torch.nan, dtype=torch.float64) for name in VARIANTS}
    test_accuracy = {name: torch.full_like(loss[name], torch.nan) for name in VARIANTS}
    with ProcessPoolExecutor(options.jobs) as pool:
        reached = tqdm(pool.map(outcome, *zip(*runs, strict=True)), total=len(runs))
        for (name, i, j, k), values in zip(runs, reached, strict=True):
            loss[name][i, j, k], test_accuracy[name][i, j, k] = values
    results = {
        "n_steps": N_STEPS,
        "batch_size": BATCH_SIZE,
        "d_hidden": D_HIDDEN,
        "n_train": N_TRAIN,
        "depths": DEPTHS,
        "learning_rates": LEARNING_RATES,
        "variants": VARIANTS,
        "loss": {name: values.tolist() for name, values in loss.items()},
        "test_accuracy": {name: values.tolist() for name, values in test_accuracy.items()},
    }
    what = "MLPs of growing depth on scikit-learn's digits, SGD, a fixed number of steps"
    write_record("depth", what, seeds, results)


def outcome(name: str, depth: int, rate: int, seed: int) -> tuple[float, float]:
    """Training loss and test accuracy of one run; the seed draws split, weights and batches.

    `depth` and `rate` are places in DEPTHS and LEARNING_RATES.
    """
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    task = digits_task(N_TRAIN, 0.0, generator)
    scale = task.x_train.std()
    model = MLP(64, D_HIDDEN, 10, DEPTHS[depth], generator=generator, **VARIANTS[name])
    losses = train(
        model,
        task.x_train / scale,
        task.y_train,
        sgd_step,
        n_steps=N_STEPS,
        batch_size=BATCH_SIZE,
        generator=generator,
        learning_rate=LEARNING_RATES[rate],
    )
    return losses[-20:].mean().item(), accuracy(model, task.x_test / scale, task.y_test)


if __name__ == "__main__":
    main()
