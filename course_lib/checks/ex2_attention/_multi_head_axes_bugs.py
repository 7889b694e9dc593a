"""The mistakes people make where heads are split, shared and joined, with the words that help."""

from __future__ import annotations

from course_lib.checks.base import Bug
from course_lib.checks.ex2_attention import _multi_head_steps as steps
from course_lib.checks.ex2_attention._multi_head_steps import Attention, with_steps

HEADS = (
    Bug(
        "split-without-transpose",
        "Heads are split off by `reshape` alone, so a head mixes numbers of different tokens.",
        "First (batch, seq, heads, d_head), then `transpose(1, 2)`: reshaping moves no axis.",
        with_steps(split=steps.reshape_to_heads),
    ),
    Bug(
        "joined-without-transpose",
        "The heads are joined by `reshape` alone, so a row mixes numbers of different tokens.",
        "Bring the heads behind the positions first: `transpose(1, 2)`, then flatten.",
        with_steps(join=steps.reshape_from_heads),
    ),
    Bug(
        "reshaped-both-ways",
        "Heads are split and joined by `reshape` alone, so a head mixes numbers of different "
        "tokens.",
        "First (batch, seq, heads, d_head), then `transpose(1, 2)`; and back in two steps.",
        with_steps(split=steps.reshape_to_heads, join=steps.reshape_from_heads),
    ),
    Bug(
        "joined-entry-by-entry",
        "The heads are joined in the wrong order: entry by entry, not head after head.",
        "The last two axes before flattening are (heads, d_head): head 1 whole, then head 2.",
        with_steps(join=steps.join_entry_by_entry),
    ),
    Bug(
        "joined-in-reverse",
        "The heads are joined from last to first.",
        "Head i belongs into the i-th block of d_head columns.",
        with_steps(join=lambda self, heads: Attention.join(self, heads.flip(1))),
    ),
    Bug(
        "columns-dealt-out",
        "A head takes every n_heads-th column of a projection in place of a block of neighbours.",
        "Split the last axis into (heads, d_head), in this order.",
        with_steps(split=steps.split_entry_by_entry, join=steps.join_entry_by_entry),
    ),
    Bug(
        "columns-dealt-out-and-joined-rightly",
        "A head takes every n_heads-th column of a projection in place of a block of neighbours.",
        "Split the last axis into (heads, d_head), in this order, as you join it.",
        with_steps(split=steps.split_entry_by_entry),
    ),
    Bug(
        "heads-and-columns-exchanged",
        "There are d_head heads of n_heads columns, in place of n_heads heads of d_head columns.",
        "Split the last axis into (heads, d_head), in this order.",
        with_steps(split=steps.split_into_columns, attend=steps.offered_attention),
    ),
    Bug(
        "heads-ignored",
        "There is one head of width d_model, whatever `n_heads` says.",
        "Split each projection into n_heads pieces before the scores are computed.",
        with_steps(attend=steps.one_wide_head),
    ),
    Bug(
        "key-heads-not-shared",
        "Fewer key and value heads meet n_heads queries: each has to serve a group of them.",
        "Repeat them along the axis of the heads, which is 1 once it stands before the positions: "
        "`k.repeat_interleave(n_heads // n_kv_heads, dim=1)`. Along the positions, `dim=2`, they "
        "stay too few.",
        with_steps(share=lambda self, h: h),
    ),
    *(
        Bug(
            f"repeated-along-{axis}",
            f"Keys and values are repeated along the axis of {axis}, and not along that of the "
            "heads.",
            "The heads are axis 1 once they stand before the positions: "
            "`k.repeat_interleave(n_heads // n_kv_heads, dim=1)`.",
            with_steps(share=steps.repeated_along(dim)),
        )
        for axis, dim in (("texts", 0), ("columns", 3))
    ),
    Bug(
        "groups-by-turns",
        "The groups are repeated in the wrong order: query heads take the key heads by turns.",
        "Neighbours share: `repeat_interleave` gives 0, 0, 1, 1; `repeat` gives 0, 1, 0, 1.",
        with_steps(share=lambda self, h: h.repeat(1, self.n_heads // self.n_kv_heads, 1, 1)),
    ),
    Bug(
        "first-key-head-for-all",
        "All query heads use the first key and value head; the others are never looked at.",
        "Query head i uses key head i // (n_heads / n_kv_heads).",
        with_steps(share=steps.first_key_head),
    ),
)
