"""Check of `early_stopping_step(validation_losses, patience) -> int`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_lib.checks.base import Case, Check, Plain, Property, bug
from course_lib.checks.compare import differs


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Curves of a few steps, one for each clause of the contract, then random ones."""
    yield _case("best", [3.0, 2.0, 4.0, 5.0, 1.0], 2, "a better loss too late")
    yield _case("best", [3.0, 2.0, 1.0, 2.0, 3.0], 2, "falls, then rises")
    yield _case("best", [5000.0, 4000.0, 6000.0, 7000.0], 2, "losses in the thousands")
    yield _case("best", [5e12, 4e12, 6e12, 7e12], 2, "losses of any size")
    yield _case("best", [-1.0, -3.0, -2.0, 0.5], 2, "losses below zero: −3 is the lowest")
    yield _case("best", [1.0, 1.0 - 1e-6, 2.0, 3.0], 2, "better by a millionth is better")
    yield _case("best", [1.0, 2.0, 3.0, 4.0, 5.0], 3, "rises from the start")
    yield _case("best", [9.0, 8.0, 9.0, 7.0, 9.0, 6.0, 9.0, 9.0, 9.0], 2, "best of several dips")
    yield _case("best", [5.0, 1.0, 4.0, 3.0, 2.0, 0.5], 3, "falls again, below the best too late")
    yield _case("stops", [5.0, 4.0, 6.0, 6.5, 7.0, 1.0], 3, "a better loss after it has stopped")
    yield _case("patience", [5.0, 6.0, 4.0, 3.0], 1, "patience 1: the first rise ends it")
    yield _case("patience", [5.0, 4.0, 6.0, 7.0, 3.0, 8.0, 9.0, 9.5], 3, "better just in time")
    yield _case("patience", [5.0, 4.0, 6.0, 7.0, 3.0, 8.0, 9.0, 9.5], 2, "better one too late")
    yield _case("patience", [4.0, 7.0, 6.0, 5.0, 2.0, 9.0], 3, "falling, but never below the best")
    yield _case("ties", [8.0, 4.0, 4.0, 4.0, 9.0], 4, "equal losses: the earliest is kept")
    yield _case("ties", [8.0, 4.0, 4.0, 4.0, 3.0], 2, "an equal loss is no improvement")
    yield _case("never", [4.0, 3.0, 3.5, 2.0, 2.5], 2, "the losses end before patience runs out")
    yield _case("never", [7.0], 5, "a single step")

    def draw(n: int) -> Tensor:
        return torch.rand(n, generator=rng, dtype=torch.float64)

    down = 6 - (0.1 + draw(4)).cumsum(dim=0)
    up = down[-1] + (0.1 + draw(6)).cumsum(dim=0)
    yield _case("stops", torch.cat([down, up, draw(4)]), 3, "lowest at the end")
    for patience in (2, 3):
        yield _case("patience", _just_in_time(draw, patience), patience, "the lowest one too late")
    yield _case("ties", _stairs(rng), 3, "whole numbers, some of them twice")
    yield _case("never", 20 - (0.1 + draw(12)).cumsum(dim=0), 2, "better at every step")
    for patience in (1, 2, 5):
        losses = draw(40) + torch.linspace(1, 0, 40)
        yield _case("best", torch.cat([losses, 3 + draw(patience)]), patience)


def _just_in_time(draw: Callable[[int], Tensor], patience: int) -> Tensor:
    """Better at the last moment, twice; then one step too late."""
    bests, worse = 9 - (0.1 + draw(3)).cumsum(dim=0), 0.1 + draw(3 * patience)
    first, second, third = worse.split([patience - 1, patience - 1, patience + 2])
    dips = [bests[:1], bests[0] + first, bests[1:2], bests[1] + second, bests[2:]]
    return torch.cat([*dips, bests[2] + third[:patience], -third[patience:]])


def _stairs(rng: torch.Generator) -> Tensor:
    """Down by whole numbers, with equal losses on two steps and on the last; then lower too late.

    Where the two are is drawn; no wait before the last step is longer than one.
    """
    levels = 20 - torch.randint(1, 4, (6,), generator=rng).cumsum(dim=0)
    twice = torch.tensor([2, 2, 1, 1, 1])[torch.randperm(5, generator=rng)]
    stairs = levels[:5].repeat_interleave(twice)
    return torch.cat([stairs, levels[5:].repeat(3), levels[5:] + 1, levels[5:] - 1])


def _case(name: str, losses: Plain, patience: int, note: str = "") -> Case:
    tensor = torch.as_tensor(losses, dtype=torch.float64)
    return Case(name, {"validation_losses": tensor, "patience": patience}, note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Compare with the definition, read off with no counter kept."""
    losses, patience = case.inputs["validation_losses"].tolist(), case.inputs["patience"]
    improvements = [i for i in range(len(losses)) if all(losses[i] < loss for loss in losses[:i])]
    gaps = zip(improvements, [*improvements[1:], len(losses) + patience], strict=True)
    expected = next(here for here, after in gaps if after - here > patience)
    return differs(outputs, expected, what="the step")


def _walk(losses: Tensor, patience: int) -> tuple[int, int]:
    """The best step read, and the step at which reading stopped."""
    best = 0
    for step in range(1, len(losses)):
        if losses[step] < losses[best]:
            best = step
        elif step - best >= patience:
            return best, step
    return best, len(losses) - 1


@bug(
    "This is the step at which training stopped, `patience` steps after the weights worth keeping.",
    hint="Remember the step of the lowest loss so far, and return that one.",
)
def stopping_step(validation_losses: Tensor, patience: int) -> int:
    """Where it stopped."""
    return _walk(validation_losses, patience)[1]


@bug(
    "This is the best step of the whole curve; training would have ended before part of it.",
    hint="Break out of the loop once `patience` steps in a row brought nothing better.",
)
def looks_past_the_stop(validation_losses: Tensor, patience: int) -> int:
    """The first minimum of all losses."""
    return int(validation_losses.argmin())


@bug(
    "The rule waits one step longer than `patience`.",
    hint="Stop as soon as `patience` steps without improvement have passed: >=, not >.",
)
def one_step_too_patient(validation_losses: Tensor, patience: int) -> int:
    """patience + 1."""
    return _walk(validation_losses, patience + 1)[0]


@bug(
    "The rule gives up one step before `patience` has run out.",
    hint="Count the steps since the best one: the step right after it is the first of them.",
)
def one_step_too_impatient(validation_losses: Tensor, patience: int) -> int:
    """patience − 1."""
    return _walk(validation_losses, patience - 1)[0]


@bug(
    "A loss equal to the best counts as an improvement: a later step is kept, waiting restarts.",
    hint="Only a strictly lower loss is an improvement: <, not <=.",
)
def equal_counts_as_better(validation_losses: Tensor, patience: int) -> int:
    """<= in place of <."""
    best = 0
    for step in range(1, len(validation_losses)):
        if validation_losses[step] <= validation_losses[best]:
            best = step
        elif step - best >= patience:
            break
    return best


@bug(
    "Each loss is compared with the one before it, not with the best so far.",
    hint="Keep the lowest loss in a variable of its own and compare with that.",
)
def compared_with_the_previous(validation_losses: Tensor, patience: int) -> int:
    """Patience is renewed whenever the curve falls."""
    waited, end = 0, 0
    for end in range(1, len(validation_losses)):
        waited = 0 if validation_losses[end] < validation_losses[end - 1] else waited + 1
        if waited >= patience:
            break
    return int(validation_losses[: end + 1].argmin())


@bug(
    "The count of steps without improvement is never set back, so early bumps use up the patience.",
    hint="Set the counter to 0 at each improvement.",
)
def counter_never_reset(validation_losses: Tensor, patience: int) -> int:
    """All bad steps are counted together."""
    best, waited = 0, 0
    for step in range(1, len(validation_losses)):
        if validation_losses[step] < validation_losses[best]:
            best = step
        else:
            waited += 1
            if waited >= patience:
                break
    return best


@bug(
    "This is the best loss, not the step at which it was reached.",
    hint="Return the index, so that the caller can load the weights saved at that step.",
)
def loss_for_step(validation_losses: Tensor, patience: int) -> float:
    """The value in place of its index."""
    return validation_losses[_walk(validation_losses, patience)[0]].item()


@bug(
    "Where patience never runs out, the last step is returned; the best one is still to be kept.",
    hint="Return the same variable after the loop as inside it.",
)
def last_step_if_never_stopped(validation_losses: Tensor, patience: int) -> int:
    """The end of training, if it was reached."""
    best, end = _walk(validation_losses, patience)
    return best if end - best >= patience else len(validation_losses) - 1


@bug(
    "Steps are counted from 1: this is one more than the index of the loss.",
    hint="The first loss belongs to step 0. `enumerate` starts there too.",
)
def counted_from_one(validation_losses: Tensor, patience: int) -> int:
    """The right step, plus 1."""
    return _walk(validation_losses, patience)[0] + 1


@bug(
    "The best loss starts at a number of its own, so a curve that lies above it never improves.",
    hint="Start from the first loss itself, or from `float('inf')`.",
)
def starts_from_a_number(validation_losses: Tensor, patience: int) -> int:
    """100 taken for more than any loss."""
    lowest, best = 100.0, 0
    for step, loss in enumerate(validation_losses):
        if loss < lowest:
            lowest, best = loss, step
        elif step - best >= patience:
            break
    return best


@bug(
    "A small improvement is not counted: the loss must fall by some margin first.",
    hint="Any loss below the best is an improvement: compare with the best itself.",
)
def margin_asked_for(validation_losses: Tensor, patience: int) -> int:
    """Better by 0.01 at least."""
    best = 0
    for step in range(1, len(validation_losses)):
        if validation_losses[step] < validation_losses[best] - 0.01:
            best = step
        elif step - best >= patience:
            break
    return best


@bug(
    "The sizes of the losses are compared, without their signs; a log-likelihood may be negative.",
    hint="Compare the losses as they are: −3 is lower than −1.",
)
def signs_lost(validation_losses: Tensor, patience: int) -> int:
    """Absolute values."""
    return _walk(validation_losses.abs(), patience)[0]


CHECK = Check(
    id="ex1_overfitting/early-stopping",
    title="Early stopping",
    references=("course_lib.overfitting.regularization.early_stopping_step",),
    properties=(
        Property("best", 1, "the best step read, not the one at which it stopped"),
        Property("stops", 1, "nothing after the stop is looked at"),
        Property("patience", 2, "waits exactly `patience` steps, counted from the best one"),
        Property("ties", 1, "among equal losses the earliest; an equal loss is no improvement"),
        Property("never", 1, "the best step where patience never runs out"),
    ),
    cases=cases,
    judge=judge,
    bugs=(
        stopping_step,
        looks_past_the_stop,
        one_step_too_patient,
        one_step_too_impatient,
        equal_counts_as_better,
        compared_with_the_previous,
        counter_never_reset,
        loss_for_step,
        counted_from_one,
        starts_from_a_number,
        margin_asked_for,
        signs_lost,
        last_step_if_never_stopped,
    ),
    takeaway=(
        "The rule reads the validation set at every step, so the loss it stops at is a little too "
        "good to be true: report a test set that the rule never saw."
    ),
)
