"""The mistakes people make in a Transformer block, with the words that help."""

from course_lib.checks.base import Bug
from course_lib.checks.ex2_attention._block_ways import (
    DropsAlways,
    NormsSwapped,
    OneNormForAll,
    adding,
    context_asks,
    context_mask_not_passed,
    context_normalised,
    cross_attention_first,
    cross_attention_last,
    cross_attention_left_out,
    cross_attention_to_itself,
    feed_forward_first,
    feed_forward_on_the_input,
    going,
    in_parallel,
    mask_not_passed,
    one_residual_around_both,
    post_step,
    pre_step,
)

ONE_STEP = "pre: `x + sublayer(norm(x))`; post: `norm(x + sublayer(x))`."
BUGS = (
    Bug(
        "pre-and-post-swapped",
        "Pre-norm and post-norm are swapped: pre normalises what the sub-layer reads, post what "
        "leaves the sum.",
        ONE_STEP,
        adding(post_step, pre_step),
    ),
    Bug(
        "post-for-pre",
        'The block is post-norm where `norm_position` is "pre": it normalises the stream itself.',
        "In pre-norm, normalise what the sub-layer reads: `x + sublayer(norm(x))`.",
        adding(pre=post_step),
    ),
    Bug(
        "pre-for-post",
        'The block is pre-norm where `norm_position` is "post".',
        "In post-norm, normalise after the sum: `norm(x + sublayer(x))`.",
        adding(post=pre_step),
    ),
    Bug(
        "no-residual",
        "The sub-layer's result takes the place of x; it should be added to it.",
        ONE_STEP,
        adding(
            lambda x, sublayer, norm, drop: drop(sublayer(norm(x))),
            lambda x, sublayer, norm, drop: norm(drop(sublayer(x))),
        ),
    ),
    Bug(
        "norm-on-the-stream",
        "The sum starts from the normalised x: `x = norm(x)` has overwritten the stream.",
        "Normalise only what the sub-layer reads, and add to the x that came in.",
        adding(pre=lambda x, sublayer, norm, drop: norm(x) + drop(sublayer(norm(x)))),
    ),
    Bug(
        "norm-on-what-is-added",
        "The norm stands around the sub-layer's result, before it is added.",
        ONE_STEP,
        adding(
            lambda x, sublayer, norm, drop: x + drop(norm(sublayer(x))),
            lambda x, sublayer, norm, drop: x + drop(norm(sublayer(x))),
        ),
    ),
    Bug(
        "norm-before-and-after",
        "The norm stands before the sub-layer and after the sum as well; one of the two is asked.",
        ONE_STEP,
        adding(
            lambda x, sublayer, norm, drop: norm(x + drop(sublayer(norm(x)))),
            lambda x, sublayer, norm, drop: norm(x + drop(sublayer(norm(x)))),
        ),
    ),
    Bug(
        "no-norm",
        "Nothing is normalised.",
        ONE_STEP,
        adding(
            lambda x, sublayer, norm, drop: x + drop(sublayer(x)),
            lambda x, sublayer, norm, drop: x + drop(sublayer(x)),
        ),
    ),
    Bug(
        "one-residual-around-both",
        "One residual connection spans all sub-layers; each has its own.",
        "Add after every sub-layer, and let the next one read the sum.",
        going(one_residual_around_both),
    ),
    Bug(
        "feed-forward-on-the-input",
        "The last sum starts from the x that came into the block, so what attention added is lost.",
        "Call the result of each step x, and go on from there.",
        going(feed_forward_on_the_input),
    ),
    Bug(
        "in-parallel",
        "Attention and feed-forward read the same x, side by side; the second should read the "
        "first's sum.",
        "Call the result of each step x, and go on from there.",
        going(in_parallel),
    ),
    Bug(
        "feed-forward-first",
        "The feed-forward layer comes before attention.",
        "First self-attention, then (where there is one) cross-attention, then feed-forward.",
        going(feed_forward_first),
    ),
    Bug(
        "one-norm-for-all",
        "One norm serves every sub-layer; each has its own scale and shift.",
        "Use `self_attention_norm`, `cross_attention_norm` and `feed_forward_norm`, each once.",
        OneNormForAll,
    ),
    Bug(
        "norms-swapped",
        "Self-attention and feed-forward have each other's norm.",
        "`self_attention_norm` belongs to self-attention, `feed_forward_norm` to feed-forward.",
        NormsSwapped,
    ),
    Bug(
        "mask-not-passed",
        "`mask` changes nothing: every token attends to every other.",
        "Hand it on to self-attention: `self.self_attention(h, mask=mask)`.",
        going(mask_not_passed),
    ),
    Bug(
        "context-mask-not-passed",
        "`context_mask` changes nothing: cross-attention reads the whole context.",
        "Hand it on: `self.cross_attention(h, context, context_mask)`.",
        going(context_mask_not_passed),
    ),
    Bug(
        "cross-attention-left-out",
        "The context changes nothing: cross-attention is never called.",
        "Where there is cross-attention, give it a residual step between the other two.",
        going(cross_attention_left_out),
    ),
    Bug(
        "cross-attention-to-itself",
        "Cross-attention takes keys and values from x itself; they come from the context.",
        "Hand the context on: `self.cross_attention(h, context, context_mask)`.",
        going(cross_attention_to_itself),
    ),
    Bug(
        "context-asks",
        "In cross-attention the context asks and x answers; it is x that asks.",
        "The first argument gives the queries: `self.cross_attention(h, context, context_mask)`.",
        going(context_asks),
    ),
    Bug(
        "cross-attention-first",
        "Cross-attention comes before self-attention.",
        "First self-attention, then cross-attention, then feed-forward.",
        going(cross_attention_first),
    ),
    Bug(
        "cross-attention-last",
        "Cross-attention comes after the feed-forward layer.",
        "First self-attention, then cross-attention, then feed-forward.",
        going(cross_attention_last),
    ),
    Bug(
        "context-normalised",
        "The context is normalised with the norm of cross-attention; that one is for x.",
        "Hand the context on as it comes: its encoder has normalised it.",
        going(context_normalised),
    ),
    Bug(
        "dropout-on-the-stream",
        "Dropout acts on the sum, so that parts of the stream itself are lost.",
        "Drop from what is added: `x + self.dropout(sublayer(norm(x)))`.",
        adding(
            lambda x, sublayer, norm, drop: drop(x + sublayer(norm(x))),
            lambda x, sublayer, norm, drop: norm(drop(x + sublayer(x))),
        ),
    ),
    Bug(
        "no-dropout",
        "What is added is never dropped.",
        "Drop from what is added: `x + self.dropout(sublayer(norm(x)))`.",
        adding(
            lambda x, sublayer, norm, drop: x + sublayer(norm(x)),
            lambda x, sublayer, norm, drop: norm(x + sublayer(x)),
        ),
    ),
    Bug(
        "dropout-at-evaluation",
        "What is added is dropped in evaluation as well.",
        "`nn.Dropout` knows the mode; `F.dropout` must be told: `training=self.training`.",
        DropsAlways,
    ),
)
