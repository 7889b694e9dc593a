"""Check of `fast_train_bpe(text, vocab_size, special_tokens=())`: right, and in few steps."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.ex3_bpe._fast_train_bugs import BUGS
from course_lib.checks.ex3_bpe._trained import result_differs, vocab_differs
from course_lib.checks.ex3_bpe._training_texts import (
    draw_words,
    many_pairs,
    many_words,
    random_text,
    text_of,
)
from course_lib.checks.forbidden import ForbiddenCallError
from course_lib.checks.line_budget import TooManyLines
from course_lib.checks.steps import counted_steps

END = "<|end|>"
MAX_STEPS = 400_000  # of a counted case
_STOPPED_AT = 700_000
COUNTED = {  # what takes too many steps, most likely, where too many are taken
    "touched": "Probably all words, or all pairs, are gone through again after each merge.",
    "best": "Probably every pair is looked at to find the commonest.",
}


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Small texts, then some with many words to leave alone, and some with many pairs."""
    yield _case("merges", "low low low lower lower newest newest newest widest", 6)
    yield _case("merges", "abc bcd abc bcd cde ab", 9, note="the text runs out of pairs")
    for _ in range(3):
        yield _case("merges", random_text(rng, 12, "abcdef", each_letter_once=True), 10)
    text = random_text(rng, 40, "abcdefghé", (1, 7), (1, 20), each_letter_once=True)
    yield _case("merges", text, 40)
    yield _case("repeats", "aaabdaaabac", 2, note="(a, a) stands four times")
    yield _case("repeats", "aaaaa aaaa aaa aa", 4, note="pairs that overlap")
    yield _case("repeats", "abababa baba bab", 5, note="a pair that stands side by side")
    yield _case("repeats", "xyzxyz xyz zxyz zx zx", 5, note="a pair that stands twice in a word")
    for alphabet in ("a", "ab", "ab", "abc"):
        yield _case("repeats", random_text(rng, 8, alphabet, (3, 12)), 10)
    yield _case("ties", "ab cd ef", 3, note="all pairs are equally common")
    yield _case("ties", "aaaa b zy", 2, note="bytes are compared, not ids")
    yield _case("ties", "abx ab cax caby", 5, note="“a” is smaller than “ab”")
    yield _case("ties", "abc\naz\nab", 2, note="(ab, c) is greater than (a, z)")
    yield _case("ties", "abc\nab\nbc\nbc", 3, note="(a, b) has become rarer, not gone")
    yield _case("ties", "bcbcb", 3, note="a pair that stands twice, then a tie")
    yield _case("ties", "bc\nbcbc\nbcaca", 5, note="two pairs that stand twice in a word")
    for text in ("ab é", "é ab ü", "ü ab é"):
        yield _case("ties", text, 3, note="bytes above 127 are greater than letters of English")
    for alphabet in ("ab", "abc", "abcdef"):
        words = draw_words(rng, 12, alphabet, (2, 6))
        yield _case("ties", text_of(rng, dict.fromkeys(words, 1)), 12, note="every word once")
    yield _case("specials", f"ab{END}ab{END}cd", 2, (END,), "a special token between texts")
    yield _case("specials", "ab ab", 1, ("<|pad|>", END), "special tokens in the order given")
    yield _case("specials", f"xy zx{END}xy{END}{END}xyz", 3, (END,), "a frequent special token")
    for words, pairs in (_fixed_texts(), (many_words(rng), many_pairs(rng))):
        yield _case("touched", words, 100, note="45 common words, 8,000 rare ones")
        yield _case("best", pairs, 250, note="60 common words, 3,000 rare pairs")


@functools.cache
def _fixed_texts() -> tuple[str, str]:
    """The same for every seed: whoever is slow is slow on these, and a grader knows the bugs'."""
    rng = torch.Generator().manual_seed(0)
    return many_words(rng), many_pairs(rng)


def _case(
    name: str, text: str, n_merges: int, special_tokens: Sequence[str] = (), note: str = ""
) -> Case:
    vocab_size = 256 + n_merges + len(special_tokens)
    inputs = {"text": text, "vocab_size": vocab_size}
    if special_tokens:
        inputs["special_tokens"] = list(special_tokens)
    return Case(name, inputs, note)


def run(implementation: Callable[..., Plain], case: Case) -> Plain:
    """Call the function; where steps are counted, return (steps, result)."""
    if case.property not in COUNTED:
        return implementation(*case.inputs.values())
    if any(implementation is known.implementation for known in BUGS):  # counted in our tests
        exceeds = case.property in implementation.exceeds
        result = None if exceeds else implementation(*case.inputs.values())
        return _STOPPED_AT + 1 if exceeds else MAX_STEPS, result
    implementation("ab ab", 257)  # what never ends at all, ends by the usual budget
    result = None
    try:
        with counted_steps(_STOPPED_AT) as steps:
            result = implementation(*case.inputs.values())
    except TooManyLines:
        pass  # more than `_STOPPED_AT`
    if steps.out_of_sight:
        libraries = " and ".join(sorted(steps.out_of_sight))
        raise ForbiddenCallError(
            f"{libraries} may not be called here: the steps that they take cannot be counted"
        )
    return steps.n, result


def judge(case: Case, outputs: Plain) -> str | None:
    """Follow the merges one by one, and look at the number of steps."""
    if case.property in COUNTED:
        return _judge_steps(case, outputs)
    if problem := result_differs(case, outputs, ties=case.property == "ties"):
        return problem
    return vocab_differs(outputs, case.inputs["special_tokens"]) if _has_specials(case) else None


def _has_specials(case: Case) -> bool:
    return "special_tokens" in case.inputs


def _judge_steps(case: Case, outputs: Plain) -> str | None:
    if not isinstance(outputs, tuple) or len(outputs) != 2 or type(outputs[0]) is not int:
        return "no steps were counted"
    n_steps, result = outputs
    if n_steps > _STOPPED_AT:
        return (
            f"your trainer was stopped after {_STOPPED_AT:,} steps; {MAX_STEPS:,} are allowed. "
            + COUNTED[case.property]
        )
    if problem := result_differs(case, result, ties=False):
        return problem
    if n_steps > MAX_STEPS:
        return (
            f"the merges are right, but your trainer took {n_steps:,} steps; {MAX_STEPS:,} are "
            f"allowed. {COUNTED[case.property]}"
        )
    if n_steps < case.inputs["vocab_size"] - 256:
        return (
            f"only {n_steps:,} steps were counted, fewer than there are merges. The work must be "
            "done here, in Python, and not by a library"
        )
    return None


def symptoms(case: Case, outputs: Plain) -> Plain:
    """Of a counted case: the merges, or that there were too many steps; never how many."""
    if case.property not in COUNTED:
        return outputs
    n_steps, result = outputs
    return "too many steps" if n_steps > MAX_STEPS else result[1]


CHECK = Check(
    id="ex3_bpe/fast-train-bpe",
    title="Training at speed",
    references=("course_lib.tokenizer.fast_train.fast_train_bpe",),
    properties=(
        Property("merges", 2, "the merges of the textbook trainer"),
        Property("repeats", 1, "words that have a pair more than once: “aaa”, “abab”"),
        Property("ties", 1, "of equally common pairs the greatest pair of byte strings"),
        Property("specials", 1, "special tokens are cut out and come last"),
        Property("touched", 3, f"touches only what changes: at most {MAX_STEPS:,} steps"),
        Property("best", 2, f"looks at few pairs for the best: at most {MAX_STEPS:,} steps"),
    ),
    cases=cases,
    run=run,
    judge=judge,
    symptoms=symptoms,
    bugs=BUGS,
    takeaway=(
        "The same merges for a small part of the work: a merge changes few words, and only what "
        "changed is looked at again. Most fast algorithms over large data are made of this idea."
    ),
    forbidden=(
        "course_lib.tokenizer.bpe.train_bpe",
        "course_lib.tokenizer.array_train.learn_merges",  # of train_from_files
    ),
)
