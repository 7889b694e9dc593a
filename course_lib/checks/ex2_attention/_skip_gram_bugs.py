"""The mistakes people make in skip-gram and CBOW pairs, with the words that help."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.checks.base import Bug
from course_lib.checks.ex2_attention._skip_gram_ways import (
    PADDING,
    around_the_ends,
    as_long_as_they_come,
    at_the_rim,
    cbow,
    centre_too,
    last_missed,
    lost_slices,
    nearest_first,
    negative_places,
    neighbours,
    other_tokens,
    padded_pairs,
    places_that_fit,
    skip_gram,
    unique,
    without_columns,
)


def _skip_gram_bug(name: str, sentence: str, hint: str, wrong: Callable) -> Bug:
    return Bug(name, f"skip_gram_pairs: {sentence}", hint, (wrong, cbow()))


def _cbow_bug(name: str, sentence: str, hint: str, wrong: Callable) -> Bug:
    return Bug(name, f"cbow_pairs: {sentence}", hint, (skip_gram(), wrong))


BUGS = (
    _skip_gram_bug(
        "centre-included",
        "each token is paired with itself.",
        "Leave out the place of the centre: `if other != place`.",
        skip_gram(find=centre_too),
    ),
    _skip_gram_bug(
        "one-short",
        "the last neighbour on the right is missing.",
        "A `range` or a slice ends before its second number: go up to place + window + 1.",
        skip_gram(find=last_missed),
    ),
    _skip_gram_bug(
        "around-the-ends",
        "the window goes around the ends, so the first token is a neighbour of the last.",
        "Cut the window at 0 and at len(token_ids). `torch.roll` and `%` make a ring of the text.",
        skip_gram(find=around_the_ends),
    ),
    _skip_gram_bug(
        "negative-places",
        "places before the start are read from the end of the text: to Python, −1 is the last one.",
        "Begin at `max(0, place - window)`.",
        skip_gram(find=negative_places),
    ),
    _skip_gram_bug(
        "slice-with-a-negative-start",
        "near the start, neighbours on the left are lost: a slice that starts below 0 is counted "
        "from the end, and is mostly empty.",
        "Begin the slice at `max(0, place - window)`.",
        skip_gram(find=lost_slices),
    ),
    _skip_gram_bug(
        "ends-dropped",
        "tokens near the ends are left out as centres, since their window is cut.",
        "Every token is a centre; at the ends it has fewer neighbours.",
        skip_gram(centres=places_that_fit),
    ),
    _skip_gram_bug(
        "equal-tokens-dropped",
        "a neighbour that is the same token as the centre is left out.",
        "Compare places, not tokens: only the place of the centre is no neighbour.",
        skip_gram(find=other_tokens),
    ),
    _skip_gram_bug(
        "right-side-only",
        "only neighbours after the centre are paired with it.",
        "The window reaches to both sides: from place − window to place + window.",
        skip_gram(
            find=lambda tokens, p, window: [i for i in neighbours(tokens, p, window) if i > p]
        ),
    ),
    _skip_gram_bug(
        "left-side-only",
        "only neighbours before the centre are paired with it.",
        "The window reaches to both sides: from place − window to place + window.",
        skip_gram(
            find=lambda tokens, p, window: [i for i in neighbours(tokens, p, window) if i < p]
        ),
    ),
    _skip_gram_bug(
        "rim-only",
        "only tokens at exactly the distance `window` are paired; those in between are missing.",
        "Every place from place − window to place + window counts, except the centre's.",
        skip_gram(find=at_the_rim),
    ),
    _skip_gram_bug(
        "columns-exchanged",
        "the columns are exchanged: the neighbour comes first.",
        "Each row is (centre, context): the token that predicts, then the token predicted.",
        skip_gram(pair=lambda tokens, place, other: [tokens[other], tokens[place]]),
    ),
    _skip_gram_bug(
        "nearest-first",
        "the neighbours of a centre come by their distance, not by their place.",
        "Go through the neighbours from left to right.",
        skip_gram(find=nearest_first),
    ),
    _skip_gram_bug(
        "sorted",
        "the pairs are sorted by token.",
        "Leave them in the order of the text: by the place of the centre, then of the neighbour.",
        skip_gram(arrange=sorted),
    ),
    _skip_gram_bug(
        "repeated-pairs-merged",
        "a pair that occurs more than once in the text is returned only once.",
        "Keep every occurrence: how often two tokens meet is what the embeddings learn from.",
        skip_gram(arrange=unique),
    ),
    _skip_gram_bug(
        "places-for-tokens",
        "the places of the tokens are returned, not the tokens.",
        "Look the places up: `token_ids[place]`.",
        skip_gram(pair=lambda tokens, place, other: [place, other]),
    ),
    _skip_gram_bug(
        "padding-kept",
        "there are pairs with −1, which stands for no token.",
        "Keep the pairs whose neighbour lies in the text: `pairs[contexts != PADDING]`.",
        padded_pairs,
    ),
    _skip_gram_bug(
        "no-pairs-without-columns",
        "a text without pairs gives a tensor with one axis.",
        "`torch.tensor([])` cannot know that its rows would be pairs: end with "
        "`torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)`.",
        without_columns,
    ),
    _cbow_bug(
        "cbow-not-padded",
        "the rows near the ends are shorter than the others, and no tensor can be made of them.",
        "Fill each row up with −1 at the places where the text has no token.",
        as_long_as_they_come(lambda tokens, place, window: tokens[max(0, place - window) : place]),
    ),
    _cbow_bug(
        "cbow-slice-with-a-negative-start",
        "near the start the slice of the left neighbours begins below 0, which Python counts from "
        "the end, and the rows are of different lengths.",
        "Put −1 `window` times in front of the text and behind it: then every slice is full.",
        as_long_as_they_come(lambda tokens, place, window: tokens[place - window : place]),
    ),
    _cbow_bug(
        "cbow-centre-included",
        "the centre is among its own contexts, so that the answer is given away.",
        "Leave out the step 0: there are 2 · window columns.",
        cbow(steps=lambda window: list(range(-window, window + 1))),
    ),
    _cbow_bug(
        "cbow-one-short",
        "the last neighbour on the right is missing: a column too few.",
        "`range(-window, window)` ends at window − 1: go up to window + 1.",
        cbow(steps=lambda window: [step for step in range(-window, window) if step]),
    ),
    _cbow_bug(
        "cbow-around-the-ends",
        "at the ends the contexts hold tokens of the other end, where −1 belongs.",
        "Pad the text with −1 on both sides before you take windows; `torch.roll` makes a ring.",
        cbow(token_at=lambda tokens, i: tokens[i % len(tokens)]),
    ),
    _cbow_bug(
        "cbow-negative-places",
        "places before the start are read from the end of the text: to Python, −1 is the last one.",
        "A place below 0 holds no token: write −1 there.",
        cbow(token_at=lambda tokens, i: tokens[i] if -len(tokens) <= i < len(tokens) else PADDING),
    ),
    _cbow_bug(
        "cbow-ends-dropped",
        "tokens near the ends have no row, since their window is cut.",
        "Every token has a row; where the text has no token it holds −1.",
        cbow(centres=places_that_fit),
    ),
    _cbow_bug(
        "padded-with-zero",
        "missing neighbours are filled with 0, which is the number of a token.",
        "Fill them with −1 (PADDING), which is no token's number.",
        cbow(token_at=lambda tokens, i: tokens[i] if 0 <= i < len(tokens) else 0),
    ),
    _cbow_bug(
        "padding-behind",
        "the padding stands at the end of each row; it belongs at the place that is missing.",
        "Column j always means the same step from the centre, whether a token is there or not.",
        cbow(arrange=lambda row: sorted(row, key=lambda token: token == PADDING)),
    ),
    _cbow_bug(
        "cbow-right-to-left",
        "the neighbours come from right to left.",
        "Column 0 is the token at place − window, the last column that at place + window.",
        cbow(steps=lambda window: [step for step in range(window, -window - 1, -1) if step]),
    ),
    _cbow_bug(
        "contexts-and-centres-exchanged",
        "the two results are exchanged.",
        "Return (contexts, centres), in this order.",
        cbow(result=lambda contexts, centres: (centres, contexts)),
    ),
)
