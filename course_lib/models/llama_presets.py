"""Sizes of Llama: one to learn with, and one as it was published."""

from course_lib.models.llama import LlamaConfig


def llama_teaching() -> LlamaConfig:
    """As wide and deep as `gpt_benchmark_b`: 11 million parameters.

    A gate needs a third matrix, so d_ff is 8/3 d_model where a GPT's is 4 d_model.

    Source: Touvron et al. (2023), section 2.2 (the width of a gated layer).
    """
    return LlamaConfig(
        vocab_size=4096,
        context_length=256,
        d_model=384,
        n_heads=6,
        n_kv_heads=2,
        n_layers=6,
        d_ff=1024,
        tied_head=True,
    )


def llama_3_2_1b() -> LlamaConfig:
    """The sizes of Llama 3.2 1B: 1236 million parameters.

    The released model also rescales its slow rotary angles, at every length, to read 131,072
    tokens. That is left out, so the context is the 8192 tokens of before, and the released
    weights would not give quite the released logits here.

    Sources: Grattafiori et al. (2024), section 3.2 (the rope base); the model's published
    configuration.
    """
    return LlamaConfig(
        vocab_size=128_256,
        context_length=8192,
        d_model=2048,
        n_heads=32,
        n_kv_heads=8,
        n_layers=16,
        d_ff=8192,
        rope_base=500_000.0,
        tied_head=True,
    )
