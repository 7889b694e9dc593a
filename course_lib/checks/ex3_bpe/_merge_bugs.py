"""The mistakes people make when they merge a pair, with the words that help."""

from __future__ import annotations

from itertools import pairwise

from course_lib.checks.base import Bug, bug
from course_lib.checks.ex3_bpe._merge_ways import Pair, right, walking


@bug(
    "The list that was passed in is edited; whoever called still needs it.",
    "Build a new list: start from `merged = []`, or from `ids = list(ids)`, and append.",
)
def edits_its_input(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """In place, and returned."""
    ids[:] = right(ids, pair, new_id)
    return ids


@bug(
    "The list that was passed in is edited, and nothing is returned.",
    "Build a new list and return it.",
)
def edits_and_returns_nothing(ids: list[int], pair: Pair, new_id: int) -> None:
    """In place only."""
    ids[:] = right(ids, pair, new_id)


@bug(
    "Where the pair stands nowhere, the very list that was passed in comes back; whoever edits the "
    "result then edits both.",
    "Return a new list in any case: `list(ids)` is a copy.",
)
def itself_where_nothing_matches(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """Nothing to do, so nothing is made."""
    merged = right(ids, pair, new_id)
    return ids if merged == ids else merged


@bug(
    'Occurrences that overlap are all merged: in "aaa" the middle token is used twice.',
    "After a match move on by two places, so that neither of its tokens is looked at again.",
)
def overlapping(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """Every place of a pair gives a token."""
    starts = [tuple(ids[i : i + 2]) == pair for i in range(len(ids))]
    return [
        new_id if start else token
        for token, start, before in zip(ids, starts, [False, *starts], strict=False)
        if start or not before
    ]


@bug(
    "Every place is looked at alone: behind a match its second token is looked at again, and the "
    "last token, which has no right neighbour, never is.",
    "Move the place yourself in a `while` loop: by two after a match, else by one, up to the end.",
)
def each_place_alone(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """A `for` loop over the pairs."""
    return [new_id if found == pair else found[0] for found in pairwise(ids)]


@bug(
    'The pairs are taken from right to left: in "aaa" the last two become one, not the first two.',
    "Walk from the first token to the last.",
)
def right_to_left(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """The mirror image."""
    return right(ids[::-1], (pair[1], pair[0]), new_id)[::-1]


@bug(
    "Of two occurrences side by side the second is missed: what follows a match is copied unseen.",
    "After a match move on by two places and look there for the pair again.",
)
def neighbour_missed(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """The token after a match is copied, whatever it is."""
    merged, place = [], 0
    while place < len(ids):
        if tuple(ids[place : place + 2]) == pair:
            merged += [new_id, *ids[place + 2 : place + 3]]
            place += 3
        else:
            merged.append(ids[place])
            place += 1
    return merged


@bug(
    "The last place is read past the end when the last token is the first of the pair.",
    "Ask `place + 1 < len(ids)` before you read `ids[place + 1]`, or compare a slice.",
)
def past_the_end(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """No look at the length."""
    for place, token in enumerate(ids):
        if token == pair[0]:
            ids[place + 1]
    return right(ids, pair, new_id)


@bug(
    "The list is shortened while a loop over its old length is running, which then reads past it.",
    "Use `while place < len(ids)`, or build a new list in place of shortening one.",
)
def shortened_in_the_loop(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """`for` over a length that is no more."""
    merged = list(ids)
    for place in range(len(merged) - 1):
        if merged[place] == pair[0] and merged[place + 1] == pair[1]:
            merged[place : place + 2] = [new_id]
    return merged


@bug(
    "The pair at the very end is missed: the walk stops too early and copies the rest.",
    "The last place where a pair can begin is len(ids) − 2.",
)
def last_pair_missed(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """The last token is never part of a match."""
    return right(ids[:-1], pair, new_id) + ids[-1:]


@bug(
    "The last token is joined to the first: to Python, ids[-1] is the last one.",
    "The first place has no left neighbour; compare ids[place] with ids[place + 1].",
)
def around_the_end(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """A ring."""
    if len(ids) > 1 and (ids[-1], ids[0]) == pair:
        return [new_id, *right(ids[1:-1], pair, new_id)]
    return right(ids, pair, new_id)


@bug(
    "The numbers are searched as text, where 1 3 is also found in 21 3 and in 1 30.",
    "Compare tokens with tokens; `str.replace` compares digits.",
)
def as_text(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """`str.replace` on the numbers written out."""
    left, right = pair
    text = " ".join(map(str, ids)).replace(f"{left} {right}", str(new_id))
    return [int(word) for word in text.split()]


@bug(
    "Each of the two tokens is replaced wherever it stands, alone too.",
    "Compare two neighbours with the pair: both must match, side by side and in order.",
)
def singly(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """`token in pair`."""
    return [new_id if token in pair else token for token in ids]


BUGS = (
    edits_its_input,
    edits_and_returns_nothing,
    itself_where_nothing_matches,
    overlapping,
    each_place_alone,
    right_to_left,
    Bug(
        "skips-after-a-match",
        "The token that follows a match is lost.",
        "A match uses up two tokens: move on by two places, not three.",
        walking(step=3),
    ),
    Bug(
        "second-token-kept",
        "The second token of the pair stays, behind the new one.",
        "A match uses up two tokens: move on by two places.",
        walking(step=1),
    ),
    neighbour_missed,
    Bug(
        "first-occurrence-only",
        "Only the first occurrence is replaced.",
        "Go on after a match; `list.index` and `break` end at the first.",
        walking(most=1),
    ),
    singly,
    Bug(
        "first-token-only",
        "Only the first token of the pair is compared; what follows it is swallowed unseen.",
        "Compare both: `ids[place] == pair[0] and ids[place + 1] == pair[1]`.",
        walking(matches=lambda found, pair: len(found) == 2 and found[0] == pair[0]),
    ),
    Bug(
        "either-order",
        "The pair is merged in either order: (2, 1) too where (1, 2) is asked for.",
        "Compare in order; sets forget it.",
        walking(matches=lambda found, pair: found in (pair, pair[::-1])),
    ),
    Bug(
        "pair-dropped",
        "The pair is removed and nothing stands in its place.",
        "Append `new_id` at each match.",
        walking(write=lambda pair, new_id: []),
    ),
    Bug(
        "written-twice",
        "Each of the pair's two tokens becomes the new one: two in place of one.",
        "Append `new_id` once, and move on by two places.",
        walking(write=lambda pair, new_id: [new_id, new_id]),
    ),
    Bug(
        "last-token-lost",
        "The last token is missing unless it belongs to a pair.",
        "Walk to the end: the last token has no right neighbour, and is copied.",
        walking(end=1),
    ),
    last_pair_missed,
    past_the_end,
    shortened_in_the_loop,
    around_the_end,
    as_text,
    Bug(
        "nothing-merged",
        "The tokens come back unmerged: no pair is found.",
        "In Python a list never equals a tuple, whatever they hold: compare "
        "`tuple(ids[place : place + 2])` with the pair, or token with token.",
        walking(matches=lambda found, pair: False),
    ),
)
