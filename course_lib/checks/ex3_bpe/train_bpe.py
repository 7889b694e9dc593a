"""Check of `train_bpe(text, vocab_size, special_tokens=()) -> (vocab, merges)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from course_lib.checks.base import Case, Check, Plain, Property
from course_lib.checks.ex3_bpe._train_bpe_bugs import BUGS
from course_lib.checks.ex3_bpe._trained import result_differs, vocab_differs
from course_lib.checks.ex3_bpe._training_texts import (
    a_token_that_begins_another,
    draw_words,
    random_text,
    text_of,
)

END = "<|end|>"


def cases(rng: torch.Generator) -> Iterator[Case]:
    """Texts of a few words, one for each clause of the contract, then random ones."""
    yield _case("merges", "aaabdaaabac", 2, note="by hand: aa, then one of two pairs that tie")
    yield _case("merges", "low low low lower lower newest newest newest widest", 6)
    yield _case("merges", "すもももももももものうち", 4, note="a letter of Japanese is three bytes")
    for _ in range(3):
        yield _case("merges", random_text(rng, 12, "abcd"), 8)
    yield _case("merges", random_text(rng, 30, "abcdeé", (1, 8)), 25)
    yield _case("words", "ab ab cd ab cd ab", 2, note="no pair of a letter and the next space")
    yield _case("words", "ba a ba a ba a ba a ab", 3, note="words that often meet do not merge")
    yield _case("words", "x1 x1 x1 1x don't don't", 4, note="letters, digits, 't: words apart")
    yield _case("words", "zq zr zs zt xy xy xy xy xy", 1, note="a word that stands five times")
    for _ in range(2):
        text = random_text(rng, 10, "abcdef", (2, 5), (1, 30), each_letter_once=True)
        yield _case("words", text, 6, note="no pair stands twice in a word")
    yield _case("ties", "ab cd ef", 3, note="all pairs are equally common")
    yield _case("ties", "aaaa b zy", 2, note="bytes are compared, not ids")
    yield _case("ties", "abc ab ab aba xx xx ccc", 4, note="first the left tokens are compared")
    yield _case("ties", "abc\naz\nab", 2, note="(ab, c) is greater than (a, z)")
    yield _case("ties", "é ü ö", 3, note="bytes above 127")
    for text in ("ab é", "é ab ü", "ü ab é"):
        yield _case("ties", text, 3, note="bytes above 127 are greater than letters of English")
    for alphabet in ("ab", "abc", "abcdef"):
        words = draw_words(rng, 12, alphabet, (2, 6))
        yield _case("ties", text_of(rng, dict.fromkeys(words, 1)), 12, note="every word once")
    yield _case("ties", a_token_that_begins_another(rng), 2, note="as (ab, c) and (a, z)")
    yield _case("specials", f"ab{END}ab{END}cd", 2, (END,), "a special token between texts")
    yield _case("specials", f"a{END}b a{END}b a{END}b xy xy", 3, (END,), "a and b never meet")
    yield _case(
        "specials", f"ab{END}{END}ab{END}|nd|nd end", 4, (END,), "its letters train nothing"
    )
    more = ("<|a|>", "<|a|><|b|>")
    yield _case("specials", "xy<|a|><|b|>xyz<|a|>xyz<|b|> <|b|>", 3, more, "the longest first")
    yield _case("specials", "low lower low", 2, (END, "<|pad|>"), "not in the text, but reserved")
    drawn = draw_words(rng, 9, "end|", (2, 4), each_letter_once=True)
    words = {word: 1 + place % 5 for place, word in enumerate(drawn)}
    yield _case("specials", text_of(rng, {**words, END: 20}), 6, (END,), "a frequent special token")
    yield _case("vocabulary", "ab ab", 1, note="256 bytes, then ab")
    yield _case("vocabulary", random_text(rng, 8, "abc"), 7)
    yield _case("vocabulary", f"ab{END}abc", 2, (END,), "the special token comes last")
    yield _case("vocabulary", random_text(rng, 8, "あいう"), 7, (END, "<|pad|>"))
    yield _case("vocabulary", "ab ab", 1, ("<|pad|>", END), "special tokens in the order given")
    yield _case("ends", "some text", 0, note="no room for a merge")
    yield _case("ends", "", 5, note="no text")
    yield _case("ends", "a", 5, note="one byte: no pair")
    yield _case("ends", "abc", 5, note="two merges of pairs that stand once, then no pair is left")
    yield _case("ends", "ab abc abc" + END, 9, (END,), note="the text runs out of pairs")


def _case(
    name: str, text: str, n_merges: int, special_tokens: Sequence[str] = (), note: str = ""
) -> Case:
    vocab_size = 256 + n_merges + len(special_tokens)
    inputs = {"text": text, "vocab_size": vocab_size}
    if special_tokens:
        inputs["special_tokens"] = list(special_tokens)
    return Case(name, inputs, note)


def judge(case: Case, outputs: Plain) -> str | None:
    """Follow the merges one by one; where ties do not matter, any commonest pair is right."""
    if case.property == "vocabulary":
        return vocab_differs(outputs, case.inputs.get("special_tokens", ()))
    return result_differs(case, outputs, ties=case.property == "ties")


CHECK = Check(
    id="ex3_bpe/train-bpe",
    title="Training byte-pair encoding",
    references=("course_lib.tokenizer.bpe.train_bpe",),
    properties=(
        Property("merges", 2, "the commonest pair is merged, and then pairs are counted anew"),
        Property("words", 2, "merges stay inside words, each counted as often as it stands"),
        Property("ties", 2, "of equally common pairs the greatest pair of byte strings"),
        Property("specials", 2, "special tokens are cut out, and their room is kept"),
        Property("vocabulary", 1, "bytes, then merges, then special tokens, by id"),
        Property("ends", 1, "as many merges as there is room for, while there is a pair"),
    ),
    cases=cases,
    judge=judge,
    bugs=BUGS,
    takeaway=(
        "No list of words and no rule of a language went in, and yet the tokens look like pieces "
        "of words: counting was enough. The merges, in order, are the whole of the tokenizer."
    ),
    forbidden=(
        "course_lib.tokenizer.fast_train.fast_train_bpe",
        "course_lib.tokenizer.array_train.learn_merges",  # of train_from_files
    ),
)
