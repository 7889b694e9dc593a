"""Record the lottery ticket experiment on scikit-learn's digits, with its two controls.

    python benchmarks/record_lottery_ticket.py          # about five minutes on an idle core

writes benchmarks/results/lottery_ticket.json: test accuracy as lists [seed][level] for the ticket
(magnitude mask, first weights), the same mask on freshly drawn weights, and a random mask on the
first weights; each untrained, after a tenth of the steps, and after all of them.
"""

import torch
from recording import read_options, write_record
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from course_lib.gradients.descent import accuracy, train
from course_lib.gradients.optimizers import adam_step
from course_lib.models.mlp import MLP
from course_lib.overfitting.digits import digits_task
from course_lib.overfitting.lottery_ticket import find_tickets, random_masks, share_kept

N_TRAIN, D_HIDDEN, N_LAYERS = 1000, 128, 3
N_ROUNDS, FRACTION = 20, 0.2
N_STEPS, BATCH_SIZE, LEARNING_RATE = 1000, 60, 1.2e-3
LEVELS = [0, 2, 4, 6, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20]  # rounds of pruning, as measured
ARMS = ("ticket", "redrawn", "random")


def main() -> None:
    """Run every seed and write the record."""
    seeds = list(range(read_options(__doc__, seeds=5).seeds))
    measured = [run(seed) for seed in tqdm(seeds)]
    results = {
        "n_train": N_TRAIN,
        "d_hidden": D_HIDDEN,
        "n_layers": N_LAYERS,
        "n_steps": [0, N_STEPS // 10, N_STEPS],
        "fraction": FRACTION,
        "rounds": LEVELS,
        "share_kept": measured[0]["share_kept"],
        "n_weights": sum(p.numel() for p in network(torch.Generator()).parameters() if p.ndim >= 2),
        **{arm: [result[arm] for result in measured] for arm in ARMS},
    }
    what = "iterative magnitude pruning with rewinding on scikit-learn's digits, against controls; "
    what += "accuracies are [seed][level][after n_steps]"
    write_record("lottery_ticket", what, seeds, results)


def network(generator: torch.Generator) -> MLP:
    """A network with fresh weights."""
    options = {"initialization": "glorot", "dtype": torch.float32}
    return MLP(64, D_HIDDEN, 10, N_LAYERS, generator=generator, **options)


def run(seed: int) -> dict[str, list]:
    """All levels and arms of one seed, which draws the split, the weights and the batches."""
    generator = torch.Generator().manual_seed(seed)
    task = digits_task(N_TRAIN, 0.0, generator)
    scale = task.x_train.std()
    x, x_test = (task.x_train / scale).float(), (task.x_test / scale).float()
    model, other = network(generator), network(generator)

    def train_masked(model: MLP, mask: Tensor, n_steps: int = N_STEPS) -> None:
        train(
            model,
            x,
            task.y_train,
            adam_step,
            n_steps=n_steps,
            batch_size=BATCH_SIZE,
            generator=generator,
            mask=mask,
            learning_rate=LEARNING_RATE,
        )

    def accuracies(weights: Tensor, mask: Tensor) -> list[float]:
        """Untrained, after a tenth of the steps, after all of them."""
        reached = []
        for n_steps in (0, N_STEPS // 10, N_STEPS):
            vector_to_parameters(weights * mask, model.parameters())
            if n_steps:
                train_masked(model, mask, n_steps)
            reached.append(accuracy(model, x_test, task.y_test))
        return reached

    first, redrawn = (parameters_to_vector(m.parameters()).detach() for m in (model, other))
    masks = find_tickets(model, train_masked, N_ROUNDS, FRACTION)
    by_lot = random_masks(model, masks, generator)
    return {
        "share_kept": [share_kept(model, masks[level]) for level in LEVELS],
        "ticket": [accuracies(first, masks[level]) for level in LEVELS],
        "redrawn": [accuracies(redrawn, masks[level]) for level in LEVELS],
        "random": [accuracies(first, by_lot[level]) for level in LEVELS],
    }


if __name__ == "__main__":
    main()
