"""Count the steps of the textbook's BPE trainer and of the fast one on the exercise's own texts.

The count is that of `course_lib.checks.steps`: turns of loops, calls of functions, items that
`max`, a sort or a `Counter` looks at. Both trainers get the texts that the check draws in a
student's notebook.
"""

from recording import read_options, write_record

from course_lib.checks.ex3_bpe.fast_train_bpe import CHECK, COUNTED, MAX_STEPS
from course_lib.checks.steps import counted_steps
from course_lib.tokenizer.bpe import train_bpe
from course_lib.tokenizer.fast_train import fast_train_bpe

TRAINERS = {"textbook": train_bpe, "fast": fast_train_bpe}


def main() -> None:
    """Count and write results/training_steps.json."""
    read_options(__doc__)
    results = {}
    for case in CHECK.drawn_cases(0):
        if case.property in COUNTED and case.property not in results:  # the texts of every seed
            steps = {}
            for name, train in TRAINERS.items():
                with counted_steps(10**9) as counted:
                    train(*case.inputs.values())
                steps[name] = counted.n
            results[case.property] = {"characters": len(case.inputs["text"]), **steps}
    write_record(
        "training_steps",
        "steps of two BPE trainers on the texts of ex3_bpe/fast-train-bpe",
        [0],
        {"allowed": MAX_STEPS, "cases": results},
    )


if __name__ == "__main__":
    main()
