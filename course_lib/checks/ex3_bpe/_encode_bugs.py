"""The mistakes people make in encode: here those in merging and in the look-up of ids."""

from __future__ import annotations

from typing import Any

from course_lib.checks.base import Bug
from course_lib.checks.ex3_bpe._encode_cut_bugs import CUTTING
from course_lib.checks.ex3_bpe._encode_ways import (
    at_one_place,
    by_joined_bytes,
    by_order,
    byte_as_id,
    each_merge_once,
    first_from_the_left,
    from_the_right,
    highest_or_unknown,
    last_learned,
    longest_from_the_left,
    of_lowest_id,
    one_round,
    overlapping,
    sweep,
    sweeps,
    without_rank_0,
    without_the_last,
)
from course_lib.checks.ex3_bpe._tokenizer_parts import variation


def _bug(name: str, sentence: str, hint: str, everywhere: bool = False, **parts: Any) -> Bug:
    return Bug(name, sentence, hint, variation(**parts), everywhere)


def _two_ways(name: str, sentence: str, hint: str, **parts: Any) -> tuple[Bug, Bug]:
    """A mistake where all places of a pair are merged at once, and where one at a time is."""
    return (
        _bug(name, sentence, hint, **parts),
        _bug(f"{name}-one-place-at-a-time", sentence, hint, joined=at_one_place, **parts),
    )


MERGING = (
    _bug(
        "greedy-longest-match",
        "At each place the longest token of the vocabulary is taken, left to right; the merges "
        "may not lead there.",
        "Start from single bytes and merge pairs, the one with the lowest rank first.",
        merged=longest_from_the_left,
    ),
    *_two_ways(
        "position-before-rank",
        "The first pair from the left that can be merged is merged, whatever its rank.",
        "Look at all neighbouring pairs, and take the one that was learned first: the lowest rank.",
        chosen=first_from_the_left,
    ),
    _bug(
        "sweeps-from-the-left",
        "Each pass goes from left to right and merges every pair that it can, whatever its rank.",
        "Merge one kind of pair at a time: the one of the lowest rank among those that are there.",
        merged=sweeps,
    ),
    _bug(
        "one-sweep",
        "The pre-token is gone through once, from left to right; what was merged is never merged "
        "further.",
        "Repeat until no neighbouring pair is in `self.ranks`, each time with the lowest rank.",
        merged=sweep,
    ),
    *_two_ways(
        "one-round",
        "Only the first of all merges is applied, and then the work stops.",
        "Put it in a loop that ends when no neighbouring pair is in `self.ranks`.",
        merged=one_round,
    ),
    _bug(
        "each-merge-once",
        "Each merge is applied at one place only; a pre-token may hold its pair several times.",
        "Apply a merge again until its pair is gone, before you go on to the next.",
        merged=each_merge_once,
    ),
    *_two_ways(
        "last-learned-first",
        "The pair of the highest rank is merged first. Rank 0 is the merge that was learned first, "
        "and the later ones build on it.",
        "Take the lowest rank: `min`, not `max`.",
        chosen=last_learned,
    ),
    _bug(
        "highest-rank-or-none",
        "The highest rank is looked for, and a pair that is in no merge counts as higher still: "
        "as long as there is one, nothing is merged.",
        "Take the lowest rank: `min`, not `max`.",
        chosen=highest_or_unknown,
        joined=at_one_place,
    ),
    _bug(
        "rank-0-taken-for-none",
        "The merge of rank 0 is never made: 0 counts as false, so `get(pair) or …` takes its pair "
        "for one without a rank.",
        "Give `get` its default: `self.ranks.get(pair, len(self.ranks))`.",
        chosen=without_rank_0,
    ),
    _bug(
        "lowest-id-first",
        "Pairs are merged by the id of the token that they make. The order of merges is that of "
        "`self.ranks`; ids may be in any order.",
        "Compare `self.ranks[left, right]`, and look up ids only at the end.",
        everywhere=True,
        chosen=of_lowest_id,
    ),
    _bug(
        "ranked-by-joined-bytes",
        "Any two tokens are merged whose joined bytes some merge makes, of other parts perhaps.",
        "Look up the pair, `self.ranks[left, right]`, not `left + right`.",
        chosen=by_joined_bytes,
    ),
    _bug(
        "overlapping-merge",
        "In a run such as `aaa` a token takes part in two merges, so the result spells more than "
        "the text.",
        "After a merge go on behind both tokens: `place += 2`.",
        joined=overlapping,
    ),
    _bug(
        "from-the-right",
        "Where the places of a pair overlap, as in `aaa`, the last one is merged.",
        "Take the leftmost: `<`, not `<=`, when you compare ranks from left to right.",
        joined=from_the_right,
    ),
    _bug(
        "last-token-dropped",
        "A last token that takes part in no merge is lost.",
        "When you rebuild the list, let the loop reach its last place: `while place < len(parts)`.",
        joined=without_the_last,
    ),
    _bug(
        "ids-counted",
        "Ids are computed: the byte itself, or 256 + rank. That is so in a vocabulary that you "
        "trained yourself; in others, as GPT-2's, ids have another order.",
        "Look every token up in `self.ids`.",
        id_of=by_order,
    ),
    _bug(
        "bytes-as-ids",
        "A single byte is taken for its own id. In GPT-2's vocabulary the byte 32 has the id 220.",
        "Look single bytes up in `self.ids` too.",
        id_of=byte_as_id,
    ),
    _bug(
        "tokens-not-ids",
        "The tokens come back as byte strings; a model wants their ids.",
        "`self.ids[token]` for each.",
        id_of=lambda self, token: token,
    ),
    _bug(
        "tokens-as-text",
        "The tokens come back as text; a model wants their ids, and not every token is text.",
        "`self.ids[token]` for each, with the token as bytes.",
        id_of=lambda self, token: token.decode("utf-8", errors="replace"),
    ),
)

BUGS = (*MERGING, *CUTTING)
