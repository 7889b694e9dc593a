"""Record how depth and each remedy for it change what a fixed training budget reaches, on digits.

    python benchmarks/record_depth.py          # about six minutes on an idle core

writes benchmarks/results/depth.json: for every variant, depth, learning rate and seed the training
loss (mean over the last 20 batches) and the test accuracy after the same number of SGD steps, as
lists [depth][learning rate][seed].
"""

import argparse

import torch
from recording import write_record
from tqdm import tqdm

from course_lib.gradients.descent import accuracy, train
from course_lib.gradients.optimizers import sgd_step
from course_lib.models.mlp import MLP
from course_lib.overfitting.double_descent import digits_task

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
DEPTHS = [3, 6, 12, 24, 48]
LEARNING_RATES = [0.01, 0.03, 0.1]
N_STEPS, BATCH_SIZE, D_HIDDEN, N_TRAIN = 200, 64, 64, 1297


def main() -> None:
    """Run the sweep and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds, counted from 0")
    seeds = list(range(parser.parse_args().seeds))
    torch.set_num_threads(1)
    runs = [(depth, rate) for depth in DEPTHS for rate in LEARNING_RATES]
    loss = {name: [[[] for _ in LEARNING_RATES] for _ in DEPTHS] for name in VARIANTS}
    test_accuracy = {name: [[[] for _ in LEARNING_RATES] for _ in DEPTHS] for name in VARIANTS}
    for depth, rate in tqdm(runs):
        i, j = DEPTHS.index(depth), LEARNING_RATES.index(rate)
        for name, options in VARIANTS.items():
            for seed in seeds:
                reached = outcome(depth, rate, seed, options)
                loss[name][i][j].append(reached[0])
                test_accuracy[name][i][j].append(reached[1])
    results = {
        "n_steps": N_STEPS,
        "batch_size": BATCH_SIZE,
        "d_hidden": D_HIDDEN,
        "n_train": N_TRAIN,
        "depths": DEPTHS,
        "learning_rates": LEARNING_RATES,
        "variants": VARIANTS,
        "loss": loss,
        "test_accuracy": test_accuracy,
    }
    what = "MLPs of growing depth on scikit-learn's digits, SGD, a fixed number of steps"
    write_record("depth", what, seeds, results)


def outcome(n_layers: int, learning_rate: float, seed: int, options: dict) -> tuple[float, float]:
    """Training loss and test accuracy of one run; the seed draws split, weights and batches."""
    generator = torch.Generator().manual_seed(seed)
    task = digits_task(N_TRAIN, 0.0, generator)
    scale = task.x_train.std()
    model = MLP(64, D_HIDDEN, 10, n_layers, generator=generator, **options)
    losses = train(
        model,
        task.x_train / scale,
        task.y_train,
        sgd_step,
        n_steps=N_STEPS,
        batch_size=BATCH_SIZE,
        generator=generator,
        learning_rate=learning_rate,
    )
    return losses[-20:].mean().item(), accuracy(model, task.x_test / scale, task.y_test)


if __name__ == "__main__":
    main()
