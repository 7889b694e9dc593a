"""Blocks one after the other: the encoder or the decoder of a model."""

from collections.abc import Iterable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.models.caches import new_caches
from course_lib.nn.attention_layer import KeysValues
from course_lib.nn.block import TransformerBlock
from course_lib.nn.kv_cache import KVCache


class Stack(nn.Module):
    """Blocks one after the other, then a last normalisation.

    Pre-norm blocks leave their stream as it has grown, so it is normalised at the end. Post-norm
    blocks end in a normalisation, and `final_norm` is `nn.Identity()`.
    """

    def __init__(self, blocks: Iterable[TransformerBlock], final_norm: nn.Module):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.final_norm = final_norm

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        mask: Bool[Tensor, "..."] | None = None,
        contexts: list[KeysValues] | None = None,
        context_mask: Bool[Tensor, "..."] | None = None,
        *,
        caches: list[KVCache] | None = None,
        score_bias: Float[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "batch query d_model"]:
        """Take x through all blocks.

        Args:
            mask: who may attend to whom in self-attention.
            contexts: what each block's cross-attention reads, from `keys_values`.
            context_mask: the same as `mask`, in cross-attention.
            caches: earlier keys and values of each block, from `new_caches`.
            score_bias: added to the scores of self-attention in every block.
        """
        nothing = [None] * len(self.blocks)
        for block, context, cache in zip(
            self.blocks, contexts or nothing, caches or nothing, strict=True
        ):
            x = block(x, context, mask, context_mask, cache=cache, score_bias=score_bias)
        return self.final_norm(x)

    def keys_values(self, memory: Float[Tensor, "batch key d_model"]) -> list[KeysValues]:
        """What each block's cross-attention makes of an encoder's output, to be done once."""
        return [block.cross_attention.keys_values(memory) for block in self.blocks]

    def new_caches(self, batch: int, n_tokens: int) -> list[KVCache]:
        """An empty cache for each block, with room for this many tokens."""
        return new_caches(self.blocks, batch, n_tokens)
