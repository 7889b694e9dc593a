"""Record double descent on scikit-learn's digits: by features, by samples and by epochs.

    python benchmarks/record_double_descent.py          # about five minutes of one core

writes benchmarks/results/double_descent.json, which the chapter's page plots. Every curve is the
median over the seeds, with the lowest and the highest beside it. Lists are indexed as the page's
widget wants them: [noise][alpha][feature].
"""

from collections.abc import Iterable
from dataclasses import asdict

import torch
from recording import read_options, write_record

from course_lib.overfitting.digits import digits_task
from course_lib.overfitting.double_descent import Fit, sweep_features, sweep_samples
from course_lib.overfitting.memorisation import train_networks

N_TRAIN = 300
N_FEATURES = [10, 20, 40, 70, 100, 150, 200, 240, 270, 290, 295, 300, 305, 310, 330, 360, 400, 450]
N_FEATURES += [600, 800, 1000, 1500, 2000, 3000, 4500, 6000]
N_SAMPLES = [20, 40, 70, 100, 150, 200, 240, 270, 290, 300, 310, 330, 360, 400, 450, 600, 800, 1200]
ALPHAS = [0.0, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]
NOISE = [0.0, 0.2]
EPOCHS = [1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 38, 52, 72, 100, 140, 190, 260, 360, 500, 700, 1000]
EPOCHS += [1400, 2000]
D_HIDDEN = [16, 64, 512]


def main() -> None:
    """Run every sweep and write the record."""
    seeds = range(read_options(__doc__, seeds=10).seeds)
    results = {
        "error_name": "share misclassified",
        "summary": "median over seeds; _low and _high are the lowest and the highest seed",
        "n_train": N_TRAIN,
        "n_features": N_FEATURES,
        "alphas": ALPHAS,
        "noise": NOISE,
        **over_noise(record_features, seeds),
        "samples": {
            "n_features": N_TRAIN,
            "n_samples": N_SAMPLES,
            **over_noise(record_samples, seeds),
        },
        "epochs": record_epochs(seeds),
    }
    what = "random ReLU features and small networks on scikit-learn's digits"
    write_record("double_descent", what, list(seeds), results)


def record_features(noise: float, seed: int) -> list[list[Fit]]:
    """One seed of the model-wise sweep: [feature][alpha]."""
    generator = torch.Generator().manual_seed(seed)
    task = digits_task(N_TRAIN, noise, generator)
    return sweep_features(task, N_FEATURES, ALPHAS, generator)


def record_samples(noise: float, seed: int) -> list[list[Fit]]:
    """One seed of the sample-wise sweep: [sample][alpha]."""
    generator = torch.Generator().manual_seed(seed)
    task = digits_task(max(N_SAMPLES), noise, generator)
    return sweep_samples(task, N_SAMPLES, N_TRAIN, ALPHAS, generator)


def over_noise(run, seeds: Iterable[int]) -> dict[str, list]:
    """Each field of `Fit` as nested lists [noise][alpha][point], with its range over the seeds."""
    fields = {}
    for noise in NOISE:
        sweeps = []
        for seed in seeds:
            sweeps.append([[asdict(fit) for fit in fits] for fits in run(noise, seed)])
            print(f"{run.__name__}: label noise {noise}, seed {seed}", flush=True)
        for name in sweeps[0][0][0]:
            values = torch.tensor(
                [[[fit[name] for fit in fits] for fits in sweep] for sweep in sweeps]
            )
            for key, summary in summarise(name, values.mT).items():
                fields.setdefault(key, []).append(summary)
    return fields


def record_epochs(seeds: Iterable[int]) -> dict:
    """Networks of three widths on 1,000 digits, a fifth of them relabelled."""
    record = {"n_train": 1000, "noise": 0.2, "epochs": EPOCHS, "d_hidden": D_HIDDEN, "curves": []}
    for d_hidden in D_HIDDEN:
        tasks = [digits_task(1000, 0.2, torch.Generator().manual_seed(seed)) for seed in seeds]
        curve = train_networks(tasks, d_hidden, EPOCHS, torch.Generator().manual_seed(0))
        fields = {}
        for name in ("train_error", "test_error", "memorised"):
            fields |= summarise(name, getattr(curve, name).mT)
        record["curves"].append(fields)
    return record


def summarise(name: str, values: torch.Tensor) -> dict[str, list]:
    """Median, lowest and highest over the first axis, the seeds."""
    values = values.double()
    return {
        name: values.quantile(0.5, dim=0).tolist(),
        f"{name}_low": values.amin(dim=0).tolist(),
        f"{name}_high": values.amax(dim=0).tolist(),
    }


if __name__ == "__main__":
    main()
