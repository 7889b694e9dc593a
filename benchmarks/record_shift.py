"""Record an MLP and a CNN of equally many parameters on digits that move.

    python benchmarks/record_shift.py          # about a minute on an idle core

writes benchmarks/results/shift.json: test accuracy as lists [seed][shift in pixels], the mean over
the four directions, for both networks, trained on centred digits and on digits moved at random.
"""

import torch
from recording import read_options, write_record
from sklearn.datasets import load_digits
from torch import Tensor
from tqdm import tqdm

from course_lib.gradients.descent import accuracy, train
from course_lib.gradients.optimizers import adam_step
from course_lib.models.cnn import CNN
from course_lib.models.mlp import MLP
from course_lib.overfitting.digits import on_canvas

N_TRAIN, MARGIN, SHIFTS = 1297, 2, [0, 1, 2]
N_STEPS, BATCH_SIZE, LEARNING_RATE = 1000, 64, 0.003


def main() -> None:
    """Run every seed and write the record."""
    seeds = list(range(read_options(__doc__, seeds=5).seeds))
    results = {"n_steps": N_STEPS, "shifts": SHIFTS, "n_parameters": {}, "centred": {}, "moved": {}}
    for name in ("mlp", "cnn"):
        model = network(name, torch.Generator())
        results["n_parameters"][name] = sum(p.numel() for p in model.parameters())
        for moved in ("centred", "moved"):
            measured = [run(name, moved == "moved", seed) for seed in tqdm(seeds)]
            results[moved][name] = measured
    write_record("shift", "an MLP and a CNN on centred and on moved digits", seeds, results)


def network(name: str, generator: torch.Generator) -> MLP | CNN:
    """One of the two networks of 5,034 parameters, with fresh weights."""
    options = {"normalization": "batch", "dtype": torch.float32, "generator": generator}
    return MLP(144, 32, 10, 2, **options) if name == "mlp" else CNN(16, 10, 4, **options)


def run(name: str, moved: bool, seed: int) -> list[float]:
    """Test accuracy at each shift; the seed draws the split, the weights and the batches."""
    generator = torch.Generator().manual_seed(seed)
    pixels, labels = load_digits(return_X_y=True)
    images = torch.tensor(pixels, dtype=torch.float32).view(-1, 8, 8)
    images, y = images / images.std(), torch.tensor(labels)
    kept, held_out = torch.randperm(len(y), generator=generator).tensor_split([N_TRAIN])

    def inputs(images: Tensor, down: int, right: int) -> Tensor:
        sheets = on_canvas(images, MARGIN, down, right)
        return sheets.flatten(1) if name == "mlp" else sheets

    places = [(0, 0)]
    if moved:
        steps = range(-MARGIN, MARGIN + 1)
        places = [(down, right) for down in steps for right in steps]
    x_train = torch.cat([inputs(images[kept], *place) for place in places])
    model = network(name, generator)
    train(
        model,
        x_train,
        y[kept].repeat(len(places)),
        adam_step,
        n_steps=N_STEPS,
        batch_size=BATCH_SIZE,
        generator=generator,
        learning_rate=LEARNING_RATE,
    )
    reached = []
    for shift in SHIFTS:
        directions = {(shift, 0), (-shift, 0), (0, shift), (0, -shift)}
        x_test = [inputs(images[held_out], *direction) for direction in sorted(directions)]
        shares = [accuracy(model, x, y[held_out]) for x in x_test]
        reached.append(sum(shares) / len(shares))
    return reached


if __name__ == "__main__":
    main()
